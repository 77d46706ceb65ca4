import assert from 'node:assert/strict';
import { test } from 'node:test';
import { monitorOf, placesOf, problemOf } from './definitions.ts';

const URL = 'https://ai.acme.dev/v1/chat/completions';
const JSON_BODY = { model: 'm', stream: true, stream_options: { include_usage: true } };
const request = (stated: object = {}) => ({
  url: URL,
  method: 'POST',
  json: JSON_BODY,
  stream: 'openai-chat',
  ...stated,
});

test('a stream without expectations has none', () => {
  assert.deepEqual(monitorOf({ request: request() }).stream, {
    format: 'openai-chat',
    answer: [],
    stopReason: [],
    price: null,
  });
});

test('a monitor whose answer is read as a whole has no stream', () => {
  assert.ok(!('stream' in monitorOf({})));
});

test('expectations and price are read; caches cost what input costs unless said otherwise', () => {
  const { stream } = monitorOf({
    request: request(),
    expect: { answer: { contains: 'a', excludes: 'b' }, stopReason: 'stop' },
    price: { input: 2, output: 10, cachedInput: 0.5 },
  });
  assert.deepEqual(stream, {
    format: 'openai-chat',
    answer: [
      { op: 'contains', value: 'a' },
      { op: 'excludes', value: 'b' },
    ],
    stopReason: [{ op: 'equals', value: 'stop' }],
    price: { input: 2, cachedInput: 0.5, cacheWrite: 2, output: 10 },
  });
});

const PROBLEMS: readonly (readonly [what: string, monitor: object, path: string, message: RegExp])[] = [
  ['an answer without a stream', { expect: { answer: 'a' } }, '$.expect.answer', /without "stream" in request/],
  ['a stop reason without a stream', { expect: { stopReason: 'a' } }, '$.expect.stopReason', /without "stream"/],
  ['a price without a stream', { price: { input: 1, output: 1 } }, '$.price', /without "stream"/],
  [
    'a price of events of any kind',
    { request: request({ stream: 'sse' }), price: { input: 1, output: 1 } },
    '$.price',
    /none is known to count tokens/,
  ],
  [
    'a stop reason of events of any kind',
    { request: request({ stream: 'sse' }), expect: { stopReason: 'stop' } },
    '$.expect.stopReason',
    /none is known to say/,
  ],
  [
    'the events of an answer to HEAD',
    { request: { url: URL, method: 'HEAD', stream: 'sse' } },
    '$.request.stream',
    /no body, and so no events/,
  ],
  [
    'a body that asks for no stream',
    { request: request({ json: { model: 'm' } }) },
    '$.request.json',
    /does not ask for a stream/,
  ],
  [
    'a price without usage',
    { request: request({ json: { stream: true } }), price: { input: 1, output: 1 } },
    '$.request.json',
    /does not ask for the usage/,
  ],
  [
    'an own metric by a name of the stream’s',
    { request: request(), metrics: { cost: { json: '$.cost' } } },
    '$.metrics.cost',
    /is measured of every stream/,
  ],
  [
    'an answer that contains what it excludes',
    { request: request(), expect: { answer: { contains: 'a canary', excludes: 'canary' } } },
    '$.expect.answer',
    /can never hold/,
  ],
];
for (const [what, monitor, path, message] of PROBLEMS) {
  test(`${what} is told at ${path}`, () => {
    const problem = problemOf({ monitor });
    assert.deepEqual([problem.path, message.test(problem.message)], [path, true], problem.message);
  });
}

test('alerts know the metrics of a stream, times as durations', () => {
  const { policies } = monitorOf({
    request: request(),
    price: { input: 2, output: 10 },
    alerts: [
      { metric: 'timeToFirstToken.p95', above: '2s', over: '1h' },
      { metric: 'tokensPerSecond', below: 20 },
      { metric: 'cost.sum', above: 0.5, over: '1h', regions: 'pooled' },
    ],
  });
  assert.deepEqual(
    policies.map(({ metric, threshold }) => [metric, threshold]),
    [
      [{ kind: 'custom', name: 'timeToFirstToken', aggregate: 'p95', unit: 'ms' }, 2_000],
      [{ kind: 'custom', name: 'tokensPerSecond', aggregate: 'avg' }, 20],
      [{ kind: 'custom', name: 'cost', aggregate: 'sum', unit: 'dollars' }, 0.5],
    ],
  );
});

test('an alert on a cost that has no price is told so', () => {
  const alerts = [{ metric: 'cost', above: 1 }];
  assert.deepEqual(placesOf({ monitor: { request: request(), alerts } }), ['error $.alerts[0].metric']);
});

test('a time without a unit is told its unit', () => {
  const alerts = [{ metric: 'timeToFirstToken', above: 2_000 }];
  assert.match(problemOf({ monitor: { request: request(), alerts } }).remedy ?? '', /"2000ms"/);
});

test('an own metric of a monitor without a stream keeps its own unit', () => {
  const alerts = [{ metric: 'timeToFirstToken', above: 2_000 }];
  const [policy] = monitorOf({ metrics: { timeToFirstToken: { json: '$.t' } }, alerts }).policies;
  assert.deepEqual(policy?.metric, { kind: 'custom', name: 'timeToFirstToken', aggregate: 'avg' });
});
