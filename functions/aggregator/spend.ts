import type { Spent } from '../../shared/aggregator-table.ts';
import { floorTo, type History, readStored } from '../../shared/history.ts';
import type { Monitor, Region } from '../../shared/monitor.ts';
import { HOUR_MS } from '../../shared/schedule.ts';
import { COST_METRIC, periodOf } from '../../shared/spend-cap.ts';
import type { WindowStats } from '../../shared/window.ts';
import type { RegionResults } from './recent-results.ts';

/** A monitor's dollars in its period up to now, and the part of them that windows hold, for the next run to go on from. */
export interface Spending {
  readonly dollars: number;
  readonly stored: Spent | null;
}

/** What monitors with a cap have spent; each stretch of windows is read once. */
export class Spendings {
  readonly #history: History;
  readonly #regions: ReadonlyMap<Region, RegionResults>;
  readonly #read = new Map<string, Promise<ReadonlyMap<string, WindowStats>>>();

  constructor(history: History, regions: ReadonlyMap<Region, RegionResults>) {
    this.#history = history;
    this.#regions = regions;
  }

  /**
   * Stored windows, then results in memory. `known`: as far as the run before has counted; from there on only what has
   * been stored since is read, and all of it again once an hour, which takes in what came late.
   *
   *   period        hour        known            in memory      now
   *   [ ··········· counted ··· ][ since then   ][ results      ]
   */
  async of(monitor: Monitor, known: Spent | undefined, nowEpochMs: number): Promise<Spending> {
    if (monitor.spendCap === undefined) return { dollars: 0, stored: null };
    const { fromEpochMs } = periodOf(monitor.spendCap.per, nowEpochMs);
    const held = monitor.regions.flatMap((region) => this.#regions.get(region) ?? []);
    const recent = held
      .flatMap((results) => results.between(monitor.id, fromEpochMs - 1, nowEpochMs))
      .filter(({ outcome }) => outcome !== 'inconclusive')
      .reduce((sum, { metrics }) => sum + (metrics[COST_METRIC] ?? 0), 0);
    const untilEpochMs = Math.min(...held.map((results) => results.fromEpochMs));
    if (held.length === 0 || untilEpochMs <= fromEpochMs) return { dollars: recent, stored: null };
    const isGoodFor = (spent: Spent) =>
      spent.fromEpochMs === fromEpochMs &&
      spent.untilEpochMs <= untilEpochMs &&
      floorTo(spent.untilEpochMs, HOUR_MS) === floorTo(untilEpochMs, HOUR_MS);
    const counted =
      known !== undefined && isGoodFor(known) ? known : { fromEpochMs, untilEpochMs: fromEpochMs, dollars: 0 };
    const dollars = counted.dollars + (await this.#stored(monitor, counted.untilEpochMs, untilEpochMs));
    return { dollars: dollars + recent, stored: { fromEpochMs, untilEpochMs, dollars } };
  }

  async #stored(monitor: Monitor, fromEpochMs: number, toEpochMs: number): Promise<number> {
    if (fromEpochMs >= toEpochMs) return 0;
    const windows = await Promise.all(
      monitor.regions.map((region) => {
        const key = `${region} ${fromEpochMs} ${toEpochMs}`;
        const read = this.#read.get(key) ?? readStored(this.#history, region, fromEpochMs, toEpochMs);
        this.#read.set(key, read);
        return read;
      }),
    );
    return windows.reduce((sum, byId) => sum + (byId.get(monitor.id)?.metrics.get(COST_METRIC)?.sketch.sum ?? 0), 0);
  }
}
