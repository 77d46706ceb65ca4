import { type Control, isPaused } from '../../shared/control.ts';
import type { Monitor, Region } from '../../shared/monitor.ts';
import { MINUTE_MS, SECOND_MS, slotsIn } from '../../shared/schedule.ts';
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
 * `regions` has none that could not be read now: they are waited for. Silent regions are not waited for, nor is one whose prober does not know the monitor (yet), nor a slot that the
 * region's later results have overtaken: a run that failed.
 */
export function frontierOf(
  monitor: Monitor,
  fromEpochMs: number,
  nowEpochMs: number,
  regions: ReadonlyMap<Region, RegionResults>,
  silent: ReadonlySet<Region>,
  controls: readonly Control[],
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
  }
  return nowEpochMs;
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
