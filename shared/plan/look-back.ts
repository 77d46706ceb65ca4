import { EXACT_OVER_MS, exactLookBackMs } from '../look-back.ts';
import type { Deployment, Monitor } from '../monitor.ts';
import { WEEK_MS } from '../own-week.ts';
import { MINUTE_MS } from '../schedule.ts';
import { MAX_PERIOD_MS } from '../spend-cap.ts';
import { LEVEL_MS, type Level } from '../table.ts';
import { dueInMinute } from './run-time.ts';

/**
 * How far back a run of the aggregator reads, as `functions/aggregator/catch-up.ts` decides it; a test of the plan
 * holds this to what its runs consume.
 */

/** Late batches are waited for this long in closed windows, and in the order of batches. */
const REORDER_MS = 8 * MINUTE_MS;
/** From the last judged slot to now. */
const SINCE_JUDGED_MS = MINUTE_MS;
/** Reading starts on a multiple of five minutes: so much more on average. */
const TO_BOUNDARY_MS = 2 * MINUTE_MS;

/** The stretch of single results that each run reads, on average. */
export function heldMs({ monitors }: Pick<Deployment, 'monitors'>): number {
  const back = Math.max(0, ...monitors.map(exactLookBackMs));
  return Math.max(REORDER_MS, SINCE_JUDGED_MS + back) + TO_BOUNDARY_MS;
}

export interface StoredLookBack {
  /** That a run needs it: 0–1. */
  readonly chance: number;
  /** How many windows of each level a run reads. */
  readonly windows: Readonly<Record<Level, number>>;
}

/** A run that finds the process of the one before need not read again what is kept for an hour. */
const RUNS_AN_HOUR = 60;

/**
 * What policies over longer stretches read of stored windows, weeks that monitors are compared with, and what is spent.
 * Those over the same stretch read it once a run, for all monitors.
 */
export function storedLookBacks(monitors: readonly Monitor[]): readonly StoredLookBack[] {
  const chances = new Map<number, number>();
  for (const monitor of monitors) {
    for (const { overMs } of monitor.policies) {
      if (overMs <= EXACT_OVER_MS && monitor.everyMs < LEVEL_MS['5m']) continue;
      chances.set(overMs, Math.min(1, (chances.get(overMs) ?? 0) + dueInMinute(monitor)));
    }
  }
  const weeks = new Set(
    monitors.flatMap(({ policies }) =>
      policies.flatMap(({ metric, overMs }) => (metric.kind === 'vsWeek' ? overMs : [])),
    ),
  );
  const periods = new Set(monitors.flatMap(({ spendCap }) => spendCap?.per ?? []));
  const everyHour = (ms: number) => ({ chance: 1 / RUNS_AN_HOUR, windows: windowsOver(ms) });
  return [
    ...[...chances].map(([overMs, chance]) => ({ chance, windows: windowsOver(overMs) })),
    ...[...weeks].map(() => everyHour(WEEK_MS)),
    // Half of a period has passed, on average; in between, each window once when it is stored.
    ...[...periods].map((per) => everyHour(MAX_PERIOD_MS[per] / 2)),
    ...[...periods].map(() => ({ chance: MINUTE_MS / LEVEL_MS['5m'], windows: { '5m': 1, '1h': 0, '1d': 0 } })),
  ];
}

/** Up to the next hour and day in the shorter windows, at both ends together. */
function windowsOver(overMs: number): Record<Level, number> {
  const whole = (level: Level) => Math.floor(overMs / LEVEL_MS[level]);
  return {
    '5m': Math.min(Math.ceil(overMs / LEVEL_MS['5m']), 12),
    '1h': Math.min(Math.max(0, whole('1h') - 1), 24),
    '1d': Math.max(0, whole('1d') - 1),
  };
}
