import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { aggregatorReader } from '../../functions/api/aggregator-reader.ts';
import { route } from '../../functions/api/routes.ts';
import type { MonitorResponse, StatusResponse } from '../../shared/api-types.ts';
import { readWindows } from '../../shared/history.ts';
import type { Deployment, Region } from '../../shared/monitor.ts';
import type { Result } from '../../shared/result.ts';
import { windowQueries } from '../../shared/table.ts';
import { TABLE } from '../engine/table.ts';
import { deploymentOf, failureOf, monitorOf, policyOf, REGIONS, requestTo, resultOf } from '../shared/build.ts';
import { everywhere, MINUTE, Scene, START } from './scene.ts';

const CUT = 'eu-west-1';
const UNREACHED = {
  outcome: 'failed',
  reason: 'timeout',
  failedPhase: 'connect',
  detail: 'no connection within 10 s',
  status: null,
  blame: 'path',
} as const;

/** Three hosts; each pages as soon as one region fails twice. */
const deployment: Deployment = deploymentOf(
  ['checkout', 'search', 'billing'].map((id) =>
    monitorOf({ id, name: id, request: requestTo(`https://${id}.example/`), policies: [policyOf({ regions: 'any' })] }),
  ),
);

async function cutOffScene(t: TestContext, minutes = 12, cutFrom = 2): Promise<Scene> {
  const scene = await Scene.open(t, deployment);
  for (let minute = 0; minute < minutes; minute += 1) {
    await scene.minute(minute, { ...everywhere('up'), [CUT]: minute < cutFrom ? 'up' : UNREACHED });
    await scene.run(minute);
  }
  return scene;
}

/** Failed and inconclusive results of a monitor in the stored window that begins at the minute. */
async function storedAt(scene: Scene, region: Region, minute: number, monitorId = 'checkout') {
  const start = START + minute * MINUTE;
  const windows = (await readWindows(scene.history, region, '5m', start, start + 1)).get(start)?.get(monitorId);
  return { failed: windows?.failed, inconclusive: windows?.inconclusive };
}

/** What was told of monitors. */
function pagesOf(scene: Scene) {
  return scene.published.filter(({ incident }) => !incident.subject.startsWith('region:'));
}

/** What was told of the region's being cut off: kind, and minutes from the start. */
function cutOffsOf(scene: Scene) {
  return scene.published
    .filter(({ incident }) => incident.policyId === 'cut-off')
    .map(({ kind, slotEpochMs, incident }) => [kind, incident.subject, (slotEpochMs - START) / MINUTE]);
}

test('a region that is cut off pages for no monitor, and its windows hold no failure', async (t) => {
  const scene = await cutOffScene(t);
  assert.deepEqual(pagesOf(scene), []);
  assert.deepEqual(await storedAt(scene, CUT, 0), { failed: 0, inconclusive: 3 });
  assert.deepEqual(await storedAt(scene, 'us-east-1', 0), { failed: 0, inconclusive: 0 });
});

test('a region that stays cut off is announced once, and once that it reaches something again', async (t) => {
  const scene = await cutOffScene(t, 12);
  await scene.run(11, 40);
  const subject = `region:${CUT}`;
  assert.deepEqual(cutOffsOf(scene), [['opened', subject, 7]]);
  const [told] = scene.published;
  assert.equal(told?.emailSubject, '[WARNING] parallax reaches NOTHING from eu-west-1');
  assert.match(told?.emailBody ?? '', /^Found +everything fails from this region at once.*; found: no connection/m);
  for (const minute of [12, 13]) {
    await scene.minute(minute, everywhere('up'));
    await scene.run(minute);
  }
  assert.deepEqual(cutOffsOf(scene).slice(1), [['resolved', subject, 12]]);
  await scene.run(14);
  assert.equal(cutOffsOf(scene).length, 2);
});

