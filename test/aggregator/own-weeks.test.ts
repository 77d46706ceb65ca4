import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OwnWeeks } from '../../functions/aggregator/own-weeks.ts';
import { DAY_MS, HOUR_MS } from '../../shared/schedule.ts';
import { WindowStats } from '../../shared/window.ts';
import { deploymentOf, monitorOf, policyOf, REGIONS, resultOf } from '../shared/build.ts';
import { MINUTE, Scene, START } from './scene.ts';

const COST = { kind: 'custom', name: 'cost', aggregate: 'sum', unit: 'dollars' } as const;
const dear = policyOf({
  id: 'dear',
  metricName: 'cost.sum.vsWeek',
  metric: { kind: 'vsWeek', of: COST },
  breach: 'above',
  threshold: 3.2,
  overMs: 10 * MINUTE,
  regions: 'pooled',
  confirm: 1,
});
const monitor = monitorOf({ policies: [dear] });
const deployment = deploymentOf([monitor, monitorOf({ id: 'other' })]);

/** Days and the hours of the last one, at a cent a check, for both monitors. */
async function withWeek(scene: Scene, days: number): Promise<void> {
  const midnight = START - 12 * HOUR_MS;
  const stretches = [
    ...Array.from({ length: days }, (_, day) => ['1d', midnight - (day + 1) * DAY_MS, 1_440] as const),
    ...Array.from({ length: 12 }, (_, hour) => ['1h', midnight + hour * HOUR_MS, 60] as const),
  ];
  for (const region of REGIONS) {
    for (const [level, start, n] of stretches) {
      const stats = new WindowStats();
      for (let i = 0; i < n; i += 1) stats.add(resultOf({ slotEpochMs: start, metrics: { cost: 0.01 } }), null);
      const windows = ['checkout', 'other'].map((id) => [id, stats] as const);
      await scene.store.saveWindows(region, level, start, new Map(windows));
    }
  }
}

async function spend(scene: Scene, from: number, to: number, dollars: number): Promise<void> {
  for (let minute = from; minute < to; minute += 1) {
    await scene.minute(minute, Object.fromEntries(REGIONS.map((region) => [region, { metrics: { cost: dollars } }])));
    await scene.run(minute);
  }
}

test('a bill that is several times the own week’s is paged, and is over when it is usual again', async (t) => {
  const scene = await Scene.open(t, deployment);
  await withWeek(scene, 7);
  await spend(scene, 0, 12, 0.01);
  assert.deepEqual(scene.kinds, []);
  await spend(scene, 12, 20, 0.05);
  assert.equal(
    scene.published[0]?.incident.summary,
    'checkout cost.sum 3.4x its own week: $1.02 in 10m, usually $0.30, over all regions',
  );
  await spend(scene, 20, 33, 0.01);
  assert.deepEqual(scene.kinds, ['opened', 'resolved']);
});

test('without a day of history nobody is paged, however dear it is', async (t) => {
  const scene = await Scene.open(t, deployment);
  await withWeek(scene, 0);
  await spend(scene, 0, 15, 5);
  assert.deepEqual(scene.kinds, []);
});

test('a week is read once an hour, for the monitors only that are compared with it', async (t) => {
  const scene = await Scene.open(t, deployment);
  await withWeek(scene, 7);
  let queries = 0;
  const query: typeof scene.store.query = (input) => {
    queries += 1;
    return scene.store.query(input);
  };
  const weeks = new OwnWeeks({ ...scene.history, query }, deployment);
  const before = (minute: number) => weeks.before(monitor, START + minute * MINUTE, 10 * MINUTE);
  const first = await before(60);
  const once = queries;
  for (let minute = 61; minute < 75; minute += 1) await before(minute);
  assert.equal(queries, once);
  await before(75);
  assert.equal(queries, 2 * once);
  const [{ total = 0 } = {}] = first.values();
  assert.equal(total, 6 * 1_440 + 12 * 60);
  assert.equal(
    (await weeks.before(monitorOf({ id: 'other' }), START + 75 * MINUTE, 10 * MINUTE)).get('us-east-1')?.total,
    0,
  );
});
