import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { controlPut, endedControl, isInForce, isPaused, newControl, readControls } from '../../shared/control.ts';
import type { Deployment, HttpMonitor } from '../../shared/monitor.ts';
import type { SpendCap } from '../../shared/spend-cap.ts';
import { TABLE } from '../engine/table.ts';
import { deploymentOf, monitorOf, REGIONS } from '../shared/build.ts';
import { MINUTE, Scene, START } from './scene.ts';

const CAP: SpendCap = { dollars: 1, per: 'day' };
const capped = (over: Partial<HttpMonitor> = {}) => monitorOf({ policies: [], spendCap: CAP, ...over });
const deployment = deploymentOf([capped(), monitorOf({ id: 'other', policies: [] })]);

/** Minutes whose every check has cost so much, with aggregations now and then, and after each of the last two. */
async function spend(scene: Scene, from: number, to: number, dollars: number): Promise<void> {
  for (let minute = from; minute < to; minute += 1) {
    await scene.minute(minute, Object.fromEntries(REGIONS.map((region) => [region, { metrics: { cost: dollars } }])));
    if (minute % 5 === 0 || minute >= to - 2) await scene.run(minute);
  }
}

async function standing(scene: Scene) {
  return (await readControls(scene.store.query, TABLE, scene.deployment)).filter(({ spendCap }) => spendCap);
}

/** 0.03 dollars a minute: 1.02 after minute 33. */
async function cappedScene(t: TestContext, of: Deployment = deployment): Promise<Scene> {
  const scene = await Scene.open(t, of);
  await spend(scene, 0, 34, 0.01);
  return scene;
}

test('a monitor that has spent its cap is paused to the end of the period, and the others are not', async (t) => {
  const scene = await cappedScene(t);
  const controls = await standing(scene);
  assert.deepEqual(
    controls.map(({ kind, target, reason, fromEpochMs, untilEpochMs }) => ({
      kind,
      target,
      reason,
      fromEpochMs,
      untilEpochMs,
    })),
    [
      {
        kind: 'pause',
        target: 'monitor:checkout',
        reason: 'spend cap of $1.00 a day reached at 12:33 UTC, $1.02 spent; goes on at 2026-01-06 00:00 UTC',
        fromEpochMs: START + 34 * MINUTE,
        untilEpochMs: START + 12 * 60 * MINUTE,
      },
    ],
  );
  const paused = deployment.monitors.filter((monitor) => isPaused(monitor, START + 40 * MINUTE, controls));
  assert.deepEqual(
    paused.map(({ id }) => id),
    ['checkout'],
  );
});

test('it is announced once, and its end once', async (t) => {
  const scene = await cappedScene(t);
  await scene.run(33, 40);
  await scene.run(34);
  const [page] = scene.published;
  assert.equal(page?.emailSubject, '[WARNING] checkout is PAUSED: its spend cap is reached');
  assert.match(page?.emailBody ?? '', /^Why +spend cap of \$1\.00 a day reached at 12:33 UTC/m);
  assert.match(page?.emailBody ?? '', /npx parallax resume checkout$/m);
  await scene.minute(12 * 60, { 'us-east-1': 'up' });
  await scene.run(12 * 60);
  await scene.run(12 * 60 + 1);
  const own = scene.published.filter(({ incident }) => incident.policyId === 'spend-cap');
  assert.deepEqual(
    own.map(({ kind, slotEpochMs }) => [kind, (slotEpochMs - START) / MINUTE]),
    [
      ['opened', 34],
      ['resolved', 720],
    ],
  );
});

test('nothing is missed of a monitor that its cap has paused', async (t) => {
  const scene = await cappedScene(t);
  const others = deployment.monitors.slice(1);
  for (let minute = 34; minute < 44; minute += 1) {
    await scene.minute(minute, Object.fromEntries(REGIONS.map((region) => [region, 'up'])), others);
    await scene.run(minute);
  }
  assert.deepEqual(
    scene.published.map(({ incident }) => incident.policyId),
    ['spend-cap'],
  );
});

test('below the cap nothing is written', async (t) => {
  const scene = await Scene.open(t, deployment);
  await spend(scene, 0, 33, 0.01);
  assert.deepEqual(await standing(scene), []);
});

test('running again, and again on lost progress, changes nothing', async (t) => {
  const scene = await cappedScene(t);
  const before = await standing(scene);
  await scene.run(33, 50);
  const { version } = (await scene.store.loadProgress()) ?? { version: 0 };
  const lost = {
    heartbeatEpochMs: START,
    active: true,
    watchingSinceEpochMs: START,
    evaluatedUntilEpochMs: START,
    heldBack: {},
    closedUntilEpochMs: START,
    regions: {},
  };
  await scene.store.saveProgress(lost, version);
  await scene.run(36);
  assert.deepEqual(await standing(scene), before);
  assert.deepEqual(scene.kinds, ['opened']);
});