test('a region that is cut off for less than five minutes is not announced', async (t) => {
  const scene = await cutOffScene(t, 7);
  await scene.minute(7, everywhere('up'));
  await scene.run(7);
  await scene.run(8);
  assert.deepEqual(scene.kinds, []);
});

test('that the other regions are late does not say that a cut-off one reaches something', async (t) => {
  const scene = await cutOffScene(t);
  await scene.minute(12, { [CUT]: UNREACHED });
  await scene.run(12);
  assert.equal(cutOffsOf(scene).length, 1);
});

test('one target that cannot be judged from a region is the monitor’s trouble', async (t) => {
  const [checkout] = deployment.monitors;
  assert.ok(checkout);
  const scene = await Scene.open(t, deploymentOf([checkout]));
  for (let minute = 0; minute < 12; minute += 1) {
    await scene.minute(minute, { ...everywhere('up'), [CUT]: 'inconclusive' });
    await scene.run(minute);
  }
  assert.deepEqual(cutOffsOf(scene), []);
});

test('what cannot be judged from any region is each monitor’s trouble, not a region’s', async (t) => {
  const scene = await Scene.open(t, deployment);
  for (let minute = 0; minute < 12; minute += 1) {
    await scene.minute(minute, everywhere('inconclusive'));
    await scene.run(minute);
  }
  assert.deepEqual(cutOffsOf(scene), []);
});

test('running again writes the same windows', async (t) => {
  const scene = await cutOffScene(t);
  const items = async () => {
    const inputs = REGIONS.flatMap((region) =>
      windowQueries(TABLE, scene.writer, region, '5m', START, START + 60 * MINUTE, deployment.retention),
    );
    return Promise.all(inputs.map(scene.store.query));
  };
  const before = await items();
  const { windowsWritten } = await scene.run(11, 40);
  assert.equal(windowsWritten, 0);
  assert.deepEqual(await items(), before);
});

