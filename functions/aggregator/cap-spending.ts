import type { Progress, Spent } from '../../shared/aggregator-table.ts';
import type { NotificationKind } from '../../shared/api-types.ts';
import { type Control, endOf, isInForce } from '../../shared/control.ts';
import { ceilTo } from '../../shared/history.ts';
import { type Incident, openedIncident, resolvedIncident, SPEND_CAP_POLICY } from '../../shared/incident.ts';
import type { Monitor, Region } from '../../shared/monitor.ts';
import { MINUTE_MS } from '../../shared/schedule.ts';
import { capText, dollarText, isSameCap, periodOf } from '../../shared/spend-cap.ts';
import type { AlertBook } from './alert-book.ts';
import type { Spendings } from './spend.ts';
import { spendCapNotification } from './spend-cap-text.ts';
import type { Store } from './store.ts';

/**
 * The record to write about a monitor's cap now, or null: a pause from the next minute to the period's end once the cap
 * is reached, once a period. What was resumed in its period stays so; a cap that was changed is a new one, and the pause
 * of the old one ends.
 *
 *   12:00          14:03          18:20 resumed     00:00
 *   | under the cap | paused       | goes on          | a new period
 *
 * `standing`: the cap's record that counts, ended or not; null where there never was one.
 */
function capRecord(
  monitor: Monitor,
  spentDollars: number,
  standing: Control | null,
  writer: Region,
  nowEpochMs: number,
): Control | null {
  const { spendCap } = monitor;
  const by = `Parallax's aggregator in ${writer}`;
  const isOfThisCap = isSameCap(spendCap, standing?.spendCap);
  const atEpochMs = Math.max(nowEpochMs, (standing?.atEpochMs ?? 0) + 1);
  // Cut short, not resumed: should the old cap come back, it pauses again.
  if (standing !== null && !isOfThisCap && nowEpochMs < endOf(standing)) {
    return { ...standing, untilEpochMs: nowEpochMs, by, atEpochMs };
  }
  if (spendCap === undefined || spentDollars < spendCap.dollars) return null;
  const { untilEpochMs } = periodOf(spendCap.per, nowEpochMs);
  const isOfThisPeriod = standing !== null && isOfThisCap && standing.untilEpochMs === untilEpochMs;
  if (isOfThisPeriod && (standing.endedEarly !== null || nowEpochMs < endOf(standing))) return null;
  const clock = (epochMs: number) => new Date(epochMs).toISOString().slice(11, 16);
  const goesOn = `${new Date(untilEpochMs).toISOString().slice(0, 10)} ${clock(untilEpochMs)} UTC`;
  return {
    kind: 'pause',
    target: `monitor:${monitor.id}`,
    // A pause of a month outlasts what a record may: it is written again, and began when it began.
    fromEpochMs: isOfThisPeriod ? standing.fromEpochMs : ceilTo(nowEpochMs, MINUTE_MS),
    untilEpochMs,
    reason: `spend cap of ${capText(spendCap)} reached at ${clock(nowEpochMs)} UTC, ${dollarText(spentDollars)} spent; goes on at ${goesOn}`,
    by,
    atEpochMs,
    spendCap,
    endedEarly: null,
  };
}

/** What a cap's record did to its incident. */
export interface CapChange {
  readonly monitor: Monitor;
  readonly kind: NotificationKind;
  readonly incident: Incident;
  readonly slotEpochMs: number;
  readonly control: Control;
}

/** An incident for as long as a cap's pause holds; from the record's own times, so that all who look find the same. */
function capChange(
  monitor: Monitor,
  standing: Control | null,
  current: Incident | null,
  nowEpochMs: number,
): CapChange | null {
  if (standing === null) return null;
  const { fromEpochMs } = standing;
  const holds = isInForce(standing, Math.max(nowEpochMs, fromEpochMs));
  const isOpen = current?.status === 'open';
  if (holds && !isOpen && (current === null || current.openedSlotEpochMs < fromEpochMs)) {
    const incident = openedIncident(
      monitor.id,
      { id: SPEND_CAP_POLICY, severity: 'warning' },
      fromEpochMs,
      fromEpochMs,
    );
    return { monitor, kind: 'opened', incident, slotEpochMs: fromEpochMs, control: standing };
  }
  if (!holds && isOpen) {
    const slotEpochMs = Math.max(Math.min(endOf(standing), nowEpochMs), current.openedSlotEpochMs);
    return {
      monitor,
      kind: 'resolved',
      incident: resolvedIncident(current, slotEpochMs),
      slotEpochMs,
      control: standing,
    };
  }
  return null;
}

/** What capping needs of a run. */
interface Capping {
  readonly monitors: readonly Monitor[];
  /** As `effectiveControls` gives them. */
  readonly controls: readonly Control[];
  readonly spendings: Spendings;
  readonly known: Progress['spent'];
  readonly store: Pick<Store, 'saveControl'>;
  readonly book: AlertBook;
  readonly writer: Region;
  readonly nowEpochMs: number;
}

/** Pauses what has reached its cap, and tells people of it. Returns how much was counted, and the transitions. */
export async function capSpending(capping: Capping) {
  const { monitors, controls, spendings, known, store, book, writer, nowEpochMs } = capping;
  const spent: Record<string, Spent> = {};
  let transitions = 0;
  for (const monitor of monitors) {
    const target = `monitor:${monitor.id}`;
    const standing = controls.find((each) => each.spendCap !== undefined && each.target === target) ?? null;
    if (monitor.spendCap === undefined && standing === null) continue;
    const { dollars, stored } = await spendings.of(monitor, known?.[monitor.id], nowEpochMs);
    if (stored !== null) spent[monitor.id] = stored;
    const record = capRecord(monitor, dollars, standing, writer, nowEpochMs);
    // Lost: another run of this aggregator wrote it at the same moment.
    if (record !== null && (await store.saveControl(record)) === 'lost') continue;
    const change = capChange(monitor, record ?? standing, book.incidentOf(monitor.id, SPEND_CAP_POLICY), nowEpochMs);
    if (change === null || book.isContested(monitor.id, SPEND_CAP_POLICY)) continue;
    if (await book.record(spendCapNotification(change))) transitions += 1;
  }
  return { spent, transitions };
}
