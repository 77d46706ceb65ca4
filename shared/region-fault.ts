import type { Region } from './monitor.ts';
import { couldBeOurNetwork, excused, type Result } from './result.ts';

/** One that fails alone says nothing of the region; two different targets failing at once are no coincidence. */
const MIN_TARGETS = 2;

/**
 * The results of one slot from every region, without what a region's own network has done: where everything that a
 * region checks fails at once without an answer, while the same monitors pass elsewhere, its failures are inconclusive.
 *
 * At most half of the regions are excused. When most of them cannot reach anything, that is what users see as well.
 *
 * @param targetOf what a monitor checks, such as its host: monitors of one target fail together by themselves
 */
export function withoutRegionFaults(
  slot: ReadonlyMap<Region, readonly Result[]>,
  targetOf: (monitorId: string) => string,
): ReadonlyMap<Region, readonly Result[]> {
  const passing = new Set(
    [...slot.values()].flat().flatMap(({ outcome, monitorId }) => (outcome === 'passed' ? [monitorId] : [])),
  );
  const conclusive = new Map(
    [...slot].map(([region, results]) => [region, results.filter(({ outcome }) => outcome !== 'inconclusive')]),
  );
  const cutOff = [...conclusive].flatMap(([region, results]) => (isCutOff(results, passing, targetOf) ? [region] : []));
  const withData = [...conclusive.values()].filter((results) => results.length > 0).length;
  if (cutOff.length === 0 || cutOff.length * 2 > withData) return slot;
  return new Map(
    [...slot].map(([region, results]) => [
      region,
      cutOff.includes(region)
        ? results.map((result) => (result.outcome === 'failed' ? excuse(result) : result))
        : results,
    ]),
  );
}

function isCutOff(
  results: readonly Result[],
  passingElsewhere: ReadonlySet<string>,
  targetOf: (monitorId: string) => string,
): boolean {
  const witnessed = results.filter(({ monitorId }) => passingElsewhere.has(monitorId));
  const targets = new Set(witnessed.map(({ monitorId }) => targetOf(monitorId)));
  return targets.size >= MIN_TARGETS && results.every(couldBeOurNetwork);
}

function excuse(result: Result): Result {
  return excused(result, 'everything fails from this region at once, and passes from others');
}
