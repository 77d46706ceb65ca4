import type { Progress, RegionProgress } from '../../shared/aggregator-table.ts';
import { ceilTo, floorTo, readResults, windowsOfResults } from '../../shared/history.ts';
import { hostsOf } from '../../shared/judged-results.ts';
import { exactLookBackMs } from '../../shared/look-back.ts';
import type { Deployment, Monitor, Region } from '../../shared/monitor.ts';
import { unreachedGroups, withoutRegionFaults } from '../../shared/region-fault.ts';
import type { Result } from '../../shared/result.ts';
import { HOUR_MS, MINUTE_MS } from '../../shared/schedule.ts';
import { LEVEL_MS } from '../../shared/table.ts';
import type { Aggregation } from './aggregate.ts';
import { CLOSE_AFTER_MS, closeWindows, hashOf } from './close-windows.ts';
import { RegionResults } from './recent-results.ts';

/** Batches of a region may arrive this much out of order; each run reads again this far back. */
const REORDER_MS = 5 * MINUTE_MS;
/** A region's results that arrive later than this after the aggregator saw its last one are not looked for. */
const LATEST_MS = 6 * HOUR_MS;
/** Results read at once while catching up. */
const CATCH_UP_STEP_MS = HOUR_MS;

/** A region brought up to date: its recent results in memory, everything before them in stored windows. */
export interface CaughtUp {
  readonly results: RegionResults;
  readonly progress: RegionProgress;
  readonly written: number;
}

/** Runs work whose failure must not keep the rest from being done: tells it, and goes on with `otherwise`. */
export type Attempt = <T>(what: string, work: () => Promise<T>, otherwise: T) => Promise<T>;

/** What a run does to all regions. */
export interface CatchingUp {
  readonly before: Progress;
  readonly regions: readonly Region[];
  /** The first slot that this run judges. */
  readonly judgedFromEpochMs: number;
  readonly closeUntilEpochMs: number;
  readonly nowEpochMs: number;
  readonly attempt: Attempt;
}

/**
 * Reads what the regions have stored since the last run, takes out what was a region's own fault, closes the windows
 * that are over, and holds on to what policies look back on. All regions together, since only beside the others can it
 * be told that one is cut off. After a long pause it goes an hour at a time, so that memory stays bounded.
 *
 *              what is new of it, beside the others'    start                    now
 *   r1                                                  [ in memory              ]
 *   r2, late   [ · · · · · · · · · · · · · · · · · · · ][ in memory              ]
 *
 * A region whose results cannot be read, or whose windows cannot be stored, is left out; the others go on.
 */
export async function catchUp(aggregation: Aggregation, work: CatchingUp): Promise<Map<Region, CaughtUp>> {
  const { before, nowEpochMs, closeUntilEpochMs } = work;
  const from = readFrom(aggregation.deployment, work.judgedFromEpochMs, nowEpochMs);
  const regions = new RegionsInStep(aggregation, work);
  let closedUntil = floorTo(before.closedUntilEpochMs, LEVEL_MS['5m']);
  while (closedUntil + CATCH_UP_STEP_MS <= from) {
    const until = closedUntil + CATCH_UP_STEP_MS;
    await regions.close(regions.judged(await regions.read(closedUntil, until)), closedUntil, closedUntil, until);
    closedUntil = until;
  }
  const start = Math.min(from, closedUntil);
  await regions.closeLate(start);
  const results = regions.judged(await regions.read(start, nowEpochMs));
  return regions.done(await regions.close(results, start, closedUntil, closeUntilEpochMs), start);
}

/**
 * From where results are held in memory: what may still come out of order, and what this run's policies look back on.
 * A five-minute boundary.
 */
function readFrom(deployment: Deployment, judgedFromEpochMs: number, nowEpochMs: number): number {
  const looked = judgedFromEpochMs - Math.max(0, ...deployment.monitors.map(exactLookBackMs));
  const from = floorTo(Math.min(looked, nowEpochMs - CLOSE_AFTER_MS - REORDER_MS), LEVEL_MS['5m']);
  return Math.max(from, oldestWhole(deployment, nowEpochMs));
}

