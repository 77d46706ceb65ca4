import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deploymentOf, monitorOf, problemOf } from './definitions.ts';

test('a monitor of an id and a url is complete', () => {
  assert.deepEqual(monitorOf({}), {
    id: 'checkout',
    name: 'checkout',
    type: 'http',
    tags: [],
    regions: ['us-east-1', 'eu-west-1', 'ap-southeast-2'],
    everyMs: 60_000,
    timeoutMs: 10_000,
    attempts: 2,
    request: {
      method: 'GET',
      url: 'https://checkout.acme.dev/health',
      headers: {},
      body: null,
      maxRedirects: 5,
      maxBodyBytes: 1_048_576,
    },
    expect: {
      status: [{ op: 'between', low: 200, high: 299 }],
      responseTimeMs: [],
      headers: [],
      body: [],
      json: [],
      certificateValidForMs: null,
    },
    metrics: [],
    policies: [
      {
        id: 'down',
        metricName: 'availability',
        metric: { kind: 'availability' },
        breach: 'below',
        threshold: 0.5,
        overMs: 60_000,
        regions: 'majority',
        severity: 'critical',
        confirm: 2,
        recover: 2,
        remindEveryMs: 14_400_000,
      },
    ],
    slo: null,
    runbook: null,
  });
});

test('a deployment of a name, a home, regions and monitors is complete', () => {
  const { monitors, ...deployment } = deploymentOf({ config: { notify: undefined } });
  assert.equal(monitors.length, 1);
  assert.deepEqual(deployment, {
    name: 'acme',
    home: 'us-east-1',
    standby: null,
    regions: ['us-east-1', 'eu-west-1', 'ap-southeast-2'],
    allowPrivateAddresses: false,
    standbyAfterMs: 180_000,
    deadMansSwitchUrl: null,
    notify: [],
    retention: {
      resultsMs: 172_800_000,
      fiveMinutesMs: 1_209_600_000,
      hoursMs: 7_776_000_000,
      daysMs: 63_072_000_000,
      incidentsMs: 31_536_000_000,
    },
  });
});

test('a deployment may name its control targets, or none; without a word they are the region’s own', () => {
  assert.deepEqual(
    [undefined, [], ['https://a.dev/ping']].map((controls) => deploymentOf({ config: { controls } }).controlUrls),
    [undefined, [], ['https://a.dev/ping']],
  );
});

test('where secrets are kept is the deployment’s, and Parameter Store when it does not say', () => {
  assert.deepEqual(
    [undefined, 'parameter-store', 'secrets-manager'].map(
      (secrets) => deploymentOf({ config: { secrets } }).secretStore,
    ),
    [undefined, 'parameter-store', 'secrets-manager'],
  );
  assert.match(problemOf({ config: { secrets: 'vault' } }).allowed ?? '', /"parameter-store", "secrets-manager"/);
});

test('the default policy looks at one slot of the monitor', () => {
  assert.equal(monitorOf({ every: '5s' }).policies[0]?.overMs, 5_000);
});

test('no alerts means none', () => {
  assert.deepEqual(monitorOf({ alerts: [] }).policies, []);
});

test("what a monitor leaves out comes from the deployment's defaults", () => {
  const { everyMs, timeoutMs } = monitorOf({}, { defaults: { every: '5s', timeout: '2s' } });
  assert.deepEqual({ everyMs, timeoutMs }, { everyMs: 5_000, timeoutMs: 2_000 });
});

test("what a monitor says goes before the deployment's defaults", () => {
  const { everyMs, timeoutMs } = monitorOf(
    { every: '1h', timeout: '3s' },
    { defaults: { every: '5s', timeout: '2s' } },
  );
  assert.deepEqual({ everyMs, timeoutMs }, { everyMs: 3_600_000, timeoutMs: 3_000 });
});

test('a timeout may be longer than the time between two checks', () => {
  assert.equal(monitorOf({ every: '5s', timeout: '60s' }).timeoutMs, 60_000);
});

test('a json body is serialized, with its content type', () => {
  const { request } = monitorOf({ request: { url: 'https://a.dev', method: 'POST', json: { a: [1] } } });
  assert.deepEqual([request.body, request.headers], ['{"a":[1]}', { 'content-type': 'application/json' }]);
});

