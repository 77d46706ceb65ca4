import { ceilTo, floorTo, type History, readResults } from './history.ts';
import type { Deployment, Region } from './monitor.ts';
import { withoutRegionFaults } from './region-fault.ts';
import type { Result } from './result.ts';
import { BATCH_GROUP_MS, MINUTE_MS } from './schedule.ts';
import { hostOf } from './target.ts';

/** Reads a region's results whose slots lie in [from, to), ascending. */
export type ReadResults = (region: Region, fromEpochMs: number, toEpochMs: number) => Promise<readonly Result[]>;

/** Which host a monitor checks, by id; monitors that are no longer defined are each their own. */
export function hostsOf({ monitors }: Pick<Deployment, 'monitors'>): (monitorId: string) => string {
  const hosts = new Map(monitors.map((monitor) => [monitor.id, hostOf(monitor)]));
  return (monitorId) => hosts.get(monitorId) ?? monitorId;
}

/**
 * Results as the aggregator counts them, for who reads them before windows hold them: what a region's own network did
 * is seen by comparing the regions, so all of them are read, once a stretch.
 */
export function judgedResults(history: History, deployment: Pick<Deployment, 'monitors' | 'regions'>): ReadResults {
  const hosts = hostsOf(deployment);
  const read = new Map<string, Promise<ReadonlyMap<Region, readonly Result[]>>>();
  const all = async (fromEpochMs: number, toEpochMs: number) => {
    const results = await Promise.all(
      deployment.regions.map(async (region) => {
        return [region, await readResults(history, region, fromEpochMs, toEpochMs)] as const;
      }),
    );
    return withoutRegionFaults(new Map(results), hosts);
  };
  return async (region, fromEpochMs, toEpochMs) => {
    // Regions are compared minute by minute, and within it up to the group that the last slot belongs to.
    const from = floorTo(fromEpochMs, MINUTE_MS);
    const to = ceilTo(toEpochMs, BATCH_GROUP_MS);
    const key = `${from} ${to}`;
    let found = read.get(key);
    if (found === undefined) {
      found = all(from, to);
      read.set(key, found);
    }
    const results = (await found).get(region) ?? [];
    return results.filter(({ slotEpochMs }) => slotEpochMs >= fromEpochMs && slotEpochMs < toEpochMs);
  };
}
