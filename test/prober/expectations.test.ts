import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileExpectations, type Evidence, jsonDocument } from '../../functions/prober/expectations.ts';
import type { Condition, Expectations, Json } from '../../shared/monitor.ts';
import { monitor } from './build.ts';

const HOLDS: readonly [Condition, Json][] = [
  [{ op: 'equals', value: 'ok' }, 'ok'],
  [{ op: 'equals', value: null }, null],
  [
    { op: 'equals', value: { a: [1, { b: 2 }], c: null } },
    { c: null, a: [1, { b: 2 }] },
  ],
  [{ op: 'not', value: 'ok' }, 'down'],
  [{ op: 'not', value: 'ok' }, null],
  [{ op: 'above', value: 1 }, 1.5],
  [{ op: 'below', value: 100 }, -3],
  [{ op: 'between', low: 1, high: 2 }, 1],
  [{ op: 'between', low: 1, high: 2 }, 2],
  [{ op: 'oneOf', values: ['a', { b: 1 }] }, { b: 1 }],
  [{ op: 'contains', value: 'or' }, 'world'],
  [{ op: 'contains', value: { id: 1 } }, [{ id: 2 }, { id: 1 }]],
  [{ op: 'matches', pattern: 'v\\d+' }, 'build v42'],
  [{ op: 'exists', value: true }, null],
  [{ op: 'length', conditions: [{ op: 'equals', value: 2 }] }, [1, 2]],
  [{ op: 'length', conditions: [{ op: 'equals', value: 2 }] }, '👍🏽'],
  [
    {
      op: 'length',
      conditions: [
        { op: 'above', value: 0 },
        { op: 'below', value: 2 },
      ],
    },
    { a: 1 },
  ],
];

const DOES_NOT_HOLD: readonly [Condition, Json][] = [
  [{ op: 'equals', value: 200 }, '200'],
  [{ op: 'equals', value: [1, 2] }, [2, 1]],
  [
    { op: 'equals', value: { a: 1 } },
    { a: 1, b: 2 },
  ],
  [{ op: 'equals', value: {} }, []],
  [{ op: 'equals', value: { constructor: null } }, {}],
  [{ op: 'not', value: { a: 1 } }, { a: 1 }],
  [{ op: 'above', value: 1 }, 1],
  [{ op: 'below', value: 100 }, '5'],
  [{ op: 'below', value: 100 }, null],
  [{ op: 'below', value: 100 }, false],
  [{ op: 'below', value: 100 }, []],
  [{ op: 'between', low: 1, high: 2 }, 2.1],
  [{ op: 'oneOf', values: ['a'] }, 'b'],
  [{ op: 'contains', value: '1' }, 100],
  [{ op: 'contains', value: 'a' }, { a: 1 }],
  [{ op: 'matches', pattern: '^v\\d+$' }, 'build v42'],
  [{ op: 'matches', pattern: '.' }, 5],
  [{ op: 'exists', value: false }, null],
  [{ op: 'length', conditions: [{ op: 'above', value: -1 }] }, 5],
];

for (const [condition, value] of HOLDS) {
  test(`${JSON.stringify(condition)} holds for ${JSON.stringify(value)}`, () => {
    assert.equal(
      detailOf({ json: [{ path: '$.v', conditions: [condition] }] }, { text: JSON.stringify({ v: value }) }),
      null,
    );
  });
}

for (const [condition, value] of DOES_NOT_HOLD) {
  test(`${JSON.stringify(condition)} does not hold for ${JSON.stringify(value)}`, () => {
    assert.notEqual(
      detailOf({ json: [{ path: '$.v', conditions: [condition] }] }, { text: JSON.stringify({ v: value }) }),
      null,
    );
  });
}

test('a missing value satisfies nothing but `exists: false`', () => {
  for (const [condition] of [...HOLDS, ...DOES_NOT_HOLD]) {
    const detail = detailOf({ json: [{ path: '$.missing', conditions: [condition] }] }, { text: '{}' });
    const isAbsence = condition.op === 'exists' && !condition.value;
    assert.equal(detail === null, isAbsence, JSON.stringify(condition));
  }
});

test('a body that is no JSON satisfies nothing about JSON, `exists: false` neither', () => {
  for (const [condition] of [...HOLDS, ...DOES_NOT_HOLD]) {
    const conditions = { json: [{ path: '$.v', conditions: [condition] }] };
    assert.match(detailOf(conditions, { text: '<html>' }) ?? '', /, but the body is not JSON$/);
  }
});

test('a value equals itself, and not another', () => {
  const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json);
  fc.assert(
    fc.property(json, json, (one, other) => {
      const conditions: Condition[] = [{ op: 'equals', value: one }];
      const holds = detailOf({ json: [{ path: '$', conditions }] }, { text: JSON.stringify(other) }) === null;
      assert.equal(holds, isSame(one, other));
    }),
  );
});

test('a path that selects many gives their list', () => {
  const text = '{"items":[{"n":1},{"n":2}]}';
  const equals = (value: Json): Condition[] => [{ op: 'equals', value }];
  assert.equal(detailOf({ json: [{ path: '$.items[*].n', conditions: equals([1, 2]) }] }, { text }), null);
  assert.equal(detailOf({ json: [{ path: '$.items[0].n', conditions: equals(1) }] }, { text }), null);
});

