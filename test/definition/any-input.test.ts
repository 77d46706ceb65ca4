import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Resolution } from '../../shared/definition/resolve-files.ts';
import { CONFIG, MONITOR, resolveTexts } from './definitions.ts';

// The law of this file: whatever files hold, the answer is a deployment or what is wrong, never an exception.

const words = fc.constantFrom(
  'a',
  '$.a',
  '5m',
  '99%',
  'eu-west-1',
  'latency.p95',
  '${env:x}',
  '${secret:y}',
  '\ud800',
  'https://a.dev',
  ...['tcp', 'tls', 'dns', 'websocket', 'grpc', 'wss://a.dev', 'MX', '1.1.1.1', '443'],
  '(',
  '',
);
const keys = fc.constantFrom(
  ...[
    'id',
    'name',
    'every',
    'timeout',
    'regions',
    'request',
    'url',
    'method',
    'headers',
    'body',
    'json',
    'expect',
    'status',
  ],
  ...['header', 'responseTime', 'above', 'below', 'between', 'not', 'oneOf', 'contains', 'matches', 'exists', 'length'],
  ...[
    'certificate',
    'validFor',
    'metrics',
    'alerts',
    'metric',
    'over',
    'severity',
    'slo',
    'objective',
    'home',
    'standby',
  ],
  ...[
    'monitors',
    'notify',
    'email',
    'retention',
    'defaults',
    ...['type', 'tcp', 'tls', 'dns', 'websocket', 'grpc', 'host', 'port', 'send', 'startTls', 'record', 'resolver'],
    ...['received', 'names', 'answers', 'message', 'protocols', 'metadata', 'health', 'service'],
    '__proto__',
    'constructor',
    'toString',
    '$.a',
    'hasOwnProperty',
  ],
);
const { any } = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(words, fc.double({ noNaN: true }), fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(keys, tie('any'), { maxKeys: 6 }),
  ),
}));

test('any JSON as a monitor file', () => {
  fc.assert(
    fc.property(any, (value) => checkAnswer(resolveTexts(null, [text(value)]))),
    { numRuns: 500 },
  );
});

test('any JSON as parallax.json', () => {
  fc.assert(
    fc.property(any, (value) => checkAnswer(resolveTexts(text(value), [text(MONITOR)]))),
    { numRuns: 500 },
  );
});

test('a good monitor in which something is replaced', () => {
  const full = {
    ...MONITOR,
    expect: { status: 200, json: { '$.a': { below: 3 } }, header: { a: 'b' }, certificate: { validFor: '1d' } },
    metrics: { depth: { json: '$.a' } },
    alerts: [
      { metric: 'depth.max', above: 1 },
      { metric: 'availability', below: '9%', regions: 2 },
    ],
    slo: { objective: 0.9, over: '1d' },
  };
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), any), { maxLength: 3 }),
      (changes) => {
        const changed = changes.reduce<unknown>((value, [path, to]) => replaced(value, path, to), full);
        checkAnswer(resolveTexts(text(CONFIG), [text(changed)]));
      },
    ),
    { numRuns: 500 },
  );
});

test('any text as a file', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (content) => checkAnswer(resolveTexts(content, [content]))));
});

test('files that are huge or deep', () => {
  for (const content of [
    '['.repeat(1_000_000),
    `{"a":`.repeat(100_000),
    `[${'1,'.repeat(50_000)}1]`,
    `"${'\\u0000'.repeat(900_000)}"`,
  ]) {
    checkAnswer(resolveTexts(null, [content]));
  }
});

function checkAnswer(resolved: Resolution): void {
  if (resolved.ok) {
    // It travels to the functions as JSON, and must arrive as it was.
    assert.deepEqual(JSON.parse(JSON.stringify(resolved.deployment)), resolved.deployment);
    return;
  }
  assert.ok(resolved.problems.some((problem) => problem.severity === 'error'));
  for (const { message, line, column } of resolved.problems)
    assert.ok(message.length > 0 && Number(line) >= 1 && Number(column) >= 1);
}

function text(value: unknown): string {
  return JSON.stringify(value);
}

/** The member that the numbers lead to (each modulo what there is) becomes `to`. */
function replaced(value: unknown, [step, ...rest]: readonly number[], to: unknown): unknown {
  if (step === undefined || typeof value !== 'object' || value === null) return to;
  const members = Object.keys(value);
  if (members.length === 0) return to;
  const key = members[step % members.length];
  const entries = Object.entries(value).map(([name, member]) => [
    name,
    name === key ? replaced(member, rest, to) : member,
  ]);
  return Array.isArray(value) ? entries.map(([, member]) => member) : Object.fromEntries(entries);
}

for (const [where, config, monitor] of [
  ['parallax.json', { ...CONFIG, monitors: { length: { toString: null } } }, MONITOR],
  ['a monitor', CONFIG, { ...MONITOR, tags: { length: { valueOf: 1, toString: 1 } } }],
  ['an alert', CONFIG, { ...MONITOR, alerts: [{ metric: { length: { toString: null } } }] }],
] as const) {
  test(`a length that cannot be compared, in ${where}, is a problem and no exception`, () => {
    assert.equal(resolveTexts(JSON.stringify(config), [JSON.stringify(monitor)]).ok, false);
  });
}
