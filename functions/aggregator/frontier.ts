import { type Control, isPaused } from '../../shared/control.ts';
import type { Monitor, Region } from '../../shared/monitor.ts';
import { groupOf } from '../../shared/region-fault.ts';
import { couldBeOurNetwork, type Result, wentOut } from '../../shared/result.ts';
import { BATCH_GROUP_MS, MINUTE_MS, SECOND_MS, slotsIn } from '../../shared/schedule.ts';
import type { RegionResults } from './recent-results.ts';

/**
 * How long a slot's missing results are waited for. Long enough for a late schedule, a run and replication;
 * a slow monitor, whose next slot is far, can afford more.
 */
const SETTLE_MS = 2 * MINUTE_MS;
const SETTLE_SLOW_MS = 10 * MINUTE_MS;
const SLOW_MS = 5 * MINUTE_MS;

/** A region that has delivered a slot this much later, and the check's timeout, will not deliver the one before any more. */
const OVERTAKEN_MS = 30 * SECOND_MS;

/**
 * Up to where a monitor's slots can be judged: before the first slot that still waits for a region's result.
 * `regions` has none that could not be read now: they are waited for. Silent regions are not waited for, nor is one
 * whose prober does not know the monitor (yet), nor a slot that the region's later results have overtaken: a run that
 * failed. `isUndecided`: as {@link undecidedSlots} gives it.
 */
export function frontierOf(
  monitor: Monitor,
  fromEpochMs: number,
  nowEpochMs: number,
  regions: ReadonlyMap<Region, RegionResults>,
  silent: ReadonlySet<Region>,
  controls: readonly Control[],
  isUndecided: (slotEpochMs: number) => boolean,
): number {
  const settleMs = monitor.everyMs >= SLOW_MS ? SETTLE_SLOW_MS : SETTLE_MS;
  const reporting = monitor.regions
    .map((region) => regions.get(region))
    .filter((results) => results !== undefined)
    .filter((results) => !silent.has(results.region) && isReporting(monitor, results, nowEpochMs));
  const isUnread = monitor.regions.some((region) => !regions.has(region));
  for (const slot of slotsIn(monitor, fromEpochMs, nowEpochMs)) {
    if (slot + settleMs <= nowEpochMs || isPaused(monitor, slot, controls)) continue;
    if (isUnread || reporting.some((results) => isAwaited(monitor, slot, results))) return slot;
    if (slot + SETTLE_MS > nowEpochMs && isUndecided(slot)) return slot;
  }
  return nowEpochMs;
}

/**
 * Whether a region reaches nothing at the slot, and results that are still awaited could tell that it is cut off, or is
 * not: those of other monitors too, which may be stored by another shard or come from other regions. When more than half
 * of the regions reach nothing, it is no region's own fault whatever else arrives.
 */
export function undecidedSlots(
  monitors: readonly Monitor[],
  nowEpochMs: number,
  regions: ReadonlyMap<Region, RegionResults>,
  silent: ReadonlySet<Region>,
  controls: readonly Control[],
): (slotEpochMs: number) => boolean {
  const known = new Map<number, boolean>();
  const look = (group: number): boolean => {
    const end = group + BATCH_GROUP_MS;
    const reporting = [...regions.values()].filter(({ region }) => !silent.has(region));
    const unreached = reporting.filter((results) => reachesNothing(results.within(group, end)));
    if (unreached.length === 0 || unreached.length * 2 > reporting.length) return false;
    return monitors.some((monitor) =>
      slotsIn(monitor, group, end).some(
        (slot) =>
          !isPaused(monitor, slot, controls) &&
          reporting.some(
            (results) =>
              monitor.regions.includes(results.region) &&
              isReporting(monitor, results, nowEpochMs) &&
              isAwaited(monitor, slot, results),
          ),
      ),
    );
  };
  return (slotEpochMs) => {
    const group = groupOf(slotEpochMs);
    let found = known.get(group);
    if (found === undefined) {
      found = look(group);
      known.set(group, found);
    }
    return found;
  };
}

/** As far as is known: what was excused may have to be taken back, and what a job has said is no news of the network. */
function reachesNothing(results: readonly Result[]): boolean {
  const isOurs = ({ outcome, reason }: Result) => outcome === 'inconclusive' && reason === 'prober';
  return (
    results.some((result) => couldBeOurNetwork(result) || isOurs(result)) &&
    results.every((result) => couldBeOurNetwork(result) || result.outcome === 'inconclusive' || !wentOut(result))
  );
}

function isReporting(monitor: Monitor, results: RegionResults, nowEpochMs: number): boolean {
  const oldest = nowEpochMs - 3 * monitor.everyMs - SETTLE_MS;
  // Memory does not reach back far enough to tell: wait.
  if (oldest < results.fromEpochMs) return true;
  return results.between(monitor.id, oldest, nowEpochMs).length > 0;
}

function isAwaited(monitor: Monitor, slotEpochMs: number, results: RegionResults): boolean {
  if (results.has(monitor.id, slotEpochMs)) return false;
  const known = results.of(monitor.id);
  const first = known[0]?.slotEpochMs ?? Number.NEGATIVE_INFINITY;
  const last = known.at(-1)?.slotEpochMs ?? Number.NEGATIVE_INFINITY;
  return slotEpochMs > first && slotEpochMs > last - monitor.timeoutMs - OVERTAKEN_MS;
}
