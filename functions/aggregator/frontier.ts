import type { Monitor, Region } from '../../shared/monitor.ts';
import { MINUTE_MS, slotsIn } from '../../shared/schedule.ts';
import type { RegionResults } from './recent-results.ts';

/**
 * How long a slot's missing results are waited for. Long enough for a late schedule, a run and replication;
 * a slow monitor, whose next slot is far, can afford more.
 */
const SETTLE_MS = 2 * MINUTE_MS;
const SETTLE_SLOW_MS = 10 * MINUTE_MS;
const SLOW_MS = 5 * MINUTE_MS;

/**
 * Up to where a monitor's slots can be judged: before the first slot that still waits for a region's result.
 * Silent regions are not waited for, nor is a region that has had none of this monitor's results for several periods
 * (a prober that does not know the monitor yet).
 */
export function frontierOf(
  monitor: Monitor,
  fromEpochMs: number,
  nowEpochMs: number,
  regions: ReadonlyMap<Region, RegionResults>,
  silent: ReadonlySet<Region>,
): number {
  const settleMs = monitor.everyMs >= SLOW_MS ? SETTLE_SLOW_MS : SETTLE_MS;
  const awaited = monitor.regions
    .map((region) => regions.get(region))
    .filter((results) => results !== undefined)
    .filter((results) => !silent.has(results.region) && isReporting(monitor, results, nowEpochMs));
  for (const slot of slotsIn(monitor, fromEpochMs, nowEpochMs)) {
    if (slot + settleMs <= nowEpochMs) continue;
    if (awaited.some((results) => !results.has(monitor.id, slot))) return slot;
  }
  return nowEpochMs;
}

function isReporting(monitor: Monitor, results: RegionResults, nowEpochMs: number): boolean {
  const oldest = nowEpochMs - 3 * monitor.everyMs - SETTLE_MS;
  // Memory does not reach back far enough to tell: wait.
  if (oldest < results.fromEpochMs) return true;
  return results.between(monitor.id, oldest, nowEpochMs).length > 0;
}
