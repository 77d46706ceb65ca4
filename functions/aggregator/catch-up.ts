import type { Progress, RegionProgress } from '../../shared/aggregator-table.ts';
import { ceilTo, floorTo, readResults } from '../../shared/history.ts';
import { exactLookBackMs } from '../../shared/look-back.ts';
import type { Deployment, Region } from '../../shared/monitor.ts';
import { HOUR_MS, MINUTE_MS } from '../../shared/schedule.ts';
import { LEVEL_MS } from '../../shared/table.ts';
import type { Aggregation } from './aggregate.ts';
import { CLOSE_AFTER_MS, closeWindows } from './close-windows.ts';
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

/**
 * Reads what a region has stored since the last run, closes the windows that are over, and holds on to what policies
 * look back on. After a long pause it goes an hour at a time, so that memory stays bounded.
 *
 * `judgedFromEpochMs`: the first slot that this run judges.
 */
export async function catchUp(
  { deployment, store, history }: Aggregation,
  before: Progress,
  region: Region,
  judgedFromEpochMs: number,
  closeUntilEpochMs: number,
  nowEpochMs: number,
): Promise<CaughtUp> {
  const monitors = new Map(deployment.monitors.map((monitor) => [monitor.id, monitor]));
  const known = before.regions[region];
  const from = readFrom(deployment, known, judgedFromEpochMs, nowEpochMs);
  let closedUntil = floorTo(before.closedUntilEpochMs, LEVEL_MS['5m']);
  let stored = known?.stored ?? {};
  let written = 0;
  const close = async (results: RegionResults, until: number) => {
    const closed = await closeWindows(store, history, monitors, results, stored, closedUntil, until);
    written += closed.written;
    stored = { ...stored, ...closed.stored };
    closedUntil = until;
  };
  while (closedUntil + CATCH_UP_STEP_MS <= from) {
    const until = closedUntil + CATCH_UP_STEP_MS;
    const results = await readResults(history, region, closedUntil, until);
    await close(new RegionResults(region, closedUntil, results), until);
  }
  const start = Math.min(from, closedUntil);
  const results = new RegionResults(region, start, await readResults(history, region, start, nowEpochMs));
  await close(results, closeUntilEpochMs);
  const recent = Object.entries(stored).filter(([windowStart]) => Number(windowStart) >= start);
  return {
    results,
    written,
    progress: {
      lastSlotEpochMs: results.lastSlotEpochMs ?? known?.lastSlotEpochMs ?? null,
      stored: Object.fromEntries(recent),
    },
  };
}

/**
 * From where a region's results are held in memory: what may still be late, and what this run's policies look back on.
 * A five-minute boundary.
 */
function readFrom(
  deployment: Deployment,
  known: RegionProgress | undefined,
  judgedFromEpochMs: number,
  nowEpochMs: number,
): number {
  const late = Math.max((known?.lastSlotEpochMs ?? nowEpochMs) - REORDER_MS, nowEpochMs - LATEST_MS);
  const looked = judgedFromEpochMs - Math.max(0, ...deployment.monitors.map(exactLookBackMs));
  const from = floorTo(Math.min(late, looked, nowEpochMs - CLOSE_AFTER_MS - REORDER_MS), LEVEL_MS['5m']);
  // A window that is partly gone from the ring must not be computed again from what is left.
  return Math.max(from, ceilTo(nowEpochMs - deployment.retention.resultsMs, LEVEL_MS['5m']));
}