test('a path that selects nothing of many is missing', () => {
  const conditions: Condition[] = [{ op: 'exists', value: false }];
  assert.equal(detailOf({ json: [{ path: '$.errors[*]', conditions }] }, { text: '{"errors":[]}' }), null);
});

test('a pattern in a path is linear, though it comes from the answer', () => {
  const text = JSON.stringify({ pattern: '(a*)*b', items: ['a'.repeat(5_000)] });
  const conditions: Condition[] = [{ op: 'exists', value: false }];
  assert.equal(detailOf({ json: [{ path: '$.items[?search(@, $.pattern)]', conditions }] }, { text }), null);
});

test('a pattern in a path finds what it should', () => {
  const conditions: Condition[] = [{ op: 'equals', value: ['abc'] }];
  const text = '["abc","xabcx"]';
  assert.equal(detailOf({ json: [{ path: "$[?match(@, 'a.c')]", conditions }] }, { text }), null);
});

test('an answer that is nested without measure fails, and does not break the prober', () => {
  const depth = 50_000;
  const text = `${'['.repeat(depth)}${']'.repeat(depth)}`;
  assert.notEqual(detailOf({ json: [{ path: '$..x', conditions: [{ op: 'exists', value: false }] }] }, { text }), null);
});

test('a value that is nested without measure is as wrong as any other', () => {
  const depth = 50_000;
  const text = `{"status":${'['.repeat(depth)}${']'.repeat(depth)}}`;
  assert.match(
    detailOf({ json: [{ path: '$.status', conditions: [{ op: 'equals', value: 'ok' }] }] }, { text }) ?? '',
    /nested too deeply/,
  );
});

for (const [condition, value] of [
  [{ op: 'equals', value: 5 }, '5'],
  [{ op: 'below', value: 100 }, '99.5'],
  [{ op: 'between', low: 1, high: 10 }, '10'],
  [{ op: 'oneOf', values: [1, 2] }, '2'],
  [{ op: 'length', conditions: [{ op: 'equals', value: 3 }] }, 'abc'],
] satisfies [Condition, string][]) {
  test(`a header with ${JSON.stringify(value)} satisfies ${JSON.stringify(condition)}`, () => {
    assert.equal(
      detailOf({ headers: [{ name: 'x-n', conditions: [condition] }] }, { headers: { 'x-n': value } }),
      null,
    );
  });
}

for (const value of ['', 'many', undefined]) {
  test(`a header with ${JSON.stringify(value)} is not below 100`, () => {
    const conditions: Condition[] = [{ op: 'below', value: 100 }];
    const headers: IncomingHttpHeaders = value === undefined ? {} : { 'x-n': value };
    assert.notEqual(detailOf({ headers: [{ name: 'x-n', conditions }] }, { headers }), null);
  });
}

const SENTENCES: readonly [string, Partial<Expectations>, Partial<Evidence> & { text?: string }, string][] = [
  [
    'of a value',
    { json: [{ path: '$.queue.depth', conditions: [{ op: 'below', value: 100 }] }] },
    { text: '{"queue":{"depth":250}}' },
    '$.queue.depth expected below 100, got 250',
  ],
  [
    'of a missing value',
    { headers: [{ name: 'etag', conditions: [{ op: 'exists', value: true }] }] },
    {},
    'header etag expected to be there, but it is missing',
  ],
  [
    'of the time',
    { responseTimeMs: [{ op: 'below', value: 800 }] },
    { totalMs: 912.25 },
    'expected a response time below 800 ms, took 912.25 ms',
  ],
  [
    'of several, a wrong status first',
    {
      body: [{ op: 'contains', value: 'ok' }],
      status: [{ op: 'equals', value: 200 }],
      responseTimeMs: [{ op: 'below', value: 1 }],
    },
    { status: 503, text: 'down' },
    'expected status 200, got 503 (and 2 more)',
  ],
];
for (const [what, expect, evidence, sentence] of SENTENCES) {
  test(`says in one sentence: ${what}`, () => assert.equal(detailOf(expect, evidence), sentence));
}

test('cuts a long value short', () => {
  const detail = detailOf({ body: [{ op: 'equals', value: 'ok' }] }, { text: 'x'.repeat(10_000) });
  assert.equal(detail, `body expected "ok", got "${'x'.repeat(79)}…`);
});

/** Of what is expected beyond nothing at all, of an answer with status 200 in 10 ms. */
function detailOf(expect: Partial<Expectations>, { text = '', ...evidence }: Partial<Evidence>): string | null {
  const evaluate = compileExpectations(monitor({ expect: { status: [], ...expect } }).expect);
  const complete = {
    status: 200,
    protocol: null,
    headers: {},
    totalMs: 10,
    text,
    document: jsonDocument(text),
    certificateValidToEpochMs: null,
    nowEpochMs: 0,
    ...evidence,
  };
  return evaluate(complete, (value) => value)?.detail ?? null;
}

/** As Node compares, which does not mind the order of keys either. */
function isSame(one: Json, other: Json): boolean {
  try {
    assert.deepStrictEqual(one, other);
    return true;
  } catch {
    return false;
  }
}
