import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PolicyMetric } from '../../shared/monitor.ts';
import { monitorOf, placesOf, problemOf } from './definitions.ts';

const METRICS = { depth: { json: '$.depth' } };

function policyOf(alert: object, monitor: object = {}) {
  const [policy] = monitorOf({ metrics: METRICS, ...monitor, alerts: [alert] }).policies;
  assert.ok(policy !== undefined);
  return policy;
}

test('what an alert leaves out has defaults', () => {
  assert.deepEqual(policyOf({ metric: 'availability', below: '99%' }), {
    id: 'availability',
    metricName: 'availability',
    metric: { kind: 'availability' },
    breach: 'below',
    threshold: 0.99,
    overMs: 300_000,
    regions: 'majority',
    severity: 'critical',
    confirm: 1,
    recover: 2,
    remindEveryMs: 14_400_000,
  });
});

test('the default window holds at least one slot', () => {
  assert.equal(policyOf({ metric: 'availability', below: '99%' }, { every: '1h' }).overMs, 3_600_000);
});

test('reminders can be turned off', () => {
  assert.equal(policyOf({ metric: 'availability', below: '99%', remindEvery: 'never' }).remindEveryMs, null);
});

const READ: readonly (readonly [string, number | string, PolicyMetric, number])[] = [
  ['errorRate', '5%', { kind: 'errorRate', class: null }, 0.05],
  ['errorRate.4xx', 0.05, { kind: 'errorRate', class: '4xx' }, 0.05],
  ['errorRate.5xx', 0.05, { kind: 'errorRate', class: '5xx' }, 0.05],
  ['errorRate.timeout', 0.05, { kind: 'errorRate', class: 'timeout' }, 0.05],
  ['flakeRate', '2%', { kind: 'flakeRate' }, 0.02],
  ['latency.p50', '800ms', { kind: 'latency', quantile: 0.5 }, 800],
  ['latency.p90', '1.5s', { kind: 'latency', quantile: 0.9 }, 1_500],
  ['latency.p95', '800ms', { kind: 'latency', quantile: 0.95 }, 800],
  ['latency.p99', '800ms', { kind: 'latency', quantile: 0.99 }, 800],
  ['certificate.daysLeft', 14, { kind: 'certificateDaysLeft' }, 14],
  ['certificate.daysLeft', '36h', { kind: 'certificateDaysLeft' }, 1.5],
  ['depth', 80, { kind: 'custom', name: 'depth', aggregate: 'avg' }, 80],
  ['depth.max', -3.5, { kind: 'custom', name: 'depth', aggregate: 'max' }, -3.5],
  ['depth.p95', 80, { kind: 'custom', name: 'depth', aggregate: 'p95' }, 80],
  ['depth.vsWeek', 3, { kind: 'vsWeek', of: { kind: 'custom', name: 'depth', aggregate: 'avg' } }, 3],
  ['depth.sum.vsWeek', 1.5, { kind: 'vsWeek', of: { kind: 'custom', name: 'depth', aggregate: 'sum' } }, 1.5],
  ['latency.p95.vsWeek', 2, { kind: 'vsWeek', of: { kind: 'latency', quantile: 0.95 } }, 2],
];
for (const [metric, above, expected, threshold] of READ) {
  test(`${metric} above ${above} is understood in its own unit`, () => {
    const policy = policyOf({ metric, above, over: '12h' });
    assert.deepEqual([policy.metric, policy.threshold], [expected, threshold]);
  });
}

