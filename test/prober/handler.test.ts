import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type DynamoDBClient, PutItemCommand, paginateQuery, QueryCommand } from '@aws-sdk/client-dynamodb';
import { createHandler, type ProberDependencies } from '../../functions/prober/handler.ts';
import { createPacer } from '../../functions/prober/pacer.ts';
import type { RunSummary } from '../../functions/prober/run-summary.ts';
import { controlPut, newControl } from '../../shared/control.ts';
import type { Batch } from '../../shared/result.ts';
import { DAY_MS, MINUTE_MS } from '../../shared/schedule.ts';
import { batchOf, batchQueries } from '../../shared/table.ts';
import { startTable, TABLE } from '../engine/table.ts';
import { refusingPort, serveHttp } from '../servers/loopback.ts';
import { monitor, prober, SLOT_MS } from './build.ts';
import { FakeClock } from './fake-clock.ts';

const RETENTION = {
  resultsMs: DAY_MS,
  fiveMinutesMs: DAY_MS,
  hoursMs: DAY_MS,
  daysMs: DAY_MS,
  incidentsMs: DAY_MS,
};
const EVENT = { scheduledTime: new Date(SLOT_MS).toISOString(), periodMs: MINUTE_MS, shard: 0 };

test('stores what it found of its region’s monitors', async (t) => {
  const dynamo = await startTable(t);
  const good = await serveHttp(t, (_, response) => response.end());
  const bad = await refusingPort(t);
  const { handle } = handlerOf({
    dynamo,
    monitors: [
      monitor({ id: 'good', request: { url: `http://127.0.0.1:${good}/` } }),
      monitor({ id: 'bad', request: { url: `http://127.0.0.1:${bad}/` } }),
      { ...monitor({ id: 'elsewhere' }), regions: ['us-east-1'] },
    ],
  });
  await handle(EVENT);
  const [batch] = await storedBatches(dynamo);
  assert.deepEqual(
    batch?.results.map((result) => [result.monitorId, result.outcome, result.reason, result.slotEpochMs]),
    [
      ['bad', 'failed', 'connect', SLOT_MS],
      ['good', 'passed', null, SLOT_MS],
    ],
  );
});

test('an event that comes twice changes nothing the second time', async (t) => {
  const dynamo = await startTable(t);
  let status = 200;
  const port = await serveHttp(t, (_, response) => response.writeHead(status).end());
  const { handle, summaries } = handlerOf({
    dynamo,
    monitors: [monitor({ request: { url: `http://127.0.0.1:${port}/` } })],
  });
  await handle(EVENT);
  const first = await storedBatches(dynamo);
  status = 503;
  await handle(EVENT);
  assert.deepEqual(await storedBatches(dynamo), first);
  assert.deepEqual(
    summaries.map((summary) => summary.batches),
    [
      { stored: 1, alreadyThere: 0, lost: 0 },
      { stored: 0, alreadyThere: 1, lost: 0 },
    ],
  );
});

test('says in one line what it did', async (t) => {
  const dynamo = await startTable(t);
  const port = await serveHttp(t, (_, response) => response.writeHead(503).end());
  const { handle, summaries } = handlerOf({
    dynamo,
    monitors: Array.from({ length: 12 }, (_, index) =>
      monitor({ id: `m${index}`, request: { url: `http://127.0.0.1:${port}/` } }),
    ),
  });
  await handle(EVENT);
  assert.deepEqual(
    summaries.map((summary) => summary.outcomes),
    [{ passed: 0, failed: 12, inconclusive: 0 }],
  );
  assert.equal(summaries[0]?.notPassed.length, 10);
});

test('a store that is away for a moment is tried again', async (t) => {
  const { dynamo, tries } = await failingTable(t, 3, new Error('away'));
  await handlerOf({ dynamo }).handle(EVENT);
  assert.equal(tries(), 4);
  assert.equal((await storedBatches(dynamo)).length, 1);
});

test('batches that cannot be stored make the run fail, after their line in the log', async (t) => {
  const { dynamo } = await failingTable(t, 100, new Error('away'));
  const { handle, summaries } = handlerOf({ dynamo });
  await assert.rejects(handle(EVENT), { code: 'batches-lost' });
  assert.deepEqual(
    summaries.map((summary) => [summary.batches.lost, summary.errors]),
    [[1, ['away']]],
  );
});

test('what trying again cannot help is not tried again', async (t) => {
  const denied = Object.assign(new Error('not allowed'), { name: 'AccessDeniedException' });
  const { dynamo, tries } = await failingTable(t, 100, denied);
  await assert.rejects(handlerOf({ dynamo }).handle(EVENT), { code: 'batches-lost' });
  assert.equal(tries(), 1);
});

for (const [what, event] of [
  ['without an instant', { ...EVENT, scheduledTime: 'yesterday' }],
  ['without a period', { ...EVENT, periodMs: 0 }],
  ['for a shard that cannot be', { ...EVENT, shard: -1 }],
] as const) {
  test(`an event ${what} is refused`, async (t) => {
    const { handle } = handlerOf({ dynamo: await startTable(t) });
    await assert.rejects(handle(event), { code: 'unknown-probe-event' });
  });
}

