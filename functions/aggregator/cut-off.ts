import type { NotificationKind } from '../../shared/api-types.ts';
import { type Incident, type Notification, openedIncident, resolvedIncident } from '../../shared/incident.ts';
import type { Deployment, Monitor, Region } from '../../shared/monitor.ts';
import { couldBeOurNetwork, type Result } from '../../shared/result.ts';
import { MINUTE_MS } from '../../shared/schedule.ts';
import { hostOf } from '../../shared/target.ts';
import type { AlertBook } from './alert-book.ts';
import { compose, row, since } from './notification-text.ts';
import type { RegionResults } from './recent-results.ts';
import { regionSubject } from './silence.ts';

/** Id of the policy that says when a region's prober runs, and reaches nothing. */
export const CUT_OFF_POLICY = 'cut-off';

/** Shorter ones are excused and forgotten. Less than what every run holds in memory, so that the beginning is seen. */
const CUT_OFF_AFTER_MS = 5 * MINUTE_MS;
/** One target that cannot be judged, for want of a secret say, is the monitor's trouble. */
const MIN_TARGETS = 2;

/** Tells of regions that stay cut off, and of those that reach something again. Returns how many transitions there were. */
export async function announceCutOff(
  book: AlertBook,
  deployment: Pick<Deployment, 'monitors'>,
  regions: ReadonlyMap<Region, RegionResults>,
): Promise<number> {
  const targets = new Map(reachingOut(deployment).map((monitor) => [monitor.id, hostOf(monitor)]));
  const targetOf = (monitorId: string) => targets.get(monitorId) ?? null;
  const incidentOf = (subject: string) => book.incidentOf(subject, CUT_OFF_POLICY);
  let transitions = 0;
  for (const change of cutOffChanges(regions, targetOf, incidentOf)) {
    if (book.isContested(change.incident.subject, CUT_OFF_POLICY)) continue;
    if (await book.record(notificationOf(change))) transitions += 1;
  }
  return transitions;
}

/** A heartbeat reaches out to nothing. */
export function reachingOut({ monitors }: Pick<Deployment, 'monitors'>): Monitor[] {
  return monitors.filter(({ type }) => type !== 'heartbeat');
}

/** What became of a region's incident. */
interface CutOffChange {
  readonly region: Region;
  readonly kind: NotificationKind;
  readonly incident: Incident;
  readonly slotEpochMs: number;
  /** What its newest result says. */
  readonly found: string | null;
}

/**
 * What is excused pages nobody, so somebody must be told that a region has stopped counting: its network is broken, or
 * everything that it checks is down from there alone, and the excuse hides an outage.
 *
 *   reached   excused …            5 min: opened      reached: resolved
 *
 * Read off the results in memory, where heartbeats say nothing. Failures that are not excused, because the others'
 * results are still on their way, neither open nor resolve. All regions at once are each monitor's own "no data".
 */
function cutOffChanges(
  regions: ReadonlyMap<Region, RegionResults>,
  /** Null for a monitor that reaches out to nothing, or is not defined. */
  targetOf: (monitorId: string) => string | null,
  incidentOf: (subject: string) => Incident | null,
): CutOffChange[] {
  const isReached = (result: Result) =>
    result.outcome !== 'inconclusive' && !couldBeOurNetwork(result) && targetOf(result.monitorId) !== null;
  return [...regions].flatMap(([region, { all }]): CutOffChange[] => {
    const current = incidentOf(regionSubject(region));
    const lastReached = all.findLast(isReached)?.slotEpochMs ?? Number.NEGATIVE_INFINITY;
    if (current?.status === 'open') {
      if (lastReached <= current.openedSlotEpochMs) return [];
      const incident = resolvedIncident(current, lastReached);
      return [{ region, kind: 'resolved', incident, slotEpochMs: lastReached, found: null }];
    }
    const excused = all.filter(
      ({ outcome, reason, slotEpochMs, monitorId }) =>
        outcome === 'inconclusive' && reason === 'prober' && slotEpochMs > lastReached && targetOf(monitorId) !== null,
    );
    const [first, last] = [excused[0], excused.at(-1)];
    if (first === undefined || last === undefined) return [];
    const slotEpochMs = first.slotEpochMs + CUT_OFF_AFTER_MS;
    if (last.slotEpochMs < slotEpochMs || slotEpochMs <= (current?.resolvedSlotEpochMs ?? 0)) return [];
    if (new Set(excused.map(({ monitorId }) => targetOf(monitorId))).size < MIN_TARGETS) return [];
    const othersReach = [...regions].some(
      ([other, results]) =>
        other !== region && results.within(first.slotEpochMs, last.slotEpochMs + 1).some((result) => isReached(result)),
    );
    if (!othersReach) return [];
    const policy = { id: CUT_OFF_POLICY, severity: 'warning' } as const;
    const incident = openedIncident(regionSubject(region), policy, first.slotEpochMs, slotEpochMs);
    return [{ region, kind: 'opened', incident, slotEpochMs, found: last.detail }];
  });
}

function notificationOf(change: CutOffChange): Notification {
  const { region, kind, slotEpochMs, found } = change;
  const isOver = kind === 'resolved';
  const headline = isOver ? `reaches its targets again from ${region}` : `reaches NOTHING from ${region}`;
  const incident: Incident = { ...change.incident, summary: `Prober ${headline}` };
  const body = [
    `Parallax ${headline}.`,
    '',
    isOver ? null : row('What', `no check from ${region} gets an answer, and other regions' do`),
    isOver || found === null ? null : row('Found', found),
    row('Since', since(incident, slotEpochMs)),
    isOver
      ? null
      : row('Fault', `the prober in ${region}, its network or its secrets; or all it checks is down from there alone`),
    row(
      'Meaning',
      isOver
        ? 'its results count again'
        : 'its results are inconclusive; monitors go on with the other regions, and those that need it cannot page',
    ),
    isOver
      ? null
      : row('Do', `reach a target from ${region} by other means; look at NAT, routes, resolver and secrets`),
    row('Incident', `${incident.id} (${incident.severity})`),
  ];
  return compose(incident, kind, slotEpochMs, headline, 'region cut off', body, []);
}