test('what is resumed goes on for the rest of the period, however much it spends, and the next one has its cap', async (t) => {
  const scene = await cappedScene(t);
  const [cap] = await standing(scene);
  assert.ok(cap);
  const resumed = endedControl(cap, 'ops@acme', START + 35 * MINUTE);
  await scene.client.send(new PutItemCommand(controlPut(TABLE, 'us-east-1', resumed)));
  await spend(scene, 36, 50, 0.1);
  assert.equal(
    (await standing(scene)).some((control) => isInForce(control, START + 50 * MINUTE)),
    false,
  );
  assert.deepEqual(scene.kinds, ['opened', 'resolved']);
  await spend(scene, 12 * 60, 12 * 60 + 5, 0.1);
  assert.equal(
    (await standing(scene)).some((control) => isInForce(control, START + 726 * MINUTE)),
    true,
  );
});

test('a pause that a person gave stands beside it', async (t) => {
  const scene = await cappedScene(t);
  const about = { kind: 'pause', target: 'monitor:checkout', reason: 'new prompt', by: 'ops@acme' } as const;
  const own = newControl(about, 60 * MINUTE, null, START + 35 * MINUTE);
  await scene.client.send(new PutItemCommand(controlPut(TABLE, 'us-east-1', own)));
  const controls = await readControls(scene.store.query, TABLE, deployment);
  assert.deepEqual(
    controls.map(({ reason }) => reason?.slice(0, 9)),
    ['new promp', 'spend cap'],
  );
  assert.equal(isPaused(capped(), START + 200 * MINUTE, controls), true);
});

for (const [what, spendCap, expected] of [
  ['a cap that is raised ends the pause of the old one', { dollars: 2, per: 'day' }, false],
  ['a cap that is lowered pauses anew', { dollars: 0.5, per: 'day' }, true],
  ['a cap that is gone ends its pause', undefined, false],
] as const) {
  test(what, async (t) => {
    const scene = await cappedScene(t);
    const { spendCap: _, ...uncapped } = capped();
    const monitor = spendCap === undefined ? uncapped : { ...uncapped, spendCap };
    const changed = scene.with(deploymentOf([monitor, monitorOf({ id: 'other', policies: [] })]));
    for (const minute of [35, 36, 37]) await changed.run(minute);
    const controls = await standing(scene);
    assert.equal(
      controls.some((control) => isInForce(control, START + 40 * MINUTE)),
      expected,
    );
  });
}

test('a cap that is raised and then put back pauses again', async (t) => {
  const scene = await cappedScene(t);
  const raised = scene.with(deploymentOf([capped({ spendCap: { dollars: 2, per: 'day' } })]));
  await raised.run(35);
  await scene.run(36);
  await scene.run(37);
  const controls = await standing(scene);
  assert.equal(
    controls.some((control) => isInForce(control, START + 40 * MINUTE)),
    true,
  );
});

test('the standby counts on from what home had stored, and pauses under its own key', async (t) => {
  const both = { ...deployment, standby: 'eu-west-1' };
  const home = await Scene.open(t, both);
  await spend(home, 0, 30, 0.01);
  const standby = home.with(both, 'eu-west-1');
  for (let minute = 30; minute < 45; minute += 1) {
    await home.minute(minute, Object.fromEntries(REGIONS.map((region) => [region, { metrics: { cost: 0.01 } }])));
    await standby.run(minute);
  }
  const [cap] = await standing(home);
  assert.equal(cap?.by, "Parallax's aggregator in eu-west-1");
  assert.deepEqual(
    standby.published.map(({ incident }) => incident.policyId),
    ['spend-cap'],
  );
  // Home, back, finds what the standby has done.
  await home.run(46);
  await home.run(47);
  assert.deepEqual(await standing(home), [cap]);
  assert.deepEqual(home.published, []);
});

test('an hour after the period began, what is stored and what is in memory are counted once', async (t) => {
  const scene = await Scene.open(t, deploymentOf([capped({ spendCap: { dollars: 3.59, per: 'day' } })]));
  await spend(scene, 0, 119, 0.01);
  assert.deepEqual(await standing(scene), []);
  await spend(scene, 119, 120, 0.01);
  assert.equal((await standing(scene)).length, 1);
});

test('a cap whose period is changed is counted anew', async (t) => {
  const scene = await Scene.open(t, deploymentOf([capped({ spendCap: { dollars: 100, per: 'day' } })]));
  await spend(scene, 0, 119, 0.01);
  const hourly = scene.with(deploymentOf([capped({ spendCap: { dollars: 2.5, per: 'hour' } })]));
  await hourly.run(119);
  assert.deepEqual(await standing(hourly), []);
});