for (const [metric, above, remedy] of [
  ['latency.p95', 800, 'Did you mean "800ms"?'],
  ['availability', 99, 'Did you mean "99%"?'],
  ['errorRate', '5', 'Did you mean "5%"?'],
  ['certificate.daysLeft', 'soon', 'Write "14d".'],
  ['depth', '80', 'Write a plain number.'],
  ['depth.sum.vsWeek', '300%', 'Write a plain number.'],
  ['latency.p95.vsWeek', 0, 'Write a plain number.'],
  ['errorRate', '100%', 'Lower the threshold.'],
] as const) {
  test(`${metric} above ${JSON.stringify(above)} is refused with what to write instead`, () => {
    const problem = problemOf({ monitor: { metrics: METRICS, alerts: [{ metric, above, over: '12h' }] } });
    assert.deepEqual([problem.path, problem.remedy], ['$.alerts[0].above', remedy]);
  });
}

for (const [metric, remedy] of [
  ['availabilty', 'Did you mean "availability"?'],
  ['latency.p98', 'Did you mean "latency.p90"?'],
  ['errorRate.tls2', 'Did you mean "errorRate.tls"?'],
  ['errorRate.prober', /./],
  ['dept.max', 'Did you mean "depth.max"?'],
  ['depth.mean', /./],
  ['depth.max.vsWeek', /./],
  ['availability.vsWeek', /./],
  ['depth.vsWeek.sum', /./],
  ['depth.sum.vsweek', 'Did you mean "depth.sum.vsWeek"?'],
  ['constructor', 'Write one of these, or define it under "metrics".'],
] as const) {
  test(`there is no metric ${metric}, and the nearest is named`, () => {
    const problem = problemOf({ monitor: { metrics: METRICS, alerts: [{ metric, below: 0.5 }] } });
    assert.equal(problem.path, '$.alerts[0].metric');
    assert.match(problem.allowed ?? '', /availability, errorRate, .*depth\.p95/);
    if (typeof remedy === 'string') assert.equal(problem.remedy, remedy);
  });
}

test('ids follow the metric, numbered where it repeats, and leave given ones alone', () => {
  const alert = { metric: 'availability', below: '99%' };
  const { policies } = monitorOf({ alerts: [alert, alert, { ...alert, id: 'availability-2' }, alert] });
  assert.deepEqual(
    policies.map((policy) => policy.id),
    ['availability', 'availability-3', 'availability-2', 'availability-4'],
  );
});

for (const id of ['no-data', 'spend-cap']) {
  test(`the id ${id} is taken`, () => {
    const problem = problemOf({ monitor: { alerts: [{ id, metric: 'availability', below: '99%' }] } });
    assert.deepEqual([problem.severity, problem.path], ['error', '$.alerts[0].id']);
  });
}

test('the same id twice is an error', () => {
  const alert = { id: 'a', metric: 'availability', below: '99%' };
  assert.equal(problemOf({ monitor: { alerts: [alert, alert] } }).path, '$.alerts[1].id');
});

test('a threshold is above or below, not both and not neither', () => {
  const metric = 'availability';
  assert.deepEqual(placesOf({ monitor: { alerts: [{ metric }, { metric, above: 0.1, below: 0.2 }] } }), [
    'error $.alerts[0]',
    'error $.alerts[1]',
  ]);
});

test('more regions than the monitor has can never breach', () => {
  const alerts = [{ metric: 'availability', below: '99%', regions: 3 }];
  assert.equal(problemOf({ monitor: { regions: ['us-east-1', 'eu-west-1'], alerts } }).path, '$.alerts[0].regions');
  assert.deepEqual(placesOf({ monitor: { alerts } }), []);
});

test('a window shorter than the time between two checks is an error', () => {
  const problem = problemOf({
    monitor: { every: '10m', alerts: [{ metric: 'availability', below: '99%', over: '5m' }] },
  });
  assert.deepEqual(
    [problem.severity, problem.path, problem.remedy],
    ['error', '$.alerts[0].over', 'Write at least "10m".'],
  );
});

test('a window longer than anything is kept is an error', () => {
  const alerts = [{ metric: 'availability', below: '99%', over: '731d' }];
  assert.equal(problemOf({ monitor: { alerts } }).path, '$.alerts[0].over');
});

