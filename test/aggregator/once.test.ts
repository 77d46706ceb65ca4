import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Deliver } from '../../functions/aggregator/alert-book.ts';
import { TABLE } from '../engine/table.ts';
import { deploymentOf, monitorOf } from '../shared/build.ts';
import { everywhere, Scene } from './scene.ts';

const deployment = deploymentOf([monitorOf()]);

/** Three good minutes, then two bad ones: the run of minute 4 pages. */
async function untilPage(scene: Scene): Promise<void> {
  for (let minute = 0; minute < 5; minute += 1) {
    await scene.minute(minute, everywhere(minute < 3 ? 'up' : 'down'));
    if (minute < 4) await scene.run(minute);
  }
}

test('a run that is repeated pages nobody twice', async (t) => {
  const scene = await Scene.open(t, deployment);
  await untilPage(scene);
  for (const second of [20, 21, 22]) await scene.run(4, second);
  assert.deepEqual(scene.kinds, ['opened']);
});

test('two runs at the same moment page once', async (t) => {
  const scene = await Scene.open(t, deployment);
  await untilPage(scene);
  await Promise.all([scene.run(4), scene.run(4), scene.run(4)]);
  assert.deepEqual(scene.kinds, ['opened']);
});

test('a batch that is stored twice changes nothing', async (t) => {
  const scene = await Scene.open(t, deployment);
  await untilPage(scene);
  await scene.minute(4, everywhere('up'));
  await scene.run(4);
  assert.deepEqual(scene.kinds, ['opened']);
});

test('a crash before sending: the next run sends once the claim is over, exactly once', async (t) => {
  const scene = await Scene.open(t, deployment);
  await untilPage(scene);
  await crashIn(scene, 'before sending');
  await scene.run(4, 50);
  assert.deepEqual(scene.kinds, [], 'the crashed run may still be sending');
  await scene.minute(5, everywhere('down'));
  await scene.run(5, 30);
  await scene.run(5, 40);
  assert.deepEqual(scene.kinds, ['opened']);
});

test('a crash after sending: the page may come again, with the same id, so that receivers can tell', async (t) => {
  const scene = await Scene.open(t, deployment);
  await untilPage(scene);
  await crashIn(scene, 'after sending');
  await scene.minute(5, everywhere('down'));
  await scene.run(5, 30);
  assert.deepEqual(
    [scene.kinds, new Set(scene.published.map((n) => n.id)).size, scene.events.length],
    [['opened', 'opened'], 1, 1],
  );
});

test('a topic that is away loses no page: opening and recovery come, in order, when it is back', async (t) => {
  const scene = await Scene.open(t, deployment);
  await untilPage(scene);
  scene.beforeSend = () => {
    throw new Error('topic is away');
  };
  await scene.run(4);
  for (let minute = 5; minute < 9; minute += 1) {
    await scene.minute(minute, everywhere('up'));
    await scene.run(minute);
  }
  assert.deepEqual(scene.kinds, []);
  scene.beforeSend = () => {};
  await scene.minute(9, everywhere('up'));
  await scene.run(9);
  assert.deepEqual(scene.kinds, ['opened', 'resolved']);
});

test('a bus that refuses does not repeat the page', async (t) => {
  const scene = await Scene.open(t, deployment);
  await untilPage(scene);
  let refuse = true;
  const deliver: Deliver = async (notification, destination) => {
    if (destination === 'bus' && refuse) throw new Error('bus is away');
    await scene.deliver(notification, destination);
  };
  await scene.run(4, 20, deliver);
  refuse = false;
  await scene.run(4, 40, deliver);
  assert.deepEqual([scene.kinds, scene.events.length], [['opened'], 1]);
});

test('progress that is lost costs work, not pages', async (t) => {
  const scene = await Scene.open(t, deployment);
  await untilPage(scene);
  scene.store.saveProgress = async () => 'lost';
  await scene.run(4);
  await scene.minute(5, everywhere('down'));
  await scene.run(5);
  for (const minute of [6, 7, 8]) {
    await scene.minute(minute, everywhere('up'));
    await scene.run(minute);
  }
  assert.deepEqual(scene.kinds, ['opened', 'resolved']);
});

for (const [what, pk] of [
  ['progress', 'progress#us-east-1'],
  ['an incident', 'alert#us-east-1'],
] as const) {
  test(`${what} that is damaged stops nothing: the next outage is paged`, async (t) => {
    const scene = await Scene.open(t, deployment);
    await untilPage(scene);
    await scene.run(4);
    const item = { pk: { S: pk }, sk: { S: pk.startsWith('alert') ? 'checkout#down' : 'aggregator' } };
    await scene.client.send(
      new PutItemCommand({ TableName: TABLE, Item: { ...item, version: { N: '7' }, json: { S: '{"incident":' } } }),
    );
    for (const minute of [5, 6, 7, 8]) {
      await scene.minute(minute, everywhere('up'));
      await scene.run(minute);
    }
    for (const minute of [9, 10, 11]) {
      await scene.minute(minute, everywhere('down'));
      await scene.run(minute);
    }
    assert.deepEqual(scene.kinds.filter((kind) => kind === 'opened').length, 2);
  });
}

test('after an hour without an aggregator everything is judged, and paged once', async (t) => {
  const scene = await Scene.open(t, deployment);
  await scene.minute(0, everywhere('up'));
  await scene.run(0);
  for (let minute = 1; minute < 45; minute += 1) {
    await scene.minute(minute, everywhere(minute < 20 || minute > 30 ? 'up' : 'down'));
  }
  await scene.run(44);
  assert.deepEqual(
    scene.published.map((n) => n.kind),
    ['opened', 'resolved'],
  );
});

test('results that arrive minutes late are judged as soon as they are there', async (t) => {
  const scene = await Scene.open(t, deployment);
  for (let minute = 0; minute < 3; minute += 1) {
    await scene.minute(minute, everywhere('up'));
    await scene.run(minute);
  }
  await scene.run(3);
  await scene.run(4);
  await scene.minute(3, everywhere('down'));
  await scene.minute(4, everywhere('down'));
  await scene.run(4, 50);
  assert.deepEqual(scene.kinds, ['opened']);
});

/** Runs minute 4 until its page is about to go, or has gone, to the topic; from then on nothing reaches the table any more. */
async function crashIn(scene: Scene, when: 'before sending' | 'after sending'): Promise<void> {
  const crashing: Deliver = async (notification, destination) => {
    if (when === 'after sending' && destination === 'topic') await scene.deliver(notification, destination);
    scene.store.saveAlert = () => Promise.reject(new Error('the process is gone'));
    throw new Error('the process is gone');
  };
  const { saveAlert } = scene.store;
  await assert.rejects(scene.run(4, 20, crashing), /the process is gone/);
  scene.store.saveAlert = saveAlert;
}
