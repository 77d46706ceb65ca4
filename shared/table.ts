import type { AttributeValue, PutItemCommandInput, QueryCommandInput } from '@aws-sdk/client-dynamodb';
import { decodeBatch, encodeBatch } from './batch-codec.ts';
import type { Region, Retention } from './monitor.ts';
import type { Batch } from './result.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from './schedule.ts';
import { decodeWindows, encodeWindows, type WindowStats } from './window.ts';

/**
 * The one table, the same name in every region, and who writes what (one writer per key):
 *
 * | pk                                | sk                  | writer                | holds                                  |
 * | batch#<region>                    | <ring>#<shard>      | that region's prober  | a batch                                |
 * | window#<writer>#<region>#<level>  | <ring>#<chunk>      | aggregator in writer  | all monitors' windows of one stretch   |
 * | heartbeat#<region>                | <monitor>           | receiver in home      | when a job last called, heartbeat.ts   |
 * | awaited#<region>                  | <monitor>           | home's prober         | since when a first call is awaited     |
 * | progress#<writer>                 | aggregator          | aggregator in writer  | how far it has come, its heartbeat     |
 * | alert#<writer>                    | <subject>#<policy>  | aggregator in writer  | an incident, and what is still unsent  |
 * | incident#<writer>                 | <since>#<id>        | aggregator in writer  | incidents, for reading                 |
 * | notification#<writer>             | <slot>#<id>         | aggregator in writer  | what was sent, for reading             |
 * | control#<writer>                  | <kind>#<target>     | command line, there   | a pause or silence, see control.ts     |
 * | control#<writer>                  | …#spend-cap         | aggregator in writer  | a pause by a spend cap                 |
 * | control#<writer>                  | …#spend-cap#ended   | who ended it, there   | ... that was resumed, or is of another cap |
 *
 * Batches and windows live in rings: a key is used again after the retention, which costs nothing, where an expiry
 * by TTL costs a replicated write in every other replica. Each item says which `start` it holds; readers compare.
 */
export type Item = Record<string, AttributeValue>;
export const PARTITION_KEY = 'pk';
export const SORT_KEY = 'sk';
/** Unix epoch seconds, as DynamoDB's TTL wants it. Only on incidents, notifications and controls. */
export const EXPIRY_ATTRIBUTE = 'expiresAtEpochSeconds';

export type Level = '5m' | '1h' | '1d';
export const LEVEL_MS: Readonly<Record<Level, number>> = { '5m': 5 * MINUTE_MS, '1h': HOUR_MS, '1d': DAY_MS };

/** Batches start at multiples of this. */
const BATCH_RING_UNIT_MS = 5_000;

/** Stores a batch once: where the same or a newer one already is, DynamoDB answers ConditionalCheckFailedException. */
export function batchPut(table: string, batch: Batch, retention: Pick<Retention, 'resultsMs'>): PutItemCommandInput {
  const ring = ringPosition(batch.startEpochMs, BATCH_RING_UNIT_MS, retention.resultsMs);
  return {
    TableName: table,
    Item: {
      pk: { S: `batch#${batch.region}` },
      sk: { S: `${ring}#${batch.shard}` },
      start: { N: String(batch.startEpochMs) },
      data: { B: encodeBatch(batch) },
    },
    ConditionExpression: 'attribute_not_exists(pk) OR #start < :start',
    ExpressionAttributeNames: { '#start': 'start' },
    ExpressionAttributeValues: { ':start': { N: String(batch.startEpochMs) } },
  };
}

/** The queries that together read the region's batches which start in [from, to); pass their items to {@link batchOf}. */
export function batchQueries(
  table: string,
  region: Region,
  fromEpochMs: number,
  toEpochMs: number,
  retention: Pick<Retention, 'resultsMs'>,
): QueryCommandInput[] {
  return ringQueries(table, `batch#${region}`, fromEpochMs, toEpochMs, BATCH_RING_UNIT_MS, retention.resultsMs);
}

