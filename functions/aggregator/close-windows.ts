import { createHash } from 'node:crypto';
import { floorTo, type History, mergeInto, readWindows, windowsOfResults } from '../../shared/history.ts';
import type { Monitor, Region } from '../../shared/monitor.ts';
import { MINUTE_MS } from '../../shared/schedule.ts';
import { LEVEL_MS, type Level } from '../../shared/table.ts';
import { encodeWindows, type WindowStats } from '../../shared/window.ts';
import type { RegionResults } from './recent-results.ts';
import type { Store } from './store.ts';

/**
 * A window is stored this long after its end: a schedule fires up to a minute late, a run with sub-minute monitors
 * lasts a minute more, then timeouts and replication. A batch that comes later still changes it.
 */
export const CLOSE_AFTER_MS = 3 * MINUTE_MS;

/**
 * Stores the region's windows that are over: those of five minutes from results, hours from five minutes, days from hours.
 * What is stored already and has not changed is not written again.
 *
 * `stored`: start → hash of the five-minute windows as last written. Returns the same, brought up to date.
 */
export async function closeWindows(
  store: Store,
  history: History,
  monitors: ReadonlyMap<string, Monitor>,
  results: RegionResults,
  stored: Readonly<Record<string, string>>,
  {
    closedUntilEpochMs,
    closeUntilEpochMs,
  }: { readonly closedUntilEpochMs: number; readonly closeUntilEpochMs: number },
): Promise<{ readonly stored: Record<string, string>; readonly written: number }> {
  const { region } = results;
  const hashes: Record<string, string> = {};
  const touched: number[] = [];
  for (let start = results.fromEpochMs; start < closeUntilEpochMs; start += LEVEL_MS['5m']) {
    const end = start + LEVEL_MS['5m'];
    const windows = windowsOfResults(results.within(start, end), monitors);
    if (windows.size === 0) continue;
    const hash = hashOf(windows);
    hashes[String(start)] = hash;
    if (stored[String(start)] === hash) continue;
    await store.saveWindows(region, '5m', start, windows);
    touched.push(start);
  }
  let written = touched.length;
  for (const [level, parts] of [
    ['1h', '5m'],
    ['1d', '1h'],
  ] as const) {
    const starts = closedStarts(level, touched, closedUntilEpochMs, closeUntilEpochMs);
    for (const start of starts) written += await rollUp(store, history, region, level, parts, start);
    touched.splice(0, touched.length, ...starts);
  }
  return { stored: hashes, written };
}

/** The level's closed windows that hold a touched part, or that have just ended. */
function closedStarts(level: Level, touched: readonly number[], closedUntil: number, closeUntil: number): number[] {
  const length = LEVEL_MS[level];
  const starts = new Set(touched.map((start) => floorTo(start, length)));
  for (let start = floorTo(closedUntil, length); start < closeUntil; start += length) starts.add(start);
  return [...starts].filter((start) => start + length <= closeUntil).sort((a, b) => a - b);
}

async function rollUp(store: Store, history: History, region: Region, level: Level, parts: Level, start: number) {
  const merged = new Map<string, WindowStats>();
  const stored = await readWindows(history, region, parts, start, start + LEVEL_MS[level]);
  for (const windows of stored.values()) mergeInto(merged, windows);
  if (merged.size === 0) return 0;
  await store.saveWindows(region, level, start, merged);
  return 1;
}

/** What tells two stretches' windows apart. */
export function hashOf(windows: ReadonlyMap<string, WindowStats>): string {
  const hash = createHash('sha256');
  for (const chunk of encodeWindows(windows, Number.POSITIVE_INFINITY)) hash.update(chunk);
  return hash.digest('base64url').slice(0, 11);
}