test('the API tells of the region that reaches nothing, and counts nothing against the target', async (t) => {
  const scene = await cutOffScene(t);
  const api = {
    deployment,
    history: scene.history,
    aggregators: aggregatorReader(scene.client, deployment, scene.history),
  };
  const now = START + 11 * MINUTE + 30_000;
  const get = async (path: string) => (await route(api, 'GET', path, { range: '1h' }, now)).body;
  const status = (await get('/api/status')) as StatusResponse;
  const [checkout] = status.monitors;
  assert.equal(checkout?.verdict, 'up');
  assert.match(checkout?.because ?? '', /unknown from eu-west-1 \(everything fails from this region at once/);
  assert.equal(checkout?.overall.availability, 1);
  const series = (await get('/api/monitors/checkout')) as MonitorResponse;
  const points = series.regions.find(({ region }) => region === CUT)?.points ?? [];
  assert.deepEqual([...new Set(points.map(({ failed }) => failed))], [0]);
});

test('a single target that one region cannot reach stays failing from there', async (t) => {
  const scene = await Scene.open(t, deployment);
  for (let minute = 0; minute < 9; minute += 1) {
    await scene.minute(minute, { 'us-east-1': 'up', 'ap-southeast-2': 'up' });
    const slotEpochMs = START + minute * MINUTE;
    const results = deployment.monitors.map(({ id: monitorId }) =>
      monitorId === 'checkout'
        ? failureOf({ ...UNREACHED, monitorId, slotEpochMs })
        : resultOf({ monitorId, slotEpochMs }),
    );
    await scene.put({ region: CUT, startEpochMs: slotEpochMs, shard: 0, results });
    await scene.run(minute);
  }
  assert.deepEqual(
    scene.published.map(({ incident }) => incident.subject),
    ['checkout'],
  );
  assert.deepEqual(await storedAt(scene, CUT, 0), { failed: 5, inconclusive: 0 });
});

test('an outage that every region sees is paged as ever', async (t) => {
  const scene = await Scene.open(t, deployment);
  for (let minute = 0; minute < 4; minute += 1) {
    const state = minute < 1 ? 'up' : UNREACHED;
    await scene.minute(minute, Object.fromEntries(REGIONS.map((region) => [region, state])));
    await scene.run(minute);
  }
  assert.deepEqual(
    scene.published.map(({ slotEpochMs }) => (slotEpochMs - START) / MINUTE),
    [2, 2, 2],
  );
});

test('an outage elsewhere says which region was not counted', async (t) => {
  const scene = await Scene.open(t, deployment);
  for (let minute = 0; minute < 4; minute += 1) {
    const slotEpochMs = START + minute * MINUTE;
    for (const region of REGIONS) {
      const results = deployment.monitors.map(({ id: monitorId }): Result => {
        if (region === CUT) return failureOf({ ...UNREACHED, monitorId, slotEpochMs });
        return monitorId === 'checkout' ? failureOf({ monitorId, slotEpochMs }) : resultOf({ monitorId, slotEpochMs });
      });
      await scene.put({ region, startEpochMs: slotEpochMs, shard: 0, results });
    }
    await scene.run(minute);
  }
  const [page] = scene.published;
  assert.match(page?.emailBody ?? '', /^Why +status: expected status 200, got 503$/m);
  assert.match(page?.emailBody ?? '', /^Fault .*; 1 inconclusive results of ours from eu-west-1 are not counted$/m);
  assert.match(
    page?.emailBody ?? '',
    /^eu-west-1 +unknown .*everything fails from this region at once, and passes from others; found: no/m,
  );
});

test('what arrives of the cut-off region hours later is excused beside what the others had', async (t) => {
  const scene = await Scene.open(t, deployment);
  await scene.minute(0, everywhere('up'));
  await scene.run(0);
  for (let minute = 1; minute < 60; minute += 1) {
    await scene.minute(minute, { 'us-east-1': 'up', 'ap-southeast-2': 'up' });
    if (minute % 5 === 0) await scene.run(minute);
  }
  for (let minute = 1; minute < 60; minute += 1) await scene.minute(minute, { [CUT]: UNREACHED });
  await scene.run(60);
  assert.deepEqual(await storedAt(scene, CUT, 10), { failed: 0, inconclusive: 5 });
  assert.equal((await scene.run(60, 50)).windowsWritten, 0);
});

test('when the regions that pass arrive late, what was stored against the target is taken back', async (t) => {
  const scene = await Scene.open(t, deployment);
  await scene.minute(0, everywhere('up'));
  await scene.run(0);
  for (let minute = 1; minute < 40; minute += 1) {
    await scene.minute(minute, { [CUT]: UNREACHED });
    if (minute % 5 === 0) await scene.run(minute);
  }
  assert.deepEqual(await storedAt(scene, CUT, 10), { failed: 5, inconclusive: 0 });
  for (let minute = 1; minute < 40; minute += 1) await scene.minute(minute, { 'us-east-1': 'up' });
  await scene.run(40);
  assert.deepEqual(await storedAt(scene, CUT, 10), { failed: 0, inconclusive: 5 });
  const hour = (await readWindows(scene.history, CUT, '1h', START, START + 1)).get(START);
  assert.equal(hour, undefined);
});

test('a slot of a region that reaches nothing waits for the results that could excuse it', async (t) => {
  const local = monitorOf({ id: 'local', regions: [CUT], policies: [policyOf({ regions: 'any', confirm: 1 })] });
  const scene = await Scene.open(t, deploymentOf([...deployment.monitors, local]));
  await scene.minute(0, everywhere('up'));
  await scene.run(0);
  await scene.minute(1, { [CUT]: UNREACHED });
  await scene.run(1);
  await scene.minute(1, { 'us-east-1': 'up', 'ap-southeast-2': 'up' });
  await scene.minute(2, everywhere('up'));
  await scene.run(2);
  assert.deepEqual(scene.kinds, []);
});
