import type { PutItemCommandInput, QueryCommandInput, UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import type { Region } from './monitor.ts';
import type { Item } from './table.ts';

/** What a job says of its run. */
export const HEARTBEAT_STATUSES = ['start', 'success', 'fail'] as const;
export type HeartbeatStatus = (typeof HEARTBEAT_STATUSES)[number];

/** One call of a job, as it was received. */
export interface Heartbeat {
  readonly monitorId: string;
  readonly status: HeartbeatStatus;
  /** By the receiver's clock. */
  readonly atEpochMs: number;
  /** What a failing job says, at most {@link MAX_MESSAGE_CHARS}, its token taken out; empty where it says nothing. */
  readonly message: string;
}

/** Room beside it for the sentence that it stands in. */
export const MAX_MESSAGE_CHARS = 180;

/** A run that succeeded. */
export interface JobRun {
  readonly endedAtEpochMs: number;
  /** Null where the job did not say that it began. */
  readonly startedAtEpochMs: number | null;
}

/** What is known of a job: one item, which never grows. */
export interface HeartbeatRecord {
  readonly lastSuccess: JobRun | null;
  /** The one before, so that a run which ended just before a slot still has its time when the slot is judged. */
  readonly earlierSuccess: JobRun | null;
  readonly lastFailure: { readonly atEpochMs: number; readonly message: string } | null;
  /** A run that has begun and not ended; the first of them where a job began several times. */
  readonly runningSinceEpochMs: number | null;
}

/**
 * Stores one call, in one write, without reading before. Each status only moves its own instant forwards, so that calls
 * which arrive late, twice or in the wrong order come to the same; DynamoDB answers ConditionalCheckFailedException to
 * one that changes nothing.
 *
 * ```
 * start    begun = now; since = since, else now
 * success  earlier = last; last = (now, begun); begun and since removed
 * fail     failed = (now, message); begun and since removed
 * ```
 */
export function heartbeatUpdate(table: string, region: Region, heartbeat: Heartbeat): UpdateItemCommandInput {
  const { monitorId, status, atEpochMs, message } = heartbeat;
  return {
    TableName: table,
    Key: { pk: { S: heartbeatPartition(region) }, sk: { S: monitorId } },
    ...UPDATES[status],
    ExpressionAttributeValues: {
      ':now': { N: String(atEpochMs) },
      ...(status === 'success' ? { ':none': { NULL: true } } : {}),
      ...(status === 'fail' ? { ':message': { S: message } } : {}),
    },
  };
}

type Update = Pick<UpdateItemCommandInput, 'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeNames'>;

const UPDATES: Readonly<Record<HeartbeatStatus, Update>> = {
  start: {
    UpdateExpression: 'SET #begun = :now, #since = if_not_exists(#since, :now)',
    ConditionExpression: [newer('begun'), newer('succeeded'), newer('failed')].join(' AND '),
    ExpressionAttributeNames: names('begun', 'since', 'succeeded', 'failed'),
  },
  success: {
    UpdateExpression:
      'SET #earlier = if_not_exists(#succeeded, :none), #earlierBegun = if_not_exists(#succeededBegun, :none), ' +
      '#succeeded = :now, #succeededBegun = if_not_exists(#begun, :none) REMOVE #begun, #since',
    ConditionExpression: newer('succeeded'),
    ExpressionAttributeNames: names('earlier', 'earlierBegun', 'succeeded', 'succeededBegun', 'begun', 'since'),
  },
  fail: {
    UpdateExpression: 'SET #failed = :now, #message = :message REMOVE #begun, #since',
    ConditionExpression: newer('failed'),
    ExpressionAttributeNames: names('failed', 'message', 'begun', 'since'),
  },
};

function newer(attribute: string): string {
  return `(attribute_not_exists(#${attribute}) OR #${attribute} < :now)`;
}

function names(...attributes: readonly string[]): Record<string, string> {
  return Object.fromEntries(attributes.map((attribute) => [`#${attribute}`, attribute]));
}

/** All jobs that have called, as of now: a call that was answered is in it. Pass the items to {@link heartbeatOf}. */
export function heartbeatsQuery(table: string, region: Region): QueryCommandInput {
  return partitionQuery(table, heartbeatPartition(region));
}

export function heartbeatOf(item: Item): { readonly monitorId: string; readonly record: HeartbeatRecord } {
  const failedAtEpochMs = instantOf(item, 'failed');
  return {
    monitorId: item['sk']?.S ?? '',
    record: {
      lastSuccess: runOf(item, 'succeeded', 'succeededBegun'),
      earlierSuccess: runOf(item, 'earlier', 'earlierBegun'),
      lastFailure: failedAtEpochMs === null ? null : { atEpochMs: failedAtEpochMs, message: item['message']?.S ?? '' },
      runningSinceEpochMs: instantOf(item, 'since'),
    },
  };
}

/** Notes since when a job's first call is awaited. What is there stays: DynamoDB answers ConditionalCheckFailedException. */
export function awaitedPut(
  table: string,
  region: Region,
  monitorId: string,
  sinceEpochMs: number,
): PutItemCommandInput {
  return {
    TableName: table,
    Item: {
      pk: { S: awaitedPartition(region) },
      sk: { S: monitorId },
      since: { N: String(sinceEpochMs) },
    },
    ConditionExpression: 'attribute_not_exists(pk)',
  };
}

export function awaitedQuery(table: string, region: Region): QueryCommandInput {
  return partitionQuery(table, awaitedPartition(region));
}

/** Null for what cannot be read. */
export function awaitedOf(item: Item): { readonly monitorId: string; readonly sinceEpochMs: number | null } {
  return { monitorId: item['sk']?.S ?? '', sinceEpochMs: instantOf(item, 'since') };
}

/** Written by the receiver in the region alone. */
export function heartbeatPartition(region: Region): string {
  return `heartbeat#${region}`;
}

/** Written by the region's prober alone. */
export function awaitedPartition(region: Region): string {
  return `awaited#${region}`;
}

function partitionQuery(table: string, partition: string): QueryCommandInput {
  return {
    TableName: table,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: partition } },
    ConsistentRead: true,
  };
}

/** A start that a clock puts behind its end says nothing of how long the run took. */
function runOf(item: Item, ended: string, begun: string): JobRun | null {
  const endedAtEpochMs = instantOf(item, ended);
  if (endedAtEpochMs === null) return null;
  const startedAtEpochMs = instantOf(item, begun);
  const isBehind = startedAtEpochMs !== null && startedAtEpochMs > endedAtEpochMs;
  return { endedAtEpochMs, startedAtEpochMs: isBehind ? null : startedAtEpochMs };
}

function instantOf(item: Item, attribute: string): number | null {
  const text = item[attribute]?.N;
  return text === undefined ? null : Number(text);
}
