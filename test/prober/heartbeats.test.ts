import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { readHeartbeats, resultOfHeartbeat } from '../../functions/prober/heartbeats.ts';
import { withoutOwnFaults } from '../../functions/prober/own-network.ts';
import type { Control } from '../../shared/control.ts';
import { heartbeatUpdate } from '../../shared/heartbeat.ts';
import { startTable, TABLE } from '../engine/table.ts';
import { heartbeatOf, monitorOf, resultOf } from '../shared/build.ts';

const REGION = 'us-east-1';
const START = Date.UTC(2026, 0, 5, 12);
const MINUTE = 60_000;
const JOB = heartbeatOf();
const SECRETS = new Map([['nightly', { value: 't0ken' }]]);

async function called(dynamo: DynamoDBClient, monitorId: string, atEpochMs: number): Promise<void> {
  const heartbeat = { monitorId, status: 'success', atEpochMs, message: '' } as const;
  await dynamo.send(new UpdateItemCommand(heartbeatUpdate(TABLE, REGION, heartbeat)));
}

/** What `send` was asked for, by name. */
function counted(dynamo: DynamoDBClient): { dynamo: Pick<DynamoDBClient, 'send'>; readonly names: string[] } {
  const names: string[] = [];
  const send = (command: { readonly constructor: { readonly name: string } }, ...rest: readonly unknown[]) => {
    names.push(command.constructor.name);
    return Reflect.apply(dynamo.send, dynamo, [command, ...rest]);
  };
  return { dynamo: { send: send as DynamoDBClient['send'] }, names };
}

async function scene(t: TestContext) {
  return counted(await startTable(t));
}

test('all jobs are read in one query', async (t) => {
  const table = await startTable(t);
  await called(table, 'nightly', START);
  await called(table, 'hourly', START + 1);
  const { dynamo, names } = counted(table);
  const jobs = [JOB, heartbeatOf({ id: 'hourly' }), monitorOf()];
  const heartbeats = await readHeartbeats(dynamo, TABLE, REGION, jobs, START);
  const known = jobs.slice(0, 2).map(({ id }) => heartbeats.of(id));
  assert.deepEqual(
    known.map((one) => ('record' in one ? one.record.lastSuccess?.endedAtEpochMs : one)),
    [START, START + 1],
  );
  assert.deepEqual(names, ['QueryCommand']);
});

test('without a job nothing is read', async (t) => {
  const { dynamo, names } = await scene(t);
  await readHeartbeats(dynamo, TABLE, REGION, [monitorOf()], START);
  assert.deepEqual(names, []);
});

test('a job that never called is awaited since the first run that saw it, which is noted once', async (t) => {
  const { dynamo, names } = await scene(t);
  for (const minute of [0, 1, 2]) {
    const heartbeats = await readHeartbeats(dynamo, TABLE, REGION, [JOB], START + minute * MINUTE);
    assert.deepEqual(heartbeats.of('nightly'), { awaitedSinceEpochMs: START });
  }
  assert.equal(names.filter((name) => name === 'PutItemCommand').length, 1);
});

test('two runs that see a job first at once do not contradict each other', async (t) => {
  const { dynamo } = await scene(t);
  const both = [START, START + MINUTE].map((start) => readHeartbeats(dynamo, TABLE, REGION, [JOB], start));
  await Promise.all(both);
  const later = [3, 4].map((minute) => readHeartbeats(dynamo, TABLE, REGION, [JOB], START + minute * MINUTE));
  const [one, other] = await Promise.all(later);
  assert.deepEqual(one?.of('nightly'), other?.of('nightly'));
});

test('a table that does not answer says nothing of any job', async () => {
  const dynamo = { send: async () => Promise.reject(new Error('no route to host')) };
  const heartbeats = await readHeartbeats(dynamo, TABLE, REGION, [JOB], START);
  const { outcome, reason, detail } = judged(heartbeats, START);
  assert.deepEqual(
    [outcome, reason, detail],
    ['inconclusive', 'prober', 'the heartbeats could not be read from the table: no route to host'],
  );
});

function judged(
  heartbeats: Awaited<ReturnType<typeof readHeartbeats>>,
  slotEpochMs: number,
  controls: readonly Control[] = [],
) {
  return resultOfHeartbeat({ monitor: JOB, slotEpochMs, secrets: SECRETS }, heartbeats, controls, slotEpochMs + 5_000);
}

test('a pause moves the due time by as long as it lasts', async (t) => {
  const table = await startTable(t);
  await called(table, 'nightly', START);
  const heartbeats = await readHeartbeats(table, TABLE, REGION, [JOB], START);
  const pause: Control = {
    kind: 'pause',
    target: 'monitor:nightly',
    fromEpochMs: START + 10 * MINUTE,
    untilEpochMs: START + 40 * MINUTE,
    reason: null,
    by: 'somebody',
    atEpochMs: START,
    endedEarly: null,
  };
  assert.equal(judged(heartbeats, START + 100 * MINUTE, [pause]).outcome, 'passed');
  assert.equal(judged(heartbeats, START + 101 * MINUTE, [pause]).outcome, 'failed');
});

test('how late the judging is, is in the result', async (t) => {
  const table = await startTable(t);
  await called(table, 'nightly', START);
  assert.equal(judged(await readHeartbeats(table, TABLE, REGION, [JOB], START), START).lateMs, 5_000);
});

test('while nothing goes out from home, a missing call is not the job’s fault; its own word is', async () => {
  const network = { works: async () => false };
  const missed = resultOf({ outcome: 'failed', reason: 'missed', detail: 'late' });
  assert.equal((await withoutOwnFaults(missed, network)).outcome, 'inconclusive');
  assert.equal((await withoutOwnFaults({ ...missed, reason: 'job-failed' }, network)).outcome, 'failed');
});
