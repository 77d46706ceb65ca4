import assert from 'node:assert/strict';
import { test } from 'node:test';
import { secretTexts, targetOf } from '../../shared/target.ts';
import { deploymentOf, placesOf, problemOf, problemsOf } from './definitions.ts';

const JOB = { every: '1d', token: '${secret:backup}' };

/** Over a monitor that is complete: nothing of http is left in it. */
function written(over: object = {}, heartbeat: object = {}) {
  return { type: 'heartbeat', request: undefined, heartbeat: { ...JOB, ...heartbeat }, ...over };
}

function heartbeatOf(over: object = {}, heartbeat: object = {}, config: object = {}) {
  const [monitor] = deploymentOf({ monitor: written(over, heartbeat), config }).monitors;
  assert.ok(monitor?.type === 'heartbeat');
  return monitor;
}

test('a heartbeat needs only when it is due and its token; it is judged in home each minute', () => {
  const { regions, everyMs, heartbeat, expect, attempts } = heartbeatOf();
  assert.deepEqual(regions, ['us-east-1']);
  assert.equal(everyMs, 60_000);
  assert.deepEqual(heartbeat, { everyMs: 86_400_000, graceMs: 3_600_000, token: '${secret:backup}' });
  assert.deepEqual(expect, { responseTimeMs: [] });
  assert.equal(attempts, 1);
});

test('grace is a tenth of every, from a minute to an hour', () => {
  const graceOf = (every: string) => heartbeatOf({}, { every }).heartbeat.graceMs / 60_000;
  assert.deepEqual(['1m', '10m', '1h', '5h', '10h', '366d'].map(graceOf), [1, 1, 6, 30, 60, 60]);
});

test('by default one missed slot opens a critical incident, and one good one resolves it', () => {
  const [policy] = heartbeatOf().policies;
  const { regions, severity, confirm, recover, overMs } = policy ?? {};
  assert.deepEqual([regions, severity, confirm, recover, overMs], ['any', 'critical', 1, 1, 60_000]);
});

test('faster defaults than a minute do not reach a heartbeat', () => {
  assert.equal(heartbeatOf({}, {}, { defaults: { every: '10s' } }).everyMs, 60_000);
  assert.equal(heartbeatOf({}, {}, { defaults: { every: '5m' } }).everyMs, 300_000);
});

test('home may be named as its region, and no other', () => {
  assert.deepEqual(heartbeatOf({ regions: ['us-east-1'] }).regions, ['us-east-1']);
  const { path, message, remedy } = problemOf({ monitor: written({ regions: ['us-east-1', 'eu-west-1'] }) });
  assert.equal(path, '$.regions');
  assert.equal(
    message,
    'A heartbeat is not checked from regions: the job calls home ("us-east-1"), and is judged there.',
  );
  assert.equal(remedy, 'Remove "regions".');
});

test('home must be among the regions that probe, since its prober judges', () => {
  const { severity, path, remedy } = problemOf({ config: { home: 'us-west-2' }, monitor: written() });
  assert.equal(`${severity} ${path}`, 'error $.type');
  assert.match(remedy ?? '', /^Add "us-west-2" to "regions" in parallax\.json/);
});

for (const [what, monitor, places] of [
  ['a time between judgements below a minute', written({ every: '30s' }), ['error $.every']],
  ['judgements less often than the job is due', written({ every: '1h' }, { every: '5m' }), ['warning $.every']],
  ['a token in clear', written({}, { token: 'letmein' }), ['warning $.heartbeat.token']],
  ['an empty token', written({}, { token: '' }), ['error $.heartbeat.token']],
  ['no token', written({}, { token: undefined }), ['error $.heartbeat.token']],
  ['no due time', written({}, { every: undefined }), ['error $.heartbeat.every']],
  ['a due time below a minute', written({}, { every: '30s' }), ['error $.heartbeat.every']],
  ['a due time beyond a year', written({}, { every: '400d' }), ['error $.heartbeat.every']],
  ['no grace at all', written({}, { grace: '0s' }), ['error $.heartbeat.grace']],
  ['a timeout, which nothing has', written({ timeout: '5s' }), ['error $.timeout']],
  ['attempts, which nobody makes', written({ attempts: 2 }), ['error $.attempts']],
  ['a request', written({ request: { url: 'https://acme.dev' } }), ['error $.request']],
  [
    'a run that must be long',
    written({ expect: { responseTime: { above: '1h' } } }),
    ['error $.expect.responseTime.below', 'error $.expect.responseTime.above'],
  ],
  [
    'response times of an objective',
    written({ slo: { objective: '99%', over: '30d', responseTime: '5s' } }),
    ['error $.slo.responseTime'],
  ],
  [
    'a window of runs that holds none',
    written({ alerts: [{ metric: 'latency.p50', above: '1h', over: '5m' }] }),
    ['error $.alerts[0].over'],
  ],
  [
    'a percentile of too few runs',
    written({ alerts: [{ metric: 'latency.p95', above: '1h', over: '7d' }] }),
    ['warning $.alerts[0].over'],
  ],
  [
    'an unknown reason of failures',
    written({ alerts: [{ metric: 'errorRate.awaiting', above: '1%' }] }),
    ['error $.alerts[0].metric'],
  ],
] as const) {
  test(`found: ${what}`, () => {
    assert.deepEqual(placesOf({ monitor }), places);
  });
}

test('a token from the environment is in clear where it is deployed, and works all the same', () => {
  const monitor = written({}, { token: '${env:TOKEN}' });
  assert.deepEqual(placesOf({ monitor, env: { TOKEN: 'abc' } }), ['warning $.heartbeat.token']);
  assert.equal(deploymentOf({ monitor, env: { TOKEN: 'abc' } }).monitors.length, 1);
});

test('a token in clear is never shown in what is said of it', () => {
  assert.doesNotMatch(JSON.stringify(problemsOf({ monitor: written({}, { token: 'letmein' }) })), /letmein/);
});

test('policies look at runs over windows of runs, and may ask for any time', () => {
  const alerts = [
    { metric: 'latency.p50', above: '3h' },
    { metric: 'errorRate.missed', above: '1%' },
    { metric: 'errorRate.job-failed', above: '1%' },
  ];
  const { policies } = heartbeatOf({ alerts });
  assert.deepEqual(
    policies.map(({ overMs }) => overMs / 60_000),
    [24 * 60, 5, 5],
  );
});

test('its target is a sentence on when it is due, and its token one that secrets stand in', () => {
  const monitor = heartbeatOf({}, { grace: '90m' });
  assert.equal(targetOf(monitor), 'heartbeat every 1d, grace 1h 30m');
  assert.deepEqual(secretTexts(monitor), ['${secret:backup}']);
});