test('what home or the standby has paused is not checked, and said', async (t) => {
  for (const writer of ['us-east-1', 'eu-west-1']) {
    const dynamo = await startTable(t);
    await dynamo.send(new PutItemCommand(controlPut(TABLE, writer, PAUSE)));
    const { handle, summaries } = handlerOf({ dynamo });
    await handle(EVENT);
    assert.deepEqual(await storedBatches(dynamo), []);
    assert.deepEqual([summaries[0]?.paused, summaries[0]?.controlsError], [1, null]);
  }
});

test('while pauses cannot be read everything is checked', async (t) => {
  const dynamo = await startTable(t);
  await dynamo.send(new PutItemCommand(controlPut(TABLE, 'us-east-1', PAUSE)));
  const deaf: Pick<DynamoDBClient, 'send'> = new Proxy(dynamo, {
    get: (client, name) =>
      name === 'send'
        ? async (command: object) => {
            if (command instanceof QueryCommand) throw new Error('not now');
            return command instanceof PutItemCommand ? client.send(command) : undefined;
          }
        : Reflect.get(client, name),
  });
  const { handle, summaries } = handlerOf({ dynamo: deaf });
  await handle(EVENT);
  assert.equal((await storedBatches(dynamo)).length, 1);
  assert.deepEqual([summaries[0]?.paused, summaries[0]?.controlsError], [0, 'not now']);
});

const PAUSE = newControl({ kind: 'pause', target: 'all', reason: null, by: 'ada@desk' }, MINUTE_MS, null, SLOT_MS);

test('what cannot be reached while no control target answers is inconclusive, and the log says so', async (t) => {
  const dynamo = await startTable(t);
  const bad = await refusingPort(t);
  const { handle, summaries } = handlerOf({
    dynamo,
    monitors: [monitor({ request: { url: `http://127.0.0.1:${bad}/` } })],
    network: { works: async () => false },
  });
  await handle(EVENT);
  const [batch] = await storedBatches(dynamo);
  assert.deepEqual(
    batch?.results.map(({ outcome, blame }) => [outcome, blame]),
    [['inconclusive', 'prober']],
  );
  assert.equal(summaries[0]?.networkWorks, false);
});

test('the values of secrets are in neither the log nor the table', async (t) => {
  const dynamo = await startTable(t);
  const port = await serveHttp(t, (request, response) => response.end(`you said ${request.headers.authorization}`));
  const { handle, summaries } = handlerOf({
    dynamo,
    monitors: [
      monitor({
        request: { url: `http://127.0.0.1:${port}/`, headers: { authorization: 'Bearer ${secret:token}' } },
        expect: { body: [{ op: 'equals', value: 'fine' }] },
      }),
    ],
    secrets: { read: async () => new Map([['token', { value: 'hunter2' }]]) },
  });
  await handle(EVENT);
  const written = JSON.stringify([summaries, await storedBatches(dynamo)]);
  assert.match(written, /you said Bearer \[secret\]/);
  assert.doesNotMatch(written, /hunter2/);
});

interface HandlerCase {
  readonly dynamo: Pick<DynamoDBClient, 'send'>;
  readonly monitors?: ProberDependencies['deployment']['monitors'];
  readonly secrets?: ProberDependencies['secrets'];
  readonly network?: ProberDependencies['network'];
}

/** A handler whose clock jumps over every wait. By default its one monitor is refused by the address guard. */
function handlerOf(stated: HandlerCase) {
  const summaries: RunSummary[] = [];
  const clock = new FakeClock(SLOT_MS);
  const jumping = {
    epochMs: () => clock.epochMs(),
    monotonicMs: () => performance.now(),
    after(delayMs: number, callback: () => void) {
      // Deadlines of checks are far; waits between tries are near.
      if (delayMs >= 20_000) return () => {};
      setImmediate(callback);
      return () => {};
    },
  };
  const handle = createHandler({
    prober: prober({ clock: jumping }),
    deployment: {
      monitors: stated.monitors ?? [monitor({ request: { url: 'http://169.254.169.254/' } })],
      retention: RETENTION,
      home: 'us-east-1',
      standby: 'eu-west-1',
    },
    table: TABLE,
    dynamo: stated.dynamo,
    secrets: stated.secrets ?? { read: async () => new Map() },
    pace: createPacer(jumping, 0),
    network: stated.network ?? { works: async () => true },
    log: (summary) => summaries.push(summary),
  });
  return { handle, summaries };
}

/** A table whose first so many writes fail. */
async function failingTable(t: TestContext, count: number, failure: Error) {
  const dynamo = await startTable(t);
  let tries = 0;
  dynamo.middlewareStack.add(
    (next) => async (request) => {
      if (!('Item' in request.input)) return next(request);
      tries += 1;
      if (tries <= count) throw failure;
      return next(request);
    },
    // Before the SDK's own retries.
    { step: 'initialize' },
  );
  return { dynamo, tries: () => tries };
}

async function storedBatches(client: DynamoDBClient): Promise<Batch[]> {
  const batches: Batch[] = [];
  for (const query of batchQueries(TABLE, 'eu-west-1', SLOT_MS, SLOT_MS + MINUTE_MS, RETENTION)) {
    for await (const page of paginateQuery({ client }, query)) {
      for (const item of page.Items ?? []) {
        const batch = batchOf(item, SLOT_MS, SLOT_MS + MINUTE_MS);
        if (batch !== null) batches.push(batch);
      }
    }
  }
  return batches;
}
