import { ceilTo, type History, readStored } from '../../shared/history.ts';
import type { Monitor, Region } from '../../shared/monitor.ts';
import type { Result } from '../../shared/result.ts';
import { LEVEL_MS } from '../../shared/table.ts';
import { WindowStats } from '../../shared/window.ts';

/** One region's results since an instant, held in memory, and access to the stored windows before it. */
export class RegionResults {
  readonly region: Region;
  /** On a five-minute boundary. Everything before is read from stored windows. */
  readonly fromEpochMs: number;
  readonly all: readonly Result[];
  readonly #byMonitor = new Map<string, Result[]>();

  /** `results`: ascending by slot. */
  constructor(region: Region, fromEpochMs: number, results: readonly Result[]) {
    this.region = region;
    this.fromEpochMs = fromEpochMs;
    this.all = results;
    for (const result of results) {
      const list = this.#byMonitor.get(result.monitorId);
      if (list === undefined) this.#byMonitor.set(result.monitorId, [result]);
      else list.push(result);
    }
  }

  get lastSlotEpochMs(): number | null {
    return this.all.at(-1)?.slotEpochMs ?? null;
  }

  of(monitorId: string): readonly Result[] {
    return this.#byMonitor.get(monitorId) ?? [];
  }

  has(monitorId: string, slotEpochMs: number): boolean {
    const list = this.of(monitorId);
    return list[firstAtOrAfter(list, slotEpochMs)]?.slotEpochMs === slotEpochMs;
  }

  /** Every monitor's results with slots in [from, to), ascending. */
  within(fromEpochMs: number, toEpochMs: number): readonly Result[] {
    return this.all.slice(firstAtOrAfter(this.all, fromEpochMs), firstAtOrAfter(this.all, toEpochMs));
  }

  /** The monitor's results with slots in (after, until], ascending. */
  between(monitorId: string, afterEpochMs: number, untilEpochMs: number): readonly Result[] {
    const list = this.of(monitorId);
    return list.slice(firstAtOrAfter(list, afterEpochMs + 1), firstAtOrAfter(list, untilEpochMs + 1));
  }
}

/** What policies look through: windows of any length that end at a slot. */
export class PolicyWindows {
  readonly #history: History;
  readonly #regions: ReadonlyMap<Region, RegionResults>;
  readonly #stored = new Map<string, Promise<Map<string, WindowStats>>>();

  constructor(history: History, regions: ReadonlyMap<Region, RegionResults>) {
    this.#history = history;
    this.#regions = regions;
  }

  /**
   * The monitor's window over slots in (slot − over, slot], per region, `over` being at least one period.
   * Exact where it lies in memory; before that it starts at the next five-minute boundary.
   */
  async at(monitor: Monitor, slotEpochMs: number, overMs: number): Promise<Map<Region, WindowStats>> {
    const after = slotEpochMs - Math.max(overMs, monitor.everyMs);
    const windows = new Map<Region, WindowStats>();
    for (const region of monitor.regions) {
      const stats = new WindowStats();
      const recent = this.#regions.get(region);
      if (recent !== undefined) {
        for (const result of recent.between(monitor.id, after, slotEpochMs)) {
          stats.add(result, monitor.slo?.responseTimeMs ?? null);
        }
        const stored = await this.#storedBefore(recent, after, slotEpochMs);
        const before = stored?.get(monitor.id);
        if (before !== undefined) stats.merge(before);
      }
      windows.set(region, stats);
    }
    return windows;
  }

  #storedBefore(recent: RegionResults, afterEpochMs: number, slotEpochMs: number) {
    const from = ceilTo(afterEpochMs + 1, LEVEL_MS['5m']);
    const to = Math.min(recent.fromEpochMs, ceilTo(slotEpochMs + 1, LEVEL_MS['5m']));
    if (from >= to) return null;
    const key = `${recent.region} ${from} ${to}`;
    let stored = this.#stored.get(key);
    if (stored === undefined) {
      stored = readStored(this.#history, recent.region, from, to);
      this.#stored.set(key, stored);
    }
    return stored;
  }
}

/** Index of the first result at or after the instant. */
function firstAtOrAfter(results: readonly Result[], epochMs: number): number {
  let low = 0;
  let high = results.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((results[middle]?.slotEpochMs ?? 0) < epochMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
