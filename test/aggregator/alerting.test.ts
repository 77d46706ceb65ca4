import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deploymentOf, monitorOf, policyOf } from '../shared/build.ts';
import { everywhere, MINUTE, Scene, START } from './scene.ts';

const deployment = deploymentOf([monitorOf()]);

test('a target down everywhere is paged once, and its recovery once', async (t) => {
  const scene = await Scene.open(t, deployment);
  const states = ['up', 'up', 'down', 'down', 'down', 'down', 'up', 'up', 'up'] as const;
  for (const [minute, state] of states.entries()) {
    await scene.minute(minute, everywhere(state));
    await scene.run(minute);
  }
  assert.deepEqual(scene.kinds, ['opened', 'resolved']);
  assert.deepEqual(
    scene.published.map((n) => (n.slotEpochMs - START) / MINUTE),
    [3, 7],
  );
  assert.equal(scene.published[0]?.incident.sinceEpochMs, START + 2 * MINUTE);
  assert.deepEqual(
    scene.events.map((n) => n.id),
    scene.published.map((n) => n.id),
  );
});

test('one region that fails pages nobody', async (t) => {
  const scene = await Scene.open(t, deployment);
  for (let minute = 0; minute < 8; minute += 1) {
    await scene.minute(minute, { ...everywhere('up'), 'eu-west-1': 'down' });
    await scene.run(minute);
  }
  assert.deepEqual(scene.kinds, []);
});

test('one region that fails while the others are silent is no outage; the silence is announced', async (t) => {
  const scene = await Scene.open(t, deployment);
  await scene.minute(0, everywhere('up'));
  await scene.run(0);
  for (let minute = 1; minute < 8; minute += 1) {
    await scene.minute(minute, { 'eu-west-1': 'down' });
    await scene.run(minute);
  }
  assert.deepEqual(scene.published.map((n) => `${n.kind} ${n.incident.subject}`).sort(), [
    'opened region:ap-southeast-2',
    'opened region:us-east-1',
  ]);
});

test('with one region silent the other two still page together', async (t) => {
  const scene = await Scene.open(t, deployment);
  for (let minute = 0; minute < 12; minute += 1) {
    const state = minute < 7 ? 'up' : 'down';
    await scene.minute(minute, { 'eu-west-1': state, 'us-east-1': state });
    await scene.run(minute);
  }
  assert.deepEqual(
    scene.published.map((n) => `${n.kind} ${n.incident.subject}`),
    ['opened region:ap-southeast-2', 'opened checkout'],
  );
});

test('silence of every region is one critical page, and none per monitor', async (t) => {
  const scene = await Scene.open(t, deployment);
  for (let minute = 0; minute < 4; minute += 1) {
    await scene.minute(minute, everywhere('up'));
    await scene.run(minute);
  }
  for (let minute = 4; minute < 12; minute += 1) await scene.run(minute);
  assert.deepEqual(
    scene.published.map((n) => `${n.kind} ${n.incident.subject} ${n.incident.severity}`),
    ['opened region:* critical'],
  );
  for (let minute = 12; minute < 14; minute += 1) {
    await scene.minute(minute, everywhere('up'));
    await scene.run(minute);
  }
  assert.deepEqual(scene.kinds, ['opened', 'resolved']);
});

test('inconclusive results everywhere are unknown: not down, and announced as what they are', async (t) => {
  const scene = await Scene.open(t, deployment);
  for (let minute = 0; minute < 8; minute += 1) {
    await scene.minute(minute, everywhere(minute < 2 ? 'up' : 'inconclusive'));
    await scene.run(minute);
  }
  assert.deepEqual(
    scene.published.map((n) => `${n.kind} ${n.incident.policyId}`),
    ['opened no-data'],
  );
  assert.match(scene.published[0]?.emailBody ?? '', /secret checkout-token is missing/);
});

