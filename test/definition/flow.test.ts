import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Problem } from '../../shared/definition/diagnostics.ts';
import { resolveFiles } from '../../shared/definition/resolve-files.ts';
import type { FlowMonitor } from '../../shared/monitor.ts';

const URL = 'https://api.acme.dev';
const LOGIN = {
  name: 'login',
  request: { method: 'POST', url: `${URL}/login` },
  capture: { token: { json: '$.access_token' } },
};
const using = (request: object) => [LOGIN, { request: { url: URL, ...request } }];

function resolveFlow(steps: unknown, more: object = {}) {
  const text = JSON.stringify({ id: 'shop', type: 'flow', steps, ...more });
  return resolveFiles(null, [{ file: 'shop.json', text }], { home: '${token}' });
}

function flowOf(steps: unknown, more: object = {}): FlowMonitor {
  const resolved = resolveFlow(steps, more);
  assert.ok(resolved.ok, JSON.stringify(resolved, null, 1));
  const [monitor] = resolved.deployment.monitors;
  assert.ok(monitor?.type === 'flow');
  return monitor;
}

function problemsOf(steps: unknown, more: object = {}): readonly Problem[] {
  const resolved = resolveFlow(steps, more);
  return resolved.ok ? resolved.warnings : resolved.problems;
}

test('a flow of urls is complete', () => {
  const { steps, cleanup, expect } = flowOf([{ request: { url: URL } }, { request: { url: URL } }]);
  assert.deepEqual(
    steps.map(({ name, expect: { status }, capture }) => ({ name, status, capture })),
    ['step-1', 'step-2'].map((name) => ({ name, status: [{ op: 'between', low: 200, high: 299 }], capture: [] })),
  );
  assert.deepEqual([cleanup, expect], [[], { responseTimeMs: [] }]);
});

test('a captured value may stand in path, query, header values, body and json of later steps', () => {
  const { steps } = flowOf([
    LOGIN,
    { request: { url: `${URL}/\${token}?q=\${token}`, headers: { 'x-a': 'a ${token}' } } },
    { request: { method: 'POST', url: URL, body: '${token}' } },
    { request: { method: 'POST', url: URL, json: { a: ['${token}'] } } },
  ]);
  const [, first, second, third] = steps.map(({ request }) => request);
  assert.deepEqual(
    [first?.url, first?.headers['x-a'], second?.body, third?.body],
    [
      `${URL}/\${capture:token}?q=\${capture:token}`,
      'a ${capture:token}',
      '${capture:token}',
      '{"a":["${capture:token}"]}',
    ],
  );
});

const expecting = (expect: object) => [LOGIN, { request: { url: URL }, expect }];

test('a captured value may be expected of body, headers and json, in any operator but a pattern', () => {
  const { steps } = flowOf(
    expecting({
      body: { contains: 'id ${token}' },
      header: { location: '/orders/${token}', etag: { not: '${token}' } },
      json: { '$.id': '${token}', '$.ids': { contains: '${token}' }, '$.of': { oneOf: [{ id: '${token}' }, 'none'] } },
    }),
  );
  const { body, headers, json } = steps[1]?.expect ?? {};
  assert.deepEqual(body, [{ op: 'contains', value: 'id ${capture:token}' }]);
  assert.deepEqual(headers, [
    { name: 'location', conditions: [{ op: 'equals', value: '/orders/${capture:token}' }] },
    { name: 'etag', conditions: [{ op: 'not', value: '${capture:token}' }] },
  ]);
  assert.deepEqual(json, [
    { path: '$.id', conditions: [{ op: 'equals', value: '${capture:token}' }] },
    { path: '$.ids', conditions: [{ op: 'contains', value: '${capture:token}' }] },
    { path: '$.of', conditions: [{ op: 'oneOf', values: [{ id: '${capture:token}' }, 'none'] }] },
  ]);
});

test('what a captured value will be is not guessed', () => {
  assert.deepEqual(problemsOf(expecting({ body: { contains: '${token}', excludes: 'token' } })), []);
});

for (const [where, expect] of [
  ['$.steps[1].expect.body', { body: { contains: '${tokn}' } }],
  ['$.steps[1].expect.header.location', { header: { location: '/${tokn}' } }],
  ['$.steps[1].expect.json["$.id"]', { json: { '$.id': '${tokn}' } }],
] as const) {
  test(`a misspelt capture in ${where} is told the nearest name`, () => {
    const [problem, ...others] = problemsOf(expecting(expect));
    assert.deepEqual([problem?.path, problem?.remedy, others], [where, 'Did you mean ${token}?', []]);
  });
}

test('a step cannot expect what it captures itself, nor what a later one does', () => {
  const expect = { json: { '$.id': '${token}' } };
  for (const steps of [[{ ...LOGIN, expect }], [{ request: { url: URL }, expect }, LOGIN]]) {
    const [problem, ...others] = problemsOf(steps);
    assert.equal(problem?.path, '$.steps[0].expect.json["$.id"]');
    assert.match(problem?.message ?? '', /only by this step or a later one/);
    assert.deepEqual(others, []);
  }
});

test('clean-up may use what any step captures', () => {
  const { cleanup } = flowOf([LOGIN], { cleanup: [{ request: { url: `${URL}/\${token}` } }] });
  assert.deepEqual(
    cleanup.map(({ name }) => name),
    ['cleanup-1'],
  );
});

