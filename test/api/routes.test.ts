import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { aggregatorReader } from '../../functions/api/aggregator-reader.ts';
import { type Api, route } from '../../functions/api/routes.ts';
import type {
  ErrorResponse,
  IncidentsResponse,
  MonitorResponse,
  NotificationsResponse,
  StatusResponse,
} from '../../shared/api-types.ts';
import { everywhere, MINUTE, Scene, START } from '../aggregator/scene.ts';
import { deploymentOf, monitorOf } from '../shared/build.ts';

const SLO = { objective: 0.9, overMs: 86_400_000, responseTimeMs: null };
const deployment = deploymentOf([monitorOf({ slo: SLO }), monitorOf({ id: 'search', name: 'search' })]);

/** Two good hours, then five minutes down everywhere; the aggregator keeps up. */
async function storedScene(t: TestContext): Promise<(path: string, query?: Record<string, string>) => Promise<object>> {
  const scene = await Scene.open(t, deployment);
  for (let minute = 0; minute <= 125; minute += 1) {
    await scene.minute(minute, everywhere(minute < 121 ? 'up' : 'down'));
    if (minute % 5 === 0) await scene.run(minute);
  }
  const api: Api = {
    deployment,
    history: scene.history,
    aggregators: aggregatorReader(scene.client, deployment, scene.history),
  };
  const now = START + 125 * MINUTE + 30_000;
  return async (path, query = {}) => (await route(api, 'GET', path, query, now)).body;
}

test('the API tells what was stored', async (t) => {
  const get = await storedScene(t);

  await t.test('status: verdict, counts per region and over all, budget', async () => {
    const status = (await get('/api/status', { range: '1h' })) as StatusResponse;
    const checkout = status.monitors.find((monitor) => monitor.id === 'checkout');
    assert.equal(checkout?.verdict, 'down');
    assert.match(checkout?.because ?? '', /failing from ap-southeast-2 \(expected status 200, got 503\)/);
    const [sydney] = checkout?.regions ?? [];
    // The hour reaches back to a five-minute boundary: 65 to 125.
    assert.deepEqual([sydney?.region, sydney?.passed, sydney?.failed], ['ap-southeast-2', 56, 5]);
    assert.equal(checkout?.overall.passed, 3 * 56);
    assert.deepEqual(sydney?.errors, { status: 5, '5xx': 5 });
    assert.equal(sydney?.latest?.outcome, 'failed');
    assert.deepEqual(
      checkout?.openIncidents.map((incident) => incident.policyId),
      ['down'],
    );
    assert.deepEqual([checkout?.slo?.good, checkout?.slo?.total], [3 * 121, 3 * 126]);
    assert.ok(Math.abs((checkout?.slo?.budgetRemaining ?? 0) - (1 - 15 / 37.8)) < 1e-9);
    assert.equal(status.regions[0]?.lastSlotEpochMs, START + 125 * MINUTE);
  });

  await t.test('percentiles that n cannot support are null, with n beside them', async () => {
    const { monitors } = (await get('/api/status', { range: '5m' })) as StatusResponse;
    const latency = monitors[0]?.regions[0]?.latency;
    assert.deepEqual([latency?.p50Ms, latency?.p95Ms, latency?.p99Ms], [100, null, null]);
    assert.ok((latency?.n ?? 0) > 0);
  });

  for (const [range, stepMs] of [
    ['1h', 60_000],
    ['4h', 300_000],
    ['3d', 3_600_000],
    ['30d', 86_400_000],
  ] as const) {
    await t.test(`a series over ${range} counts every result once, in steps of ${stepMs / 1_000} s`, async () => {
      const series = (await get('/api/monitors/checkout', { range })) as MonitorResponse;
      const points = series.regions[0]?.points ?? [];
      const total = points.reduce((sum, point) => sum + point.passed + point.failed, 0);
      assert.deepEqual([series.stepMs, total], [stepMs, range === '1h' ? 61 : 126]);
      assert.ok(points.every((point) => point.startEpochMs % stepMs === 0));
    });
  }

  await t.test('incidents and notifications, newest first, one each a monitor', async () => {
    const { incidents } = (await get('/api/incidents')) as IncidentsResponse;
    assert.deepEqual(incidents.map((i) => `${i.subject} ${i.status}`).sort(), ['checkout open', 'search open']);
    const { notifications } = (await get('/api/notifications', { limit: '1' })) as NotificationsResponse;
    assert.equal(notifications.length, 1);
    assert.match(notifications[0]?.emailSubject ?? '', /^\[CRITICAL\] (checkout|search) is DOWN in 3 of 3 regions$/);
  });

  for (const [path, query, code] of [
    ['/api/monitors/nope', {}, 'no-such-monitor'],
    ['/elsewhere', {}, 'no-such-path'],
    ['/api/status', { range: 'soon' }, 'bad-range'],
    ['/api/incidents', { limit: '0' }, 'bad-limit'],
  ] as const) {
    await t.test(`${path} ${JSON.stringify(query)} is a ${code}`, async () => {
      const body = (await get(path, query)) as ErrorResponse;
      assert.equal(body.error.code, code);
    });
  }
});
