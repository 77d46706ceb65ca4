import { floorTo, type History, readStored } from '../../shared/history.ts';
import type { Deployment, Monitor, Region } from '../../shared/monitor.ts';
import { WEEK_MS } from '../../shared/own-week.ts';
import { HOUR_MS, MINUTE_MS } from '../../shared/schedule.ts';
import { WindowStats } from '../../shared/window.ts';

/** An hour that ended this long before a slot is stored by the time the slot is judged. */
const STORED_AFTER_MS = 15 * MINUTE_MS;

interface Kept {
  readonly windows: Promise<ReadonlyMap<string, WindowStats>>;
  /** No slot from then on asks for it. */
  readonly untilEpochMs: number;
}

/**
 * The weeks that monitors are compared with, from stored days and hours: read once an hour for each length of window,
 * and kept from run to run, for the monitors only whose policies ask. What comes late counts from the next hour on.
 *
 *   [ the week before, in whole hours ]   up to an hour   [ the window, up to the slot ]
 */
export class OwnWeeks {
  readonly #history: History;
  readonly #monitorIds: ReadonlySet<string>;
  readonly #kept = new Map<string, Kept>();

  constructor(history: History, { monitors }: Pick<Deployment, 'monitors'>) {
    this.#history = history;
    const asking = monitors.filter(({ policies }) => policies.some(({ metric }) => metric.kind === 'vsWeek'));
    this.#monitorIds = new Set(asking.map(({ id }) => id));
  }

  /** The monitor's week before the window over (slot − over, slot], per region. */
  async before(monitor: Monitor, slotEpochMs: number, overMs: number): Promise<Map<Region, WindowStats>> {
    const backMs = Math.max(overMs, monitor.everyMs, STORED_AFTER_MS);
    const end = floorTo(slotEpochMs - backMs, HOUR_MS);
    const weeks = monitor.regions.map(async (region): Promise<[Region, WindowStats]> => {
      const windows = await this.#of(region, end, slotEpochMs, end + 2 * HOUR_MS + backMs);
      return [region, windows.get(monitor.id) ?? new WindowStats()];
    });
    return new Map(await Promise.all(weeks));
  }

  #of(region: Region, end: number, slotEpochMs: number, untilEpochMs: number) {
    const key = `${region} ${end}`;
    const known = this.#kept.get(key);
    if (known !== undefined) return known.windows;
    for (const [old, kept] of this.#kept) if (kept.untilEpochMs <= slotEpochMs) this.#kept.delete(old);
    const windows = this.#read(region, end).catch((error: unknown) => {
      this.#kept.delete(key);
      throw error;
    });
    this.#kept.set(key, { windows, untilEpochMs });
    return windows;
  }

  async #read(region: Region, end: number): Promise<ReadonlyMap<string, WindowStats>> {
    const all = await readStored(this.#history, region, end - WEEK_MS, end, ['1d', '1h']);
    return new Map([...all].filter(([id]) => this.#monitorIds.has(id)));
  }
}
