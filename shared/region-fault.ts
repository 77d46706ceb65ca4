import type { Region } from './monitor.ts';
import { couldBeOurNetwork, excused, mayBeOurs, type Result, wentOut } from './result.ts';
import { BATCH_GROUP_MS, MINUTE_MS } from './schedule.ts';

/** One that fails alone says nothing of the region; two different targets failing at once are no coincidence. */
const MIN_TARGETS = 2;

/**
 * The results of every region, without what a region's own network has done: where everything that a region checks
 * fails at once without an answer, while the same monitors pass elsewhere, its failures are inconclusive.
 *
 * "At once" is a stretch whose results are stored together ({@link groupOf}), whatever the monitors' periods: those of a
 * minute and slower meet in a minute's first. A region that is cut off in one stays so in the minute's later ones, where
 * a single fast monitor may be all there is, until something answers.
 *
 *   12:00  :00         :15    :30    :45
 *   a, b   fail, fail  –      –      –      every minute
 *   c      fail        fail   fail   pass   every 15 s: excused, excused, excused, reached again
 *
 * At most half of the regions are excused. When most of them cannot reach anything, that is what users see as well.
 * A minute's findings depend on that minute's results alone: whoever has all of them finds the same.
 *
 * @param byRegion each ascending by slot
 * @param targetOf what a monitor checks, such as its host: monitors of one target fail together by themselves
 */
export function withoutRegionFaults(
  byRegion: ReadonlyMap<Region, readonly Result[]>,
  targetOf: (monitorId: string) => string,
): ReadonlyMap<Region, readonly Result[]> {
  const suspect = new Set(
    [...byRegion.values()].flatMap((results) => unreachedGroups(results).map((group) => minuteOf(group))),
  );
  if (suspect.size === 0) return byRegion;
  const inGroups = new Map([...byRegion].map(([region, results]) => [region, groupsIn(results, suspect)]));
  const faults = new Map<Region, Set<number>>();
  for (const minute of suspect) {
    const cutOff = new Set<Region>();
    for (let group = minute; group < minute + MINUTE_MS; group += BATCH_GROUP_MS) {
      const slot = new Map([...inGroups].map(([region, groups]) => [region, groups.get(group) ?? []]));
      const found = cutOffRegions(slot, targetOf, cutOff);
      for (const [region, results] of slot) {
        if (!results.some(isConclusive)) continue;
        if (!found.has(region)) cutOff.delete(region);
        else {
          cutOff.add(region);
          faults.set(region, (faults.get(region) ?? new Set()).add(group));
        }
      }
    }
  }
  return new Map(
    [...byRegion].map(([region, results]) => {
      const groups = faults.get(region);
      if (groups === undefined) return [region, results];
      // What a job has said, it has said: that it failed, or how long it took.
      const isOurs = (result: Result) => mayBeOurs(result) && groups.has(groupOf(result.slotEpochMs));
      return [region, results.map((result) => (isOurs(result) ? excuse(result) : result))];
    }),
  );
}

/** The start of the stretch that a slot's results are compared in, between regions. */
export function groupOf(slotEpochMs: number): number {
  return Math.floor(slotEpochMs / BATCH_GROUP_MS) * BATCH_GROUP_MS;
}

/** The groups in which nothing was reached: each conclusive result that went out is a failure without an answer. Ascending. */
export function unreachedGroups(results: readonly Result[]): number[] {
  const groups: number[] = [];
  let group = Number.NEGATIVE_INFINITY;
  let reached = false;
  let unreached = false;
  const end = () => {
    if (unreached && !reached) groups.push(group);
  };
  for (const result of results) {
    if (result.slotEpochMs >= group + BATCH_GROUP_MS) {
      end();
      group = groupOf(result.slotEpochMs);
      reached = false;
      unreached = false;
    }
    if (couldBeOurNetwork(result)) unreached = true;
    else if (!reached && isConclusive(result)) reached = true;
  }
  end();
  return groups;
}

/** `before`: the regions that were cut off in the group before: one target more is enough to say that they still are. */
function cutOffRegions(
  slot: ReadonlyMap<Region, readonly Result[]>,
  targetOf: (monitorId: string) => string,
  before: ReadonlySet<Region>,
): ReadonlySet<Region> {
  const passing = new Set(
    [...slot.values()].flat().flatMap(({ outcome, monitorId }) => (outcome === 'passed' ? [monitorId] : [])),
  );
  const conclusive = [...slot].map(([region, results]) => [region, results.filter(isConclusive)] as const);
  const cutOff = conclusive.filter(([region, results]) => {
    const witnessed = results.filter(({ monitorId }) => passing.has(monitorId));
    const targets = new Set(witnessed.map(({ monitorId }) => targetOf(monitorId)));
    return targets.size >= (before.has(region) ? 1 : MIN_TARGETS) && results.every(couldBeOurNetwork);
  });
  const withData = conclusive.filter(([, results]) => results.length > 0).length;
  return new Set(cutOff.length * 2 > withData ? [] : cutOff.map(([region]) => region));
}

/** The results in the given minutes, by group. */
function groupsIn(results: readonly Result[], minutes: ReadonlySet<number>): Map<number, Result[]> {
  const groups = new Map<number, Result[]>();
  for (const result of results) {
    if (!minutes.has(minuteOf(result.slotEpochMs))) continue;
    const group = groupOf(result.slotEpochMs);
    const known = groups.get(group);
    if (known === undefined) groups.set(group, [result]);
    else known.push(result);
  }
  return groups;
}

function isConclusive(result: Result): boolean {
  return result.outcome !== 'inconclusive' && wentOut(result);
}

function minuteOf(epochMs: number): number {
  return Math.floor(epochMs / MINUTE_MS) * MINUTE_MS;
}

function excuse(result: Result): Result {
  return excused(result, 'everything fails from this region at once, and passes from others');
}