test('a window of more than a day is not compared with a week', () => {
  const alerts = [{ metric: 'depth.sum.vsWeek', above: 3, over: '2d' }];
  const problem = problemOf({ monitor: { metrics: METRICS, alerts } });
  assert.deepEqual([problem.path, problem.remedy], ['$.alerts[0].over', 'Write at most "1d".']);
});

test('a week that is not kept is not compared with', () => {
  const alerts = [{ metric: 'depth.sum.vsWeek', above: 3 }];
  const problem = problemOf({ config: { retention: { hours: '7d' } }, monitor: { metrics: METRICS, alerts } });
  assert.equal(problem.path, '$.alerts[0].metric');
  assert.match(problem.remedy ?? '', /to 9d for both/);
});

for (const [what, monitor, path, remedy] of [
  [
    'a percentile that its window never supports',
    { alerts: [{ metric: 'latency.p95.vsWeek', above: 2, over: '10m' }] },
    '$.alerts[0].over',
    /^Write "over": "20m" or longer, or "regions": "pooled"\.$/,
  ],
  [
    'a percentile that no window of a day supports',
    { every: '1h', alerts: [{ metric: 'latency.p99.vsWeek', above: 2, over: '1d' }] },
    '$.alerts[0].over',
    /^Choose a lower percentile or a shorter "every"\.$/,
  ],
  [
    'a check so rare that a week has too few of it',
    { every: '12h', metrics: METRICS, alerts: [{ metric: 'depth.vsWeek', above: 2, over: '12h' }] },
    '$.alerts[0].metric',
    /at most "8h"/,
  ],
] as const) {
  test(`${what} is not compared with a week: it could never breach`, () => {
    const problem = problemOf({ monitor });
    assert.deepEqual([problem.severity, problem.path], ['error', path]);
    assert.match(problem.remedy ?? '', remedy);
  });
}

test('a cap of a month needs the days of a month, however long hours are kept', () => {
  const monitor = { metrics: { cost: { json: '$.a' } }, spendCap: { dollars: 5, per: 'month' } };
  const problem = problemOf({ config: { retention: { days: '30d', hours: '90d' } }, monitor });
  assert.deepEqual(
    [problem.path, problem.message],
    ['$.spendCap.per', 'A month lasts up to 31d, and days are kept for 30d.'],
  );
});

test('a percentile of too few results gets a warning that says how many, and what helps', () => {
  const problem = problemOf({ monitor: { alerts: [{ metric: 'latency.p95', above: '800ms', over: '10m' }] } });
  assert.equal(problem.severity, 'warning');
  assert.match(problem.message, /holds 10 results per region, and latency\.p95 needs 20/);
  assert.equal(problem.remedy, 'Write "over": "20m" or longer, or "regions": "pooled".');
});

test('exactly as many results as a percentile needs are enough', () => {
  assert.deepEqual(placesOf({ monitor: { alerts: [{ metric: 'latency.p95', above: '800ms', over: '20m' }] } }), []);
});

test('pooling the regions gives a percentile enough results', () => {
  assert.deepEqual(
    placesOf({ monitor: { alerts: [{ metric: 'latency.p95', above: '800ms', over: '10m', regions: 'pooled' }] } }),
    [],
  );
});

test('a latency beyond the timeout gets a warning', () => {
  const problem = problemOf({ monitor: { timeout: '2s', alerts: [{ metric: 'latency.p50', above: '2s' }] } });
  assert.deepEqual([problem.severity, problem.path], ['warning', '$.alerts[0].above']);
});

test('a bad alert hides nothing that is wrong with its neighbours', () => {
  const alerts = [{ metric: 'availability', below: '99%', over: 'x' }, { metric: 'nonsense', below: 1 }, 7];
  assert.deepEqual(placesOf({ monitor: { alerts } }), [
    'error $.alerts[0].over',
    'error $.alerts[1].metric',
    'error $.alerts[2]',
  ]);
});
