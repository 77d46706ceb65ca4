import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failed } from '../../functions/prober/failure.ts';
import { compileResponseTime, isOnlySlow, shown } from '../../functions/prober/findings.ts';

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

test('however many texts a value has, only so much of it is searched for secrets as can be shown', () => {
  let searchedChars = 0;
  const text = shown(Array(200_000).fill('a%41'), (part) => {
    searchedChars += part.length;
    return part;
  });
  assert.equal(text, `[${'"a%41",'.repeat(12)}`.slice(0, 80).concat('…'));
  assert.ok(searchedChars <= 2 * 65_536, `${searchedChars} characters were searched`);
});
