import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { type ControlKind, type ControlTarget, controlPut, newControl } from '../../shared/control.ts';
import { TABLE } from '../engine/table.ts';
import { deploymentOf, monitorOf } from '../shared/build.ts';
import { everywhere, MINUTE, Scene, START } from './scene.ts';

const deployment = deploymentOf([monitorOf({ tags: ['shop'] })]);

/** From `minute` on, for so many minutes. */
async function tell(scene: Scene, kind: ControlKind, target: ControlTarget, minute: number, minutes: number) {
  const about = { kind, target, reason: 'migration', by: 'test' };
  const control = newControl(about, minutes * MINUTE, null, START + minute * MINUTE);
  await scene.client.send(new PutItemCommand(controlPut(TABLE, 'us-east-1', control)));
}

async function minutes(scene: Scene, from: number, to: number, state: 'up' | 'down' | 'nothing'): Promise<void> {
  for (let minute = from; minute <= to; minute += 1) {
    if (state !== 'nothing') await scene.minute(minute, everywhere(state));
    await scene.run(minute);
  }
}

test('an outage during a silence is paged when the silence ends, if it still lasts', async (t) => {
  const scene = await Scene.open(t, deployment);
  await minutes(scene, 0, 2, 'up');
  await tell(scene, 'silence', 'tag:shop', 3, 5);
  await minutes(scene, 3, 7, 'down');
  assert.deepEqual(scene.kinds, []);
  await minutes(scene, 8, 9, 'down');
  assert.deepEqual(scene.kinds, ['opened']);
});

test('an outage that ends during its silence is not paged', async (t) => {
  const scene = await Scene.open(t, deployment);
  await minutes(scene, 0, 2, 'up');
  await tell(scene, 'silence', 'monitor:checkout', 3, 10);
  await minutes(scene, 3, 6, 'down');
  await minutes(scene, 7, 16, 'up');
  assert.deepEqual(scene.kinds, []);
});

test('a silence that comes after the page still lets the recovery through', async (t) => {
  const scene = await Scene.open(t, deployment);
  await minutes(scene, 0, 2, 'up');
  await minutes(scene, 3, 5, 'down');
  await tell(scene, 'silence', 'all', 6, 20);
  await minutes(scene, 6, 9, 'up');
  assert.deepEqual(scene.kinds, ['opened', 'resolved']);
});

test('while everything is paused nobody is told that nothing comes, nor right after', async (t) => {
  const scene = await Scene.open(t, deployment);
  await minutes(scene, 0, 2, 'up');
  await tell(scene, 'pause', 'all', 3, 10);
  await minutes(scene, 3, 13, 'nothing');
  await minutes(scene, 14, 16, 'up');
  assert.deepEqual(scene.kinds, []);
});

test('one paused monitor among others is not called unknown', async (t) => {
  const search = monitorOf({ id: 'search' });
  const scene = await Scene.open(t, deploymentOf([monitorOf({ tags: ['shop'] }), search]));
  await minutes(scene, 0, 2, 'up');
  await tell(scene, 'pause', 'tag:shop', 3, 10);
  for (let minute = 3; minute <= 11; minute += 1) {
    await scene.minute(minute, everywhere('up'), [search]);
    await scene.run(minute);
  }
  assert.deepEqual(scene.kinds, []);
});