test('two dollars, and what a variable holds, are no captured value', () => {
  const { steps } = flowOf(using({ method: 'POST', body: '$${token} ${env:home}' }));
  assert.equal(steps[1]?.request.body, '${token} ${token}');
});

test('a header that holds a captured value is no credential in clear', () => {
  assert.deepEqual(problemsOf(using({ headers: { authorization: 'Bearer ${token}' } })), []);
});

test('a misspelt capture is told the nearest name', () => {
  const [problem, ...others] = problemsOf(using({ headers: { 'x-a': '${tokn}' } }));
  assert.deepEqual(others, []);
  assert.equal(problem?.path, '$.steps[1].request.headers["x-a"]');
  assert.match(problem?.message ?? '', /No step before this one captures "tokn"/);
  assert.equal(problem?.remedy, 'Did you mean ${token}?');
});

test('a step cannot use what it or a later one captures', () => {
  const problems = problemsOf([{ ...LOGIN, request: { url: `${URL}/\${token}` } }]);
  assert.deepEqual(
    problems.map(({ path }) => path),
    ['$.steps[0].request.url'],
  );
  assert.match(problems[0]?.message ?? '', /only by this step or a later one/);
});

for (const url of [
  'https://${token}/',
  'https://${token}.acme.dev',
  'https://a.dev:${token}/',
  '${token}',
  'https://${token}@a.dev',
]) {
  test(`a captured value never says whom to call: ${url}`, () => {
    const messages = problemsOf(using({ url })).map(({ message }) => message);
    assert.ok(
      messages.some((message) => /whom to call/.test(message)),
      messages.join('\n'),
    );
  });
}

test('a captured value in a pattern says where such values may stand', () => {
  const expect = { body: { matches: '${token}' } };
  const [problem] = problemsOf([LOGIN, { request: { url: URL }, expect }]);
  assert.match(problem?.remedy ?? '', /What a step captured may stand in .* not in "matches"/);
});

test('a captured value may follow a secret that is the beginning of a url', () => {
  assert.deepEqual(problemsOf(using({ url: '${secret:base}/x/${token}' })), []);
});

const WRONG: readonly [string, unknown, object, string[]][] = [
  ['no steps', [], {}, ['$.steps']],
  ['a request beside its steps', [LOGIN], { request: { url: URL } }, ['$.request']],
  ['a name that is none', [{ ...LOGIN, name: 'Log in' }], {}, ['$.steps[0].name']],
  ['two steps of one name', [LOGIN, LOGIN], {}, ['$.steps[1].name', '$.steps[1]']],
  ['a capture without a source', [{ ...LOGIN, capture: { a: {} } }], {}, ['$.steps[0].capture.a']],
  [
    'a capture with a name that cannot be written',
    [{ ...LOGIN, capture: { 'a:b': { json: '$' } } }],
    {},
    ['$.steps[0].capture["a:b"]'],
  ],
  [
    'a capture by a path that is none',
    [{ ...LOGIN, capture: { a: { json: 'a' } } }],
    {},
    ['$.steps[0].capture.a.json'],
  ],
  [
    'a metric of two steps',
    [1, 2].map(() => ({ request: { url: URL }, metrics: { n: { json: '$' } } })),
    {},
    ['$.steps[1].metrics.n'],
  ],
  [
    "a metric with the name of a step's time",
    [{ ...LOGIN, metrics: { 'login-ms': { json: '$' } } }],
    {},
    ['$.steps[0].metrics["login-ms"]'],
  ],
  [
    'a captured value in a pattern',
    using({}).map((step, index) => (index === 0 ? step : { ...step, expect: { body: { matches: '${token}' } } })),
    {},
    ['$.steps[1].expect.body.matches'],
  ],
  [
    'a captured value where numbers are asked for',
    using({}).map((step, index) => (index === 0 ? step : { ...step, expect: { status: '${token}' } })),
    {},
    ['$.steps[1].expect.status'],
  ],
  [
    'a secret that is expected',
    using({}).map((step, index) => (index === 0 ? step : { ...step, expect: { body: '${secret:token}' } })),
    {},
    ['$.steps[1].expect.body'],
  ],
  [
    'a captured value in a plain placeholder',
    using({ body: '$${capture:token}', method: 'POST' }),
    {},
    ['$.steps[1].request.body'],
  ],
];
for (const [what, steps, more, paths] of WRONG) {
  test(`${what} is an error`, () => {
    const problems = problemsOf(steps, more).filter(({ severity }) => severity === 'error');
    assert.deepEqual(problems.map(({ path }) => path).sort(), [...paths].sort());
  });
}

test("a step's time, its metrics and failing clean-ups can be alerted on", () => {
  const { policies } = flowOf([{ ...LOGIN, metrics: { left: { json: '$.left' } } }, { request: { url: URL } }], {
    cleanup: [{ request: { url: URL } }],
    alerts: ['login-ms.p95', 'step-2-ms', 'left.min', 'cleanup-1-ms', 'cleanup-failures.max'].map((metric) => ({
      metric,
      above: 800,
      over: '30m',
    })),
  });
  assert.deepEqual(policies.map(({ metric }) => metric).slice(0, 2), [
    { kind: 'custom', name: 'login-ms', aggregate: 'p95' },
    { kind: 'custom', name: 'step-2-ms', aggregate: 'avg' },
  ]);
});

test('a step that is no step of the flow has no time', () => {
  const [problem] = problemsOf([LOGIN], { alerts: [{ metric: 'logn-ms', above: 1 }] });
  assert.equal(problem?.remedy, 'Did you mean "login-ms"?');
});
