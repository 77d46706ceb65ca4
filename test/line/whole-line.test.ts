import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MINUTE, START } from '../aggregator/scene.ts';
import { endpointOf } from '../engine/table.ts';
import { Line } from './line.ts';

const CHECKOUT = { path: '/checkout', fault: 'error' } as const;

test('failing in one region: degraded, the region named, and no page', async (t) => {
  const line = await Line.open(t);
  await line.minute(0);
  assert.deepEqual(await line.verdict(0), { verdict: 'up', because: null });
  await line.demo.switchOn({ ...CHECKOUT, region: 'ap-southeast-2' });
  for (const minute of [1, 2, 3, 4]) await line.minute(minute);
  const { verdict, because } = await line.verdict(4);
  assert.equal(verdict, 'degraded');
  assert.match(because ?? '', /^failing from ap-southeast-2 \(expected status 200, got 503.*\)$/);
  assert.deepEqual(line.scene.kinds, []);
});

test('failing everywhere: one page; healed: one recovery', async (t) => {
  const line = await Line.open(t);
  await line.minute(0);
  await line.demo.switchOn({ ...CHECKOUT, region: null });
  for (const minute of [1, 2, 3, 4]) await line.minute(minute);
  assert.equal((await line.verdict(4)).verdict, 'down');
  assert.deepEqual(line.scene.kinds, ['opened']);
  assert.match(line.scene.published[0]?.emailBody ?? '', /Why {7}status: expected status 200, got 503/);
  await line.demo.healAll();
  for (const minute of [5, 6, 7]) await line.minute(minute);
  assert.equal((await line.verdict(7)).verdict, 'up');
  assert.deepEqual(line.scene.kinds, ['opened', 'resolved']);
});

test('the aggregator killed in the middle of paging, and started again: still exactly one page', async (t) => {
  const line = await Line.open(t);
  await line.minute(0);
  await line.demo.switchOn({ ...CHECKOUT, region: null });
  for (const minute of [1, 2]) await line.probe(minute);
  await killedWhilePaging(line, 2);
  assert.deepEqual(
    (await line.scene.store.loadAlerts()).map(({ outbox }) => outbox.length),
    [1],
    'state and page were stored before the process went',
  );
  for (const minute of [3, 4, 5]) await line.minute(minute);
  assert.deepEqual(line.scene.kinds, ['opened']);
});

/** Runs the aggregator in a process of its own, which SIGKILLs itself when the first page is about to be sent. */
async function killedWhilePaging(line: Line, minute: number): Promise<void> {
  const input = {
    endpoint: await endpointOf(line.scene.client),
    deployment: line.scene.deployment,
    nowEpochMs: START + minute * MINUTE + 20_000,
  };
  const child = spawn(process.execPath, [fileURLToPath(new URL('./killed-aggregator.ts', import.meta.url))], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  child.stdin?.end(JSON.stringify(input));
  const [, signal] = await once(child, 'exit');
  assert.equal(signal, 'SIGKILL');
}
