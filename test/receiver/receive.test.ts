import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { QueryCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { type Receiver, receive } from '../../functions/receiver/receive.ts';
import { type HeartbeatRecord, heartbeatOf, heartbeatsQuery } from '../../shared/heartbeat.ts';
import { startTable, TABLE } from '../engine/table.ts';
import { callOf } from './build.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const TOKEN = 'q+/9 "t0ken"';
const BEARER = { authorization: 'Bearer t0ken' };

interface Bench {
  readonly call: (...call: Parameters<typeof callOf>) => Promise<{ status: number | undefined; body: string }>;
  readonly records: () => Promise<ReadonlyMap<string, HeartbeatRecord>>;
  readonly logged: string[];
  nowEpochMs: number;
}

async function open(t: TestContext, over: Partial<Receiver> = {}): Promise<Bench> {
  const dynamo = over.dynamo ?? (await startTable(t));
  const logged: string[] = [];
  const known = new Map([
    ['nightly', 't0ken'],
    ['odd', TOKEN],
  ]);
  const bench: Bench = { call, records, logged, nowEpochMs: NOW };
  const handler = receive({
    region: 'us-east-1',
    table: TABLE,
    tokens: async () => ({ known, complete: true }),
    nowEpochMs: () => bench.nowEpochMs,
    log: (line) => logged.push(line),
    ...over,
    dynamo,
  });
  async function call(...stated: Parameters<typeof callOf>) {
    const { statusCode, headers, body = '' } = await handler(callOf(...stated));
    return { status: statusCode, body: `${JSON.stringify(headers)} ${body}` };
  }
  async function records() {
    const { Items = [] } = await dynamo.send(new QueryCommand(heartbeatsQuery(TABLE, 'us-east-1')));
    return new Map(Items.map(heartbeatOf).map(({ monitorId, record }) => [monitorId, record]));
  }
  return bench;
}

const SUCCEEDED: HeartbeatRecord = {
  lastSuccess: { endedAtEpochMs: NOW, startedAtEpochMs: null },
  earlierSuccess: null,
  lastFailure: null,
  runningSinceEpochMs: null,
};

for (const [what, path, stated] of [
  ['in the header', '/heartbeat/nightly', { headers: BEARER }],
  ['in the header, however it is written', '/heartbeat/nightly/', { headers: { authorization: 'bearer  t0ken' } }],
  ['in the path', '/heartbeat/nightly/t0ken', {}],
  ['in the path of a GET', '/heartbeat/nightly/t0ken', { method: 'GET' }],
  ['in the path of a HEAD', '/heartbeat/nightly/t0ken', { method: 'HEAD' }],
  ['in the header, whatever stands in the path', '/heartbeat/nightly/other', { headers: BEARER }],
] as const) {
  test(`the token ${what} is a success`, async (t) => {
    const bench = await open(t);
    assert.equal((await bench.call(path, stated)).status, 200);
    assert.deepEqual(await bench.records(), new Map([['nightly', SUCCEEDED]]));
  });
}

test('a token of any characters can stand in a path', async (t) => {
  const bench = await open(t);
  assert.equal((await bench.call(`/heartbeat/odd/${encodeURIComponent(TOKEN)}`)).status, 200);
});

test('unknown monitors, wrong tokens and other paths answer the same, and nothing is written', async (t) => {
  const bench = await open(t);
  const answers = await Promise.all([
    bench.call('/heartbeat/nightly/wrong'),
    bench.call('/heartbeat/nightly', { headers: { authorization: 'Bearer wrong' } }),
    bench.call('/heartbeat/nightly'),
    bench.call('/heartbeat/unknown/t0ken'),
    bench.call('/heartbeat/constructor/t0ken'),
    bench.call('/heartbeat/nightly/%E0%A4%A'),
    bench.call(`/heartbeat/nightly/${'x'.repeat(5_000)}`),
    bench.call('/heartbeat/odd/t0ken', { query: { status: 'nonsense' } }),
    bench.call('/heartbeat/nightly/t0ken/more'),
    bench.call('/api/status', { headers: BEARER }),
    bench.call('/'),
  ]);
  assert.equal(answers[0]?.status, 404);
  assert.deepEqual(new Set(answers.map((answer) => JSON.stringify(answer))).size, 1);
  assert.deepEqual(await bench.records(), new Map());
});

test('while a token cannot be read, a wrong one is not told from an unreadable one; a right one is taken', async (t) => {
  const known = new Map([['nightly', 't0ken']]);
  const bench = await open(t, { tokens: async () => ({ known, complete: false }) });
  const refused = await Promise.all([
    bench.call('/heartbeat/nightly/wrong'),
    bench.call('/heartbeat/unread/t0ken'),
    bench.call('/heartbeat/unknown/t0ken'),
  ]);
  assert.deepEqual(new Set(refused.map((answer) => JSON.stringify(answer))).size, 1);
  assert.equal(refused[0]?.status, 503);
  assert.equal((await bench.call('/heartbeat/nightly/t0ken')).status, 200);
  // Calling again does not bring a token along.
  assert.equal((await bench.call('/heartbeat/nightly')).status, 404);
});

test('an empty token lets nobody in', async (t) => {
  const bench = await open(t, { tokens: async () => ({ known: new Map([['nightly', '']]), complete: true }) });
  for (const authorization of ['', 'Bearer', 'Bearer ', 'Bearer  ']) {
    assert.equal((await bench.call('/heartbeat/nightly/', { headers: { authorization } })).status, 404);
  }
});

test('other methods are refused, and say which are not', async (t) => {
  const bench = await open(t);
  for (const method of ['PUT', 'DELETE', 'OPTIONS']) {
    const { status, body } = await bench.call('/heartbeat/nightly/t0ken', { method });
    assert.equal(status, 405);
    assert.match(body, /"allow":"GET, HEAD, POST"/);
  }
  assert.deepEqual(await bench.records(), new Map());
});

for (const [status, record] of [
  ['success', SUCCEEDED],
  ['0', SUCCEEDED],
  ['start', { ...SUCCEEDED, lastSuccess: null, runningSinceEpochMs: NOW }],
  ['fail', { ...SUCCEEDED, lastSuccess: null, lastFailure: { atEpochMs: NOW, message: '' } }],
  ['137', { ...SUCCEEDED, lastSuccess: null, lastFailure: { atEpochMs: NOW, message: 'exit code 137' } }],
] as const) {
  test(`status=${status} is stored as what it says`, async (t) => {
    const bench = await open(t);
    assert.equal((await bench.call('/heartbeat/nightly/t0ken', { query: { status } })).status, 200);
    assert.deepEqual(await bench.records(), new Map([['nightly', record]]));
  });
}

test('an unknown status is the caller’s mistake, and nothing is written', async (t) => {
  const bench = await open(t);
  for (const status of ['', 'ok', '256', '-1', '1e2', '0x1']) {
    assert.equal((await bench.call('/heartbeat/nightly/t0ken', { query: { status } })).status, 400, status);
  }
  assert.deepEqual(await bench.records(), new Map());
});

async function messageOf(t: TestContext, stated: Parameters<typeof callOf>[1], id = 'nightly', token = 't0ken') {
  const bench = await open(t);
  const query = { status: 'fail', ...stated?.query };
  await bench.call(`/heartbeat/${id}`, { ...stated, query, headers: { authorization: `Bearer ${token}` } });
  return (await bench.records()).get(id)?.lastFailure?.message;
}

test('a failing job’s message is its body, or what the query says, on one line', async (t) => {
  assert.equal(await messageOf(t, { body: 'disk\n \u001b[1;31mfull\u001b[0m [31m' }), 'disk full [31m');
  assert.equal(await messageOf(t, { query: { message: 'no route' } }), 'no route');
  assert.equal(await messageOf(t, { body: Buffer.from('späť').toString('base64'), isBase64Encoded: true }), 'späť');
});

test('a long message keeps its end, and its exit code', async (t) => {
  const body = `${'x'.repeat(2_000_000)} the reason`;
  const message = await messageOf(t, { body, query: { status: '2' } });
  assert.equal(message?.length, 180);
  assert.match(message ?? '', /^exit code 2: …x+ the reason$/);
});

test('a message never holds its token, as it is or encoded', async (t) => {
  const body = `curl https://x/heartbeat/nightly/t0ken ${Buffer.from('t0ken').toString('base64')} ${'t0ken'.repeat(100)}`;
  assert.doesNotMatch((await messageOf(t, { body })) ?? '', /t0k|dDBr/);
});

test('the message of a run that did not fail is not kept', async (t) => {
  const bench = await open(t);
  await bench.call('/heartbeat/nightly/t0ken', { body: 'all well' });
  assert.deepEqual(await bench.records(), new Map([['nightly', SUCCEEDED]]));
});

test('what cannot be stored is asked for again, and the log names neither path nor token', async (t) => {
  const broken = Object.assign(new Error('PUT /heartbeat/nightly/t0ken failed'), { name: 'ProvisionedThroughput' });
  const bench = await open(t, { dynamo: { send: async () => Promise.reject(broken) } });
  const { status, body } = await bench.call('/heartbeat/nightly/t0ken');
  assert.equal(status, 503);
  assert.match(body, /"retry-after":"5"/);
  assert.deepEqual(bench.logged, [
    '{"event":"heartbeat-lost","monitorId":"nightly","status":"success","error":"ProvisionedThroughput"}',
  ]);
});

test('a call that is repeated at once is answered as the first, and changes nothing', async (t) => {
  const bench = await open(t);
  await bench.call('/heartbeat/nightly/t0ken');
  assert.equal((await bench.call('/heartbeat/nightly/t0ken')).status, 200);
  assert.deepEqual(await bench.records(), new Map([['nightly', SUCCEEDED]]));
});

test('a run’s time is from its own start, also where an earlier one was never ended', async (t) => {
  const bench = await open(t);
  for (const [atMs, status] of [
    [0, 'start'],
    [60_000, 'start'],
    [90_000, 'success'],
  ] as const) {
    bench.nowEpochMs = NOW + atMs;
    await bench.call('/heartbeat/nightly/t0ken', { query: { status } });
  }
  const lastSuccess = { endedAtEpochMs: NOW + 90_000, startedAtEpochMs: NOW + 60_000 };
  assert.deepEqual((await bench.records()).get('nightly'), { ...SUCCEEDED, lastSuccess });
});

test('a run is running since its first start, however often it begins again', async (t) => {
  const bench = await open(t);
  for (const atMs of [0, 60_000, 120_000]) {
    bench.nowEpochMs = NOW + atMs;
    await bench.call('/heartbeat/nightly/t0ken', { query: { status: 'start' } });
  }
  assert.equal((await bench.records()).get('nightly')?.runningSinceEpochMs, NOW);
});

test('calls come to the same last success and failure in whatever order they are stored', async (t) => {
  const dynamo = await startTable(t);
  const call = fc.record({ status: fc.constantFrom('start', 'success', 'fail'), atMs: fc.nat(5) });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 6 }), async (calls) => {
      run += 1;
      const monitorId = `run-${run}`;
      const known = new Map([[monitorId, 't0ken']]);
      const bench = await open(t, { dynamo, tokens: async () => ({ known, complete: true }) });
      for (const { status, atMs } of calls) {
        bench.nowEpochMs = NOW + atMs;
        assert.equal((await bench.call(`/heartbeat/${monitorId}/t0ken`, { query: { status } })).status, 200);
      }
      const { Items = [] } = await dynamo.send(new QueryCommand(heartbeatsQuery(TABLE, 'us-east-1')));
      const record = Items.map(heartbeatOf).find((found) => found.monitorId === monitorId)?.record;
      const latest = (wanted: string) => {
        const instants = calls.filter(({ status }) => status === wanted).map(({ atMs }) => NOW + atMs);
        return instants.length === 0 ? null : Math.max(...instants);
      };
      assert.equal(record?.lastSuccess?.endedAtEpochMs ?? null, latest('success'));
      assert.equal(record?.lastFailure?.atEpochMs ?? null, latest('fail'));
    }),
    { numRuns: 20 },
  );
});