test('a content type that is given stays', () => {
  const headers = { 'Content-Type': 'application/vnd.api+json' };
  const { request } = monitorOf({ request: { url: 'https://a.dev', method: 'POST', json: 1, headers } });
  assert.deepEqual(request.headers, { 'content-type': 'application/vnd.api+json' });
});

test('operators become conditions in one order, whatever order they are written in', () => {
  const { expect } = monitorOf({
    expect: {
      status: { not: 204, below: 300 },
      responseTime: { between: ['5ms', '0.8s'] },
      header: { 'Content-Type': { matches: '^text', contains: 'ex' }, etag: 'x' },
      body: { length: { above: 3 } },
      json: { '$.a': null, '$.b': [1], '$.c': { oneOf: [{ d: 1 }] }, '$.e': { exists: false } },
      certificate: { validFor: '14d' },
    },
  });
  assert.deepEqual(expect, {
    status: [
      { op: 'below', value: 300 },
      { op: 'not', value: 204 },
    ],
    responseTimeMs: [{ op: 'between', low: 5, high: 800 }],
    headers: [
      {
        name: 'content-type',
        conditions: [
          { op: 'contains', value: 'ex' },
          { op: 'matches', pattern: '^text' },
        ],
      },
      { name: 'etag', conditions: [{ op: 'equals', value: 'x' }] },
    ],
    body: [{ op: 'length', conditions: [{ op: 'above', value: 3 }] }],
    json: [
      { path: '$.a', conditions: [{ op: 'equals', value: null }] },
      { path: '$.b', conditions: [{ op: 'equals', value: [1] }] },
      { path: '$.c', conditions: [{ op: 'oneOf', values: [{ d: 1 }] }] },
      { path: '$.e', conditions: [{ op: 'exists', value: false }] },
    ],
    certificateValidForMs: 1_209_600_000,
  });
});

test('a metric comes from JSON, a header or the body', () => {
  const { metrics } = monitorOf({
    metrics: {
      depth: { json: '$.queue.depth' },
      left: { header: 'X-RateLimit-Remaining' },
      load: { body: 'load=(\\d+)' },
    },
  });
  assert.deepEqual(metrics, [
    { name: 'depth', from: 'json', path: '$.queue.depth' },
    { name: 'left', from: 'header', header: 'x-ratelimit-remaining' },
    { name: 'load', from: 'body', pattern: 'load=(\\d+)' },
  ]);
});

test('an objective is a ratio over a period', () => {
  assert.deepEqual(monitorOf({ slo: { objective: '99.9%', over: '30d', responseTime: '800ms' } }).slo, {
    objective: 0.999,
    overMs: 2_592_000_000,
    responseTimeMs: 800,
  });
});

test('without a parallax.json, monitors are checked from this machine', () => {
  const { regions, monitors, allowPrivateAddresses } = deploymentOf({ config: null });
  assert.deepEqual([regions, monitors[0]?.regions, allowPrivateAddresses], [['local'], ['local'], true]);
});

test('a recipient is told of every severity unless it says which', () => {
  const { notify } = deploymentOf({
    config: {
      notify: [{ email: 'a@b.dev' }, { sms: '+15555550100', severity: ['critical'] }, { https: 'https://a.dev/hook' }],
    },
  });
  assert.deepEqual(notify, [
    { protocol: 'email', endpoint: 'a@b.dev', severities: ['critical', 'warning', 'info'] },
    { protocol: 'sms', endpoint: '+15555550100', severities: ['critical'] },
    { protocol: 'https', endpoint: 'https://a.dev/hook', severities: ['critical', 'warning', 'info'] },
  ]);
});

test('a cap is kept where checks have a cost, of their own or of a stream with a price', () => {
  const spendCap = { dollars: 5, per: 'day' };
  assert.deepEqual(monitorOf({ metrics: { cost: { json: '$.cost' } }, spendCap }).spendCap, spendCap);
  const request = {
    url: 'https://api.acme.dev/v1',
    method: 'POST',
    stream: 'anthropic-messages',
    json: { stream: true },
  };
  assert.deepEqual(monitorOf({ request, price: { input: 1, output: 5 }, spendCap }).spendCap, spendCap);
  assert.equal('spendCap' in monitorOf({}), false);
});
