import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileCondition } from '../../functions/prober/condition.ts';
import { conditionsFrom, contradiction, type Operators, type Subject } from '../../shared/definition/conditions.ts';
import { placesOf, problemOf } from './definitions.ts';

// The law of this file: what is called impossible never holds, judged by the prober's own comparison.
const numbers = fc.integer({ min: -3, max: 6 });
const texts = fc.constantFrom('', 'a', 'ab', '3', '5', '-1');
const values = fc.oneof(numbers, texts, fc.constantFrom(null, true, [], ['a'], [3], { a: 1 }));
const operators: fc.Arbitrary<Operators> = fc.record(
  {
    above: numbers,
    below: numbers,
    between: fc.tuple(numbers, numbers),
    not: values,
    oneOf: fc.array(values, { maxLength: 3 }),
    contains: values,
    matches: fc.constantFrom('a', '^$', '[0-9]'),
    exists: fc.boolean(),
    length: fc.oneof(numbers, fc.record({ above: numbers, below: numbers }, { requiredKeys: [] })),
  },
  { requiredKeys: [] },
);

for (const subject of ['json', 'text'] as const) {
  test(`no ${subject} value satisfies what is called impossible`, () => {
    const candidate = subject === 'text' ? texts : values;
    fc.assert(
      fc.property(operators, fc.option(candidate, { nil: undefined }), (written, value) => {
        const conditions = conditionsFrom(written);
        const asText = subject === 'text';
        const holds = conditions.every((condition) => compileCondition(condition, { asText }).holds(value));
        if (holds) assert.equal(contradiction(conditions, subject), null);
      }),
      { numRuns: 3_000 },
    );
  });
}

const STATUS: Subject = { integers: true, min: 100, max: 599 };
for (const [written, subject] of [
  [{ above: 5, below: 3 }, 'json'],
  [{ above: 5, below: 5 }, 'json'],
  [{ above: 5, between: [1, 5] }, 'json'],
  [{ between: [9, 1] }, 'json'],
  [{ oneOf: [] }, 'text'],
  [{ oneOf: [1, 2], above: 2 }, 'json'],
  [{ oneOf: ['a'], not: 'a' }, 'text'],
  [{ oneOf: ['a'], matches: 'b' }, 'text'],
  [{ exists: false, contains: 'a' }, 'text'],
  [{ above: 3, matches: '3' }, 'json'],
  [{ length: { below: 0 } }, 'text'],
  [{ length: { above: 2, below: 3 } }, 'text'],
  [{ length: { above: 0, below: 1 } }, 'text'],
  [{ length: -1 }, 'text'],
  [{ above: 599 }, STATUS],
  [{ above: 200, below: 201 }, STATUS],
  [{ oneOf: [700, 0] }, STATUS],
] as const satisfies readonly (readonly [Operators, Subject])[]) {
  test(`${JSON.stringify(written)} can never hold`, () => {
    assert.notEqual(contradiction(conditionsFrom(written), subject), null);
  });
}

for (const [written, subject] of [
  [{ above: 3, below: 5 }, 'json'],
  [{ between: [5, 5] }, 'json'],
  [{ above: 3, matches: '5' }, 'text'],
  [{ oneOf: [1, 'a'], contains: 'a' }, 'json'],
  [{ exists: false }, 'json'],
  [{ above: 200, below: 202 }, STATUS],
] as const satisfies readonly (readonly [Operators, Subject])[]) {
  test(`${JSON.stringify(written)} can hold`, () => {
    assert.equal(contradiction(conditionsFrom(written), subject), null);
  });
}

for (const [what, expect, path] of [
  ['a status that does not exist', { status: 700 }, '$.expect.status'],
  ['a response time at the timeout', { responseTime: { above: '10s' } }, '$.expect.responseTime'],
  ['reversed response times', { responseTime: { between: ['2s', '1s'] } }, '$.expect.responseTime'],
  ['a text that is not one of its choices', { body: { oneOf: ['a'], not: 'a' } }, '$.expect.body'],
  ['an empty range of JSON numbers', { json: { '$.a': { above: 5, below: 3 } } }, '$.expect.json["$.a"]'],
  [
    'a missing header that contains something',
    { header: { etag: { exists: false, contains: 'x' } } },
    '$.expect.header.etag',
  ],
] as const) {
  test(`${what} is an error where it stands`, () => {
    const problem = problemOf({ monitor: { expect } });
    assert.deepEqual([problem.severity, problem.path], ['error', path]);
    assert.match(problem.message, /can never hold/);
  });
}

test('a body is never expected of HEAD', () => {
  const request = { url: 'https://a.dev', method: 'HEAD' };
  assert.deepEqual(
    placesOf({ monitor: { request, expect: { json: { '$.a': 1 }, body: { contains: 'a' }, header: { etag: 'a' } } } }),
    ['error $.expect.json["$.a"]', 'error $.expect.body'],
  );
});

test('a limit above the timeout gets a warning, for it has no effect', () => {
  assert.deepEqual(placesOf({ monitor: { timeout: '1s', expect: { responseTime: { below: '2s' } } } }), [
    'warning $.expect.responseTime',
  ]);
});

test('a certificate over http is an error without redirects, and a warning with them', () => {
  const expect = { certificate: { validFor: '14d' } };
  const url = 'http://a.dev';
  assert.deepEqual(placesOf({ monitor: { request: { url, redirects: 0 }, expect } }), ['error $.expect.certificate']);
  assert.deepEqual(placesOf({ monitor: { request: { url }, expect } }), ['warning $.expect.certificate']);
});

test('a redirect is hardly the last answer while redirects are followed', () => {
  assert.deepEqual(placesOf({ monitor: { expect: { status: 301 } } }), ['warning $.expect.status']);
  assert.deepEqual(
    placesOf({ monitor: { request: { url: 'https://a.dev', redirects: 0 }, expect: { status: 301 } } }),
    [],
  );
});