/** Null for what an earlier round of the ring left there. @throws CodecError */
export function batchOf(item: Item, fromEpochMs: number, toEpochMs: number): Batch | null {
  const start = Number(item['start']?.N);
  const data = item['data']?.B;
  if (data === undefined || !(start >= fromEpochMs && start < toEpochMs)) return null;
  return decodeBatch(data);
}

/** DynamoDB's item limit is 400 KB; the rest is left for keys. */
const MAX_CHUNK_BYTES = 380_000;

/** Writes a region's windows of one stretch. Recomputing writes the same again; a newer round of the ring is never overwritten. */
export function windowPuts(
  table: string,
  writer: Region,
  region: Region,
  level: Level,
  startEpochMs: number,
  windows: ReadonlyMap<string, WindowStats>,
  retention: Retention,
): PutItemCommandInput[] {
  const ring = ringPosition(startEpochMs, LEVEL_MS[level], retentionOf(level, retention));
  return encodeWindows(windows, MAX_CHUNK_BYTES).map((data, chunk) => ({
    TableName: table,
    Item: {
      pk: { S: windowKey(writer, region, level) },
      sk: { S: `${ring}#${chunk}` },
      start: { N: String(startEpochMs) },
      data: { B: data },
    },
    ConditionExpression: 'attribute_not_exists(pk) OR #start <= :start',
    ExpressionAttributeNames: { '#start': 'start' },
    ExpressionAttributeValues: { ':start': { N: String(startEpochMs) } },
  }));
}

export function windowQueries(
  table: string,
  writer: Region,
  region: Region,
  level: Level,
  fromEpochMs: number,
  toEpochMs: number,
  retention: Retention,
): QueryCommandInput[] {
  const key = windowKey(writer, region, level);
  return ringQueries(table, key, fromEpochMs, toEpochMs, LEVEL_MS[level], retentionOf(level, retention));
}

/** One item's windows; null for what an earlier round of the ring left there. @throws CodecError */
export function windowsOf(
  item: Item,
  fromEpochMs: number,
  toEpochMs: number,
): { startEpochMs: number; windows: Map<string, WindowStats> } | null {
  const startEpochMs = Number(item['start']?.N);
  const data = item['data']?.B;
  if (data === undefined || !(startEpochMs >= fromEpochMs && startEpochMs < toEpochMs)) return null;
  return { startEpochMs, windows: decodeWindows(data) };
}

export function retentionOf(level: Level, retention: Retention): number {
  switch (level) {
    case '5m':
      return retention.fiveMinutesMs;
    case '1h':
      return retention.hoursMs;
    case '1d':
      return retention.daysMs;
  }
}

function windowKey(writer: Region, region: Region, level: Level): string {
  return `window#${writer}#${region}#${level}`;
}

function ringPosition(startEpochMs: number, unitMs: number, retentionMs: number): string {
  return pad(Math.floor(startEpochMs / unitMs) % ringSize(unitMs, retentionMs));
}

/** One more than the retention holds, so that a reader of the whole retention never meets the newest item twice. */
function ringSize(unitMs: number, retentionMs: number): number {
  return Math.ceil(retentionMs / unitMs) + 1;
}

function ringQueries(
  table: string,
  partition: string,
  fromEpochMs: number,
  toEpochMs: number,
  unitMs: number,
  retentionMs: number,
): QueryCommandInput[] {
  const size = ringSize(unitMs, retentionMs);
  const first = Math.floor(fromEpochMs / unitMs);
  const last = Math.ceil(toEpochMs / unitMs) - 1;
  if (last < first) return [];
  const ranges: [number, number][] =
    last - first + 1 >= size
      ? [[0, size - 1]]
      : first % size <= last % size
        ? [[first % size, last % size]]
        : [
            [first % size, size - 1],
            [0, last % size],
          ];
  return ranges.map(([low, high]) => ({
    TableName: table,
    KeyConditionExpression: 'pk = :pk AND sk BETWEEN :low AND :high',
    ExpressionAttributeValues: {
      ':pk': { S: partition },
      ':low': { S: pad(low) },
      // '$' follows '#', so this takes in every shard or chunk of the last position.
      ':high': { S: `${pad(high)}$` },
    },
  }));
}

function pad(position: number): string {
  return String(position).padStart(6, '0');
}
