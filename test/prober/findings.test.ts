import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failed } from '../../functions/prober/failure.ts';
import { compileResponseTime, isOnlySlow } from '../../functions/prober/findings.ts';

const [finding] = compileResponseTime([{ op: 'below', value: 100 }])(250);
const slow = finding?.((text) => text) ?? '';

for (const [what, detail, expected] of [
  ['a slow answer', slow, true],
  ['a slow step of a flow', `step 2 "orders": ${slow}`, true],
  ['a wrong answer that was slow too', `$.a expected 1, got 2 (and 1 more)`, false],
  ['a wrong step that speaks of it', `step 2 "orders": body expected "expected a response time", got ""`, false],
] as const) {
  test(`${what} is ${expected ? '' : 'not '}only slow`, () => {
    assert.equal(isOnlySlow(failed('expectation', null, detail)), expected);
  });
}
