import type { QueryCommandInput } from '@aws-sdk/client-dynamodb';
import { CodecError } from './bytes.ts';
import type { Monitor, Region, Retention } from './monitor.ts';
import type { Result } from './result.ts';
import { BATCH_GROUP_MS } from './schedule.ts';
import { batchOf, batchQueries, type Item, LEVEL_MS, type Level, windowQueries, windowsOf } from './table.ts';
import { WindowStats } from './window.ts';

/** Read access to what was measured. */
export interface History {
  readonly table: string;
  /** Whose windows to read: the regions of the aggregators that wrote them. Of two that wrote the same one, the last counts. */
  readonly writers: readonly Region[];
  readonly retention: Retention;
  /** Runs a query to its last page. */
  readonly query: (input: QueryCommandInput) => Promise<readonly Item[]>;
  /** Told of each item that could not be read; it is passed over. */
  readonly onDamage: (error: CodecError) => void;
}

/** A region's results whose slots lie in [from, to), ascending, one a monitor and slot. */
export async function readResults(history: History, region: Region, fromEpochMs: number, toEpochMs: number) {
  // A slot's batch starts up to a group before it.
  const firstStart = Math.floor(fromEpochMs / BATCH_GROUP_MS) * BATCH_GROUP_MS;
  const inputs = batchQueries(history.table, region, firstStart, toEpochMs, history.retention);
  // Keyed by monitor and slot: while shards change, two batches may hold the same one.
  const results = new Map<string, Result>();
  for (const item of (await Promise.all(inputs.map(history.query))).flat()) {
    const batch = readable(history, () => batchOf(item, firstStart, toEpochMs));
    for (const result of batch?.results ?? []) {
      const key = `${result.slotEpochMs} ${result.monitorId}`;
      const isInside = result.slotEpochMs >= fromEpochMs && result.slotEpochMs < toEpochMs;
      if (isInside && !results.has(key)) results.set(key, result);
    }
  }
  return [...results.values()].sort((a, b) => a.slotEpochMs - b.slotEpochMs);
}

/** A region's stored windows that start in [from, to): start → monitor id → window. */
export async function readWindows(
  history: History,
  region: Region,
  level: Level,
  fromEpochMs: number,
  toEpochMs: number,
): Promise<Map<number, Map<string, WindowStats>>> {
  const { table, writers, retention } = history;
  const ofWriter = async (writer: Region) => {
    const inputs = windowQueries(table, writer, region, level, fromEpochMs, toEpochMs, retention);
    const byStart = new Map<number, Map<string, WindowStats>>();
    for (const item of (await Promise.all(inputs.map(history.query))).flat()) {
      const found = readable(history, () => windowsOf(item, fromEpochMs, toEpochMs));
      if (found === null) continue;
      const windows = byStart.get(found.startEpochMs) ?? new Map<string, WindowStats>();
      byStart.set(found.startEpochMs, mergeInto(windows, found.windows));
    }
    return [...byStart];
  };
  return new Map((await Promise.all(writers.map(ofWriter))).flat());
}

/** Where a stretch of time is read from. */
export interface Segment {
  readonly level: 'results' | Level;
  readonly fromEpochMs: number;
  readonly toEpochMs: number;
}

/**
 * Splits [from, to) into the coarsest stored windows that lie wholly in it, and single results for what is not closed yet.
 * `from` is moved back to a five-minute boundary where it lies in the closed part. `levels`: those allowed, coarsest first.
 */
export function cover(
  fromEpochMs: number,
  toEpochMs: number,
  closedUntilEpochMs: number,
  levels: readonly Level[] = ['1d', '1h', '5m'],
): Segment[] {
  const segments: Segment[] = [];
  let at = fromEpochMs < closedUntilEpochMs ? floorTo(fromEpochMs, LEVEL_MS['5m']) : fromEpochMs;
  while (at < toEpochMs) {
    const level = levels.find(
      (candidate) =>
        at % LEVEL_MS[candidate] === 0 && at + LEVEL_MS[candidate] <= Math.min(toEpochMs, closedUntilEpochMs),
    );
    const end = level === undefined ? toEpochMs : at + LEVEL_MS[level];
    const last = segments.at(-1);
    if (last !== undefined && last.level === level) segments[segments.length - 1] = { ...last, toEpochMs: end };
    else segments.push({ level: level ?? 'results', fromEpochMs: at, toEpochMs: end });
    at = end;
  }
  return segments;
}

/** Every monitor's results of a region over [from, to), merged, from whatever holds them. `read`: single results. */
export async function readMerged(
  history: History,
  read: (region: Region, fromEpochMs: number, toEpochMs: number) => Promise<readonly Result[]>,
  monitors: ReadonlyMap<string, Monitor>,
  region: Region,
  fromEpochMs: number,
  toEpochMs: number,
  closedUntilEpochMs: number,
): Promise<Map<string, WindowStats>> {
  const merged = new Map<string, WindowStats>();
  const parts = cover(fromEpochMs, toEpochMs, closedUntilEpochMs).map(async (segment) => {
    if (segment.level === 'results') {
      return [windowsOfResults(await read(region, segment.fromEpochMs, segment.toEpochMs), monitors)];
    }
    const stored = await readWindows(history, region, segment.level, segment.fromEpochMs, segment.toEpochMs);
    return [...stored.values()];
  });
  for (const windows of (await Promise.all(parts)).flat()) mergeInto(merged, windows);
  return merged;
}

/** Every monitor's stored windows of a region over [from, to), merged. Both on five-minute boundaries. */
export async function readStored(
  history: History,
  region: Region,
  fromEpochMs: number,
  toEpochMs: number,
  levels?: readonly Level[],
): Promise<Map<string, WindowStats>> {
  const parts = cover(fromEpochMs, toEpochMs, toEpochMs, levels).map(async ({ level, ...part }) =>
    level === 'results'
      ? []
      : [...(await readWindows(history, region, level, part.fromEpochMs, part.toEpochMs)).values()],
  );
  const merged = new Map<string, WindowStats>();
  for (const windows of (await Promise.all(parts)).flat()) mergeInto(merged, windows);
  return merged;
}

/** Results to one window a monitor. Results of monitors that are no longer defined are left out. */
export function windowsOfResults(
  results: readonly Result[],
  monitors: ReadonlyMap<string, Monitor>,
): Map<string, WindowStats> {
  const windows = new Map<string, WindowStats>();
  for (const result of results) {
    const monitor = monitors.get(result.monitorId);
    if (monitor === undefined) continue;
    let stats = windows.get(result.monitorId);
    if (stats === undefined) {
      stats = new WindowStats();
      windows.set(result.monitorId, stats);
    }
    stats.add(result, monitor.slo?.responseTimeMs ?? null);
  }
  return windows;
}

export function mergeInto(
  target: Map<string, WindowStats>,
  more: ReadonlyMap<string, WindowStats>,
): Map<string, WindowStats> {
  for (const [id, stats] of more) {
    const known = target.get(id) ?? new WindowStats();
    known.merge(stats);
    target.set(id, known);
  }
  return target;
}

export function floorTo(epochMs: number, stepMs: number): number {
  return Math.floor(epochMs / stepMs) * stepMs;
}

export function ceilTo(epochMs: number, stepMs: number): number {
  return Math.ceil(epochMs / stepMs) * stepMs;
}

function readable<T>(history: History, read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    history.onDamage(error);
    return null;
  }
}