test('one failing slot is not confirmed, and one good slot in an outage does not resolve it', async (t) => {
  const scene = await Scene.open(t, deployment);
  const states = ['up', 'down', 'up', 'up', 'down', 'down', 'up', 'down', 'down', 'down'] as const;
  for (const [minute, state] of states.entries()) {
    await scene.minute(minute, everywhere(state));
    await scene.run(minute);
  }
  assert.deepEqual(scene.kinds, ['opened']);
});

test('an open incident reminds after its interval', async (t) => {
  const policy = policyOf({ remindEveryMs: 3 * MINUTE });
  const scene = await Scene.open(t, deploymentOf([monitorOf({ policies: [policy] })]));
  for (let minute = 0; minute < 9; minute += 1) {
    await scene.minute(minute, everywhere('down'));
    await scene.run(minute);
  }
  assert.deepEqual(scene.kinds, ['opened', 'reminder', 'reminder']);
  assert.equal(new Set(scene.published.map((n) => n.id)).size, 3);
});

test('a policy that is no longer defined closes its incident', async (t) => {
  const scene = await Scene.open(t, deployment);
  for (let minute = 0; minute < 4; minute += 1) {
    await scene.minute(minute, everywhere('down'));
    await scene.run(minute);
  }
  const without = { ...deployment, monitors: [monitorOf({ policies: [] })] };
  await scene.minute(4, everywhere('down'));
  const later = Object.assign(Object.create(Object.getPrototypeOf(scene)), scene, { deployment: without });
  await later.run(4);
  assert.deepEqual(scene.kinds, ['opened', 'resolved']);
});

test('a slow latency is paged by its percentile, over single results and stored windows alike', async (t) => {
  const policy = policyOf({
    id: 'latency.p95',
    metricName: 'latency.p95',
    metric: { kind: 'latency', quantile: 0.95 },
    breach: 'above',
    threshold: 800,
    overMs: 30 * MINUTE,
    confirm: 1,
    severity: 'warning',
  });
  const scene = await Scene.open(t, deploymentOf([monitorOf({ policies: [policy] })]));
  for (let minute = 0; minute < 45; minute += 1) {
    const slow = { totalMs: minute < 35 ? 100 : 1_500 };
    await scene.minute(minute, { 'ap-southeast-2': slow, 'eu-west-1': slow, 'us-east-1': slow });
    await scene.run(minute);
  }
  // 30 results a window: the nearest rank of p95 is the 29th, so the second slow one is the first that shows.
  assert.deepEqual(
    scene.published.map((n) => [n.kind, (n.slotEpochMs - START) / MINUTE]),
    [['opened', 36]],
  );
});

test('pauses and silences that cannot be read do not keep anybody from being paged', async (t) => {
  const scene = await Scene.open(t, deployment);
  failQueriesOf(scene, 'control#us-east-1');
  for (let minute = 0; minute <= 3; minute += 1) {
    await scene.minute(minute, everywhere('down'));
    await assert.rejects(scene.run(minute), /reading controls failed: throttled/);
  }
  assert.deepEqual(scene.kinds, ['opened']);
});

test('a region whose results cannot be read does not keep the others from being paged', async (t) => {
  const scene = await Scene.open(t, deployment);
  for (let minute = 0; minute <= 3; minute += 1) {
    await scene.minute(minute, everywhere('up'));
    await scene.run(minute);
  }
  failQueriesOf(scene, 'batch#ap-southeast-2');
  for (let minute = 4; minute <= 9; minute += 1) {
    await scene.minute(minute, { 'eu-west-1': 'down', 'us-east-1': 'down' });
    await assert.rejects(scene.run(minute), /catching up with ap-southeast-2 failed: throttled/);
  }
  assert.deepEqual(scene.kinds, ['opened']);
});

function failQueriesOf(scene: Scene, partition: string): void {
  scene.client.middlewareStack.add(
    (next) => async (args) => {
      if (JSON.stringify(args.input).includes(partition)) throw new Error('throttled');
      return next(args);
    },
    { step: 'initialize' },
  );
}