/** A window that is partly gone from the ring must not be computed again from what is left. */
function oldestWhole(deployment: Deployment, nowEpochMs: number): number {
  return ceilTo(nowEpochMs - deployment.retention.resultsMs, LEVEL_MS['5m']);
}

/** What has become of one region in this run. */
interface RegionState {
  stored: Readonly<Record<string, string>>;
  lastSlotEpochMs: number | null;
  written: number;
  /** Left out of the rest of this run. */
  hasFailed: boolean;
  /** What came late could not be compared with every region: the next run looks at it again. */
  isComparedLater: boolean;
}

type Results = ReadonlyMap<Region, readonly Result[]>;

/** All regions, each step for all of them before the next. */
class RegionsInStep {
  readonly #aggregation: Aggregation;
  readonly #work: CatchingUp;
  readonly #monitors: ReadonlyMap<string, Monitor>;
  readonly #hosts: (monitorId: string) => string;
  readonly #states: ReadonlyMap<Region, RegionState>;

  constructor(aggregation: Aggregation, work: CatchingUp) {
    this.#aggregation = aggregation;
    this.#work = work;
    this.#monitors = new Map(aggregation.deployment.monitors.map((monitor) => [monitor.id, monitor]));
    this.#hosts = hostsOf(aggregation.deployment);
    this.#states = new Map(
      work.regions.map((region) => {
        const { stored = {}, lastSlotEpochMs = null } = work.before.regions[region] ?? {};
        return [region, { stored, lastSlotEpochMs, written: 0, hasFailed: false, isComparedLater: false }];
      }),
    );
  }

  /** Every region's results in [from, to), as the probers stored them; without regions that cannot be read. */
  async read(fromEpochMs: number, toEpochMs: number): Promise<Results> {
    const found = new Map<Region, readonly Result[]>();
    await this.#each(this.#work.regions, async (region) => {
      found.set(region, await readResults(this.#aggregation.history, region, fromEpochMs, toEpochMs));
    });
    return found;
  }

  /** Without what was a region's own fault. */
  judged(results: Results): Results {
    return withoutRegionFaults(results, this.#hosts);
  }

  /** Stores the windows that are over. `fromEpochMs`: where the results begin. */
  async close(
    results: Results,
    fromEpochMs: number,
    closedUntilEpochMs: number,
    closeUntilEpochMs: number,
  ): Promise<ReadonlyMap<Region, RegionResults>> {
    const held = new Map([...results].map(([region, own]) => [region, new RegionResults(region, fromEpochMs, own)]));
    const { store, history } = this.#aggregation;
    await this.#each([...held.keys()], async (region, state) => {
      const own = held.get(region);
      if (own === undefined) return;
      const range = { closedUntilEpochMs, closeUntilEpochMs };
      const closed = await closeWindows(store, history, this.#monitors, own, state.stored, range);
      state.written += closed.written;
      state.stored = { ...state.stored, ...closed.stored };
      state.lastSlotEpochMs = later(state.lastSlotEpochMs, own.lastSlotEpochMs);
    });
    return held;
  }

  /**
   * Stores anew what has come late, before where all regions are read: of those that had not been heard of for a while,
   * and of the others where it was these that they have to be compared with.
   */
  async closeLate(startEpochMs: number): Promise<void> {
    const { closeUntilEpochMs, regions } = this.#work;
    for (const [region, state] of this.#states) {
      for (const [from, to] of await this.#lateStretches(region, startEpochMs)) {
        const raw = await this.read(from, to);
        if (raw.size < regions.length) state.isComparedLater = true;
        const judged = this.judged(raw);
        if (changedWindows(judged.get(region) ?? [], state.stored, this.#monitors).length === 0) continue;
        const touched = [...judged].map(([other, results]) => {
          const suspect = new Set(unreachedGroups(raw.get(other) ?? []).map((group) => floorTo(group, LEVEL_MS['5m'])));
          const isTouched = ({ slotEpochMs }: Result) => suspect.has(floorTo(slotEpochMs, LEVEL_MS['5m']));
          return [other, other === region ? results : results.filter(isTouched)] as const;
        });
        await this.close(new Map(touched), from, closeUntilEpochMs, closeUntilEpochMs);
      }
    }
  }

  /** What the regions hold now; without those that have failed. */
  done(held: ReadonlyMap<Region, RegionResults>, startEpochMs: number): Map<Region, CaughtUp> {
    const done = new Map<Region, CaughtUp>();
    for (const [region, results] of held) {
      const state = this.#states.get(region);
      if (state === undefined || state.hasFailed) continue;
      const known = this.#work.before.regions[region]?.lastSlotEpochMs ?? null;
      const lastSlotEpochMs = state.isComparedLater ? known : state.lastSlotEpochMs;
      const oldest = Math.min(startEpochMs, this.#lateFrom(lastSlotEpochMs));
      const stored = Object.fromEntries(Object.entries(state.stored).filter(([start]) => Number(start) >= oldest));
      done.set(region, { results, written: state.written, progress: { lastSlotEpochMs, stored } });
    }
    return done;
  }

  /** Stretches of at most an hour before `start` in which the region has something that is not stored as it is. */
  async #lateStretches(region: Region, startEpochMs: number): Promise<[from: number, to: number][]> {
    const lateFrom = this.#lateFrom(this.#states.get(region)?.lastSlotEpochMs ?? null);
    if (lateFrom >= startEpochMs) return [];
    const changed: number[] = [];
    await this.#each([region], async (_, { stored }) => {
      const results = await readResults(this.#aggregation.history, region, lateFrom, startEpochMs);
      changed.push(...changedWindows(results, stored, this.#monitors));
    });
    const hours = [...new Set(changed.map((start) => floorTo(start, CATCH_UP_STEP_MS)))];
    return hours.map((hour) => {
      const inside = changed.filter((start) => floorTo(start, CATCH_UP_STEP_MS) === hour);
      return [Math.min(...inside), Math.max(...inside) + LEVEL_MS['5m']];
    });
  }

  /** From where a region's results may be new, though some after them have been seen. */
  #lateFrom(lastSlotEpochMs: number | null): number {
    const { nowEpochMs } = this.#work;
    const late = Math.max((lastSlotEpochMs ?? nowEpochMs) - REORDER_MS, nowEpochMs - LATEST_MS);
    return Math.max(floorTo(late, LEVEL_MS['5m']), oldestWhole(this.#aggregation.deployment, nowEpochMs));
  }

  /** In parallel; a region that fails is left out from then on. */
  async #each(regions: readonly Region[], work: (region: Region, state: RegionState) => Promise<void>): Promise<void> {
    await Promise.all(
      regions.map(async (region) => {
        const state = this.#states.get(region);
        if (state === undefined || state.hasFailed) return;
        const isDone = async () => {
          await work(region, state);
          return true;
        };
        if (!(await this.#work.attempt(`catching up with ${region}`, isDone, false))) state.hasFailed = true;
      }),
    );
  }
}

/** The starts of five-minute windows that are not stored as these results make them. */
function changedWindows(
  results: readonly Result[],
  stored: Readonly<Record<string, string>>,
  monitors: ReadonlyMap<string, Monitor>,
): number[] {
  const starts = [...new Set(results.map(({ slotEpochMs }) => floorTo(slotEpochMs, LEVEL_MS['5m'])))];
  return starts.filter((start) => {
    const inside = results.filter(({ slotEpochMs }) => floorTo(slotEpochMs, LEVEL_MS['5m']) === start);
    const windows = windowsOfResults(inside, monitors);
    return windows.size > 0 && stored[String(start)] !== hashOf(windows);
  });
}

function later(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}
