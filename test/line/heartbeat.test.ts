import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ReadSecrets } from '../../functions/receiver/secret-values.ts';
import { heartbeatOf } from '../shared/build.ts';
import { Line, type SecretsOf } from './line.ts';

const JOB = heartbeatOf({ heartbeat: { everyMs: 5 * 60_000, graceMs: 60_000 } });
const PATH = '/heartbeat/nightly/t0ken';

const SECRETS: SecretsOf = () => ({ read: async (names) => new Map(names.map((name) => [name, { value: 't0ken' }])) });
const TOKENS: ReadSecrets = async (names) => ({ values: new Map(names.map((name) => [name, 't0ken'])), error: null });

async function minutes(line: Line, from: number, until: number): Promise<void> {
  for (let minute = from; minute < until; minute += 1) await line.minute(minute);
}

function open(t: TestContext): Promise<Line> {
  return Line.open(t, SECRETS, undefined, [JOB], TOKENS);
}

test('a missed heartbeat pages once, and the next call resolves it once', async (t) => {
  const line = await open(t);
  assert.equal(await line.call(0.2, PATH), 200);
  await minutes(line, 1, 7);
  assert.deepEqual(await line.verdict(6, 'nightly'), { verdict: 'up', because: null });
  assert.deepEqual(line.scene.kinds, []);

  await minutes(line, 7, 12);
  assert.deepEqual(line.scene.kinds, ['opened']);
  assert.equal((await line.verdict(11, 'nightly')).verdict, 'down');
  const [page] = line.scene.published;
  assert.equal(page?.emailSubject, '[CRITICAL] nightly MISSED its heartbeat');
  assert.match(page?.sms ?? '', /^CRITICAL nightly MISSED its heartbeat since 12:0\dZ: due every 5m, grace 1m inc-/);
  assert.match(
    page?.emailBody ?? '',
    /Why {7}missed: the last success came at 2026-01-05 12:00:12 UTC, and the next was due by 2026-01-05 12:06:12 UTC, 48s ago \(every 5m, grace 1m\)\n/,
  );

  assert.equal(await line.call(11.5, PATH), 200);
  await minutes(line, 12, 16);
  assert.deepEqual(line.scene.kinds, ['opened', 'resolved']);
  assert.match(
    line.scene.published[1]?.emailSubject ?? '',
    /^\[RESOLVED\] nightly is back: its job succeeded again, after /,
  );
  assert.deepEqual(await line.verdict(15, 'nightly'), { verdict: 'up', because: null });
});

test('a job that says it failed pages at once, with what it says and without its token', async (t) => {
  const line = await open(t);
  await line.call(0.2, PATH);
  await line.minute(1);
  await line.call(1.5, PATH, { status: '3' }, 'disk full\n(token t0ken)\n');
  await line.minute(2);
  assert.deepEqual(line.scene.kinds, ['opened']);
  const [page] = line.scene.published;
  assert.equal(page?.emailSubject, '[CRITICAL] nightly FAILED: its job says so');
  assert.match(
    page?.emailBody ?? '',
    /job-failed: the job said at 2026-01-05 12:01:30 UTC that it failed: exit code 3: disk full \(token \[secret\]\)\n/,
  );
  assert.doesNotMatch(JSON.stringify(line.scene.published), /t0ken/);
});

test('before its first call a job is unknown, and nobody is told until that is late', async (t) => {
  const line = await open(t);
  await minutes(line, 0, 7);
  const { verdict, because } = await line.verdict(6, 'nightly');
  assert.equal(verdict, 'unknown');
  assert.match(because ?? '', /awaiting the first heartbeat since 2026-01-05 12:00:00 UTC/);
  assert.deepEqual(line.scene.kinds, []);

  await minutes(line, 7, 11);
  assert.deepEqual(
    line.scene.published.map(({ emailSubject }) => emailSubject),
    ['[WARNING] nightly has NEVER CALLED: no heartbeat since it was defined'],
  );
  await line.call(10.5, PATH);
  await minutes(line, 11, 14);
  assert.deepEqual(line.scene.kinds, ['opened', 'resolved']);
  assert.equal((await line.verdict(13, 'nightly')).verdict, 'up');
});

test('while its token’s secret is missing nothing is late: nothing could be received', async (t) => {
  const line = await Line.open(
    t,
    () => ({ read: async (names) => new Map(names.map((name) => [name, missing(name)])) }),
    undefined,
    [JOB],
  );
  assert.equal(await line.call(0.2, PATH), 503);
  await minutes(line, 0, 12);
  const { verdict, because } = await line.verdict(11, 'nightly');
  assert.equal(verdict, 'unknown');
  assert.match(because ?? '', /secret "nightly" does not exist/);
});

function missing(name: string) {
  return { missing: `secret "${name}" does not exist` };
}

test('how long runs take is the time of one result each', async (t) => {
  const line = await open(t);
  const calls = new Map<number, readonly [atMinute: number, status: string]>([
    [0, [0.5, 'start']],
    [1, [1.5, 'success']],
    [4, [4.25, 'start']],
    [5, [5.5, 'success']],
  ]);
  for (let minute = 0; minute < 8; minute += 1) {
    await line.probe(minute);
    const [atMinute, status] = calls.get(minute) ?? [];
    if (atMinute !== undefined && status !== undefined) await line.call(atMinute, PATH, { status });
  }
  const results = await line.results('nightly', 8);
  assert.deepEqual(
    results.map(({ totalMs }) => totalMs).filter((totalMs) => totalMs !== null),
    [60_000, 75_000],
  );
});
