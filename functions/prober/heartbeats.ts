import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import { type Control, pausedMs } from '../../shared/control.ts';
import {
  awaitedOf,
  awaitedPut,
  awaitedQuery,
  type HeartbeatRecord,
  heartbeatOf,
  heartbeatsQuery,
} from '../../shared/heartbeat.ts';
import type { HeartbeatMonitor, Monitor, Region } from '../../shared/monitor.ts';
import type { Result } from '../../shared/result.ts';
import { secretTexts } from '../../shared/target.ts';
import type { Check } from './attempt.ts';
import { errorMessage, isFailure } from './failure.ts';
import { checkHeartbeat, type JobKnowledge } from './heartbeat-check.ts';
import { readAll } from './read-all.ts';
import { filling } from './secrets.ts';

/** What a run knows of the jobs that call. */
export interface Heartbeats {
  of(monitorId: string): JobKnowledge;
}

/** A run waits this long at most for each of the reads. */
const READ_TIMEOUT_MS = 1_000;

/**
 * Reads what jobs have called, once a run, in one query. A job that never has is awaited since the first run that saw it:
 * that is noted once, by this region's prober alone. Never rejects: what cannot be read says nothing of any job.
 */
export async function readHeartbeats(
  dynamo: Pick<DynamoDBClient, 'send'>,
  table: string,
  region: Region,
  monitors: readonly Monitor[],
  startEpochMs: number,
): Promise<Heartbeats> {
  const jobs = monitors.filter((monitor) => monitor.type === 'heartbeat');
  if (jobs.length === 0) return { of: () => ({ unreadable: 'no heartbeats were read' }) };
  const query = (input: QueryCommandInput) => readAll(dynamo, input, AbortSignal.timeout(READ_TIMEOUT_MS));
  try {
    const items = await query(heartbeatsQuery(table, region));
    const records = new Map<string, HeartbeatRecord>(
      items.map(heartbeatOf).map(({ monitorId, record }) => [monitorId, record]),
    );
    const uncalled = jobs.filter(({ id }) => !records.has(id));
    const awaited = uncalled.length === 0 ? new Map<string, number>() : await awaitedSince();
    return {
      of(monitorId) {
        const record = records.get(monitorId);
        return record === undefined ? { awaitedSinceEpochMs: awaited.get(monitorId) ?? startEpochMs } : { record };
      },
    };

    async function awaitedSince(): Promise<Map<string, number>> {
      const known = new Map<string, number>();
      for (const { monitorId, sinceEpochMs } of (await query(awaitedQuery(table, region))).map(awaitedOf)) {
        if (sinceEpochMs !== null) known.set(monitorId, sinceEpochMs);
      }
      await Promise.all(uncalled.filter(({ id }) => !known.has(id)).map(({ id }) => note(id)));
      return known;
    }
  } catch (error) {
    const unreadable = `the heartbeats could not be read from the table: ${errorMessage(error)}`;
    return { of: () => ({ unreadable }) };
  }

  /** Where it cannot be stored, the next run tries again; until then nobody is late. */
  async function note(monitorId: string): Promise<void> {
    try {
      await dynamo.send(new PutItemCommand(awaitedPut(table, region, monitorId, startEpochMs)), {
        abortSignal: AbortSignal.timeout(READ_TIMEOUT_MS),
      });
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }
}

/** Judges one slot of a job. A token that cannot be read here cannot be read by the receiver either: then nothing can come. */
export function resultOfHeartbeat(
  { monitor, slotEpochMs, secrets }: Check<HeartbeatMonitor>,
  heartbeats: Heartbeats,
  controls: readonly Control[],
  nowEpochMs: number,
): Result {
  const token = filling(secretTexts(monitor), secrets);
  return checkHeartbeat({
    monitor,
    slotEpochMs,
    lateMs: Math.max(0, nowEpochMs - slotEpochMs),
    knowledge: isFailure(token) ? { unreadable: token.detail } : heartbeats.of(monitor.id),
    pausedMs: (fromEpochMs) => pausedMs(monitor, fromEpochMs, slotEpochMs, controls),
  });
}
