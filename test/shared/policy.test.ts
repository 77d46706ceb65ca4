import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AlertPolicy, RegionRule } from '../../shared/monitor.ts';
import { evaluatePolicy, type PolicyState } from '../../shared/policy.ts';
import { WindowStats } from '../../shared/window.ts';
import { failureOf, policyOf, resultOf } from './build.ts';

type Seen = 'down' | 'up' | 'nothing';

function windowOf(seen: Seen): WindowStats {
  const stats = new WindowStats();
  if (seen === 'down') stats.add(failureOf(), null);
  if (seen === 'up') stats.add(resultOf(), null);
  return stats;
}

function stateWith(rule: RegionRule, seen: readonly Seen[]): PolicyState {
  const windows = new Map(seen.map((state, i) => [`region-${i}`, windowOf(state)]));
  return evaluatePolicy(policyOf({ regions: rule }), windows).state;
}

for (const [rule, seen, expected] of [
  ['majority', ['down', 'down', 'up'], 'breached'],
  ['majority', ['down', 'up', 'up'], 'ok'],
  ['majority', ['down', 'down', 'nothing'], 'breached'],
  ['majority', ['down', 'nothing', 'nothing'], 'unknown'],
  ['majority', ['down', 'up', 'nothing'], 'ok'],
  ['majority', ['up', 'nothing', 'nothing'], 'ok'],
  ['majority', ['nothing', 'nothing', 'nothing'], 'unknown'],
  ['majority', ['down', 'up'], 'ok'],
  ['majority', ['down', 'down'], 'breached'],
  ['majority', ['down'], 'breached'],
  ['any', ['down', 'up', 'up'], 'breached'],
  ['any', ['up', 'nothing'], 'ok'],
  [2, ['down', 'up', 'up'], 'ok'],
  [2, ['down', 'down', 'up', 'up'], 'breached'],
  [2, ['down', 'nothing', 'nothing'], 'unknown'],
  ['all', ['down', 'down', 'up'], 'ok'],
  ['all', ['down', 'down', 'nothing'], 'breached'],
  ['all', ['down', 'nothing', 'nothing'], 'unknown'],
  ['pooled', ['down', 'down', 'up'], 'breached'],
  ['pooled', ['down', 'up', 'up'], 'ok'],
  ['pooled', ['nothing', 'nothing'], 'unknown'],
] as const) {
  test(`${rule}: ${seen.join(', ')} is ${expected}`, () => assert.equal(stateWith(rule, seen), expected));
}

test('law: one region of several never makes an outage, whatever the others do not say', () => {
  const rules = fc.constantFrom<RegionRule>('majority', 'all');
  fc.assert(
    fc.property(
      rules,
      fc.array(fc.constantFrom<Seen>('up', 'nothing'), { minLength: 1, maxLength: 11 }),
      (rule, others) => {
        assert.notEqual(stateWith(rule, ['down', ...others]), 'breached');
      },
    ),
  );
});

test('law: no data never opens and never resolves', () => {
  const rules = fc.constantFrom<RegionRule>('any', 'majority', 'all', 'pooled', 1, 2);
  fc.assert(
    fc.property(rules, fc.integer({ min: 1, max: 12 }), (rule, count) => {
      assert.equal(stateWith(rule, Array(count).fill('nothing')), 'unknown');
    }),
  );
});

const slow = new WindowStats();
for (const totalMs of [100, 200, 300, 400, 5_000]) {
  slow.add(resultOf({ totalMs, metrics: { depth: totalMs / 100 }, certificateDaysLeft: 9 }), null);
}
slow.add(failureOf({ status: 404, totalMs: 100 }), null);
const flaky = new WindowStats();
for (const attempts of [1, 1, 2, 3]) flaky.add(resultOf({ attempts }), null);

for (const [metric, breach, threshold, value, n] of [
  [{ kind: 'availability' }, 'below', 0.9, 5 / 6, 6],
  [{ kind: 'errorRate', class: '4xx' }, 'above', 0.1, 1 / 6, 6],
  [{ kind: 'errorRate', class: null }, 'above', 0.1, 1 / 6, 6],
  [{ kind: 'latency', quantile: 0.95 }, 'above', 800, 5_000, 6],
  [{ kind: 'certificateDaysLeft' }, 'below', 14, 9, 1],
  [{ kind: 'custom', name: 'depth', aggregate: 'max' }, 'above', 40, 50, 5],
  [{ kind: 'custom', name: 'depth', aggregate: 'avg' }, 'above', 11, 12, 5],
  [{ kind: 'custom', name: 'depth', aggregate: 'sum' }, 'above', 59, 60, 5],
  [{ kind: 'custom', name: 'depth', aggregate: 'min' }, 'below', 2, 1, 5],
] as const satisfies [AlertPolicy['metric'], string, number, number, number][]) {
  test(`${JSON.stringify(metric)} breaches ${breach} ${threshold} with ${value} of n ${n}`, () => {
    const policy = policyOf({ metric, breach, threshold, regions: 'any' });
    const { state, regions } = evaluatePolicy(policy, new Map([['r', slow]]));
    assert.deepEqual([state, regions[0]?.n], ['breached', n]);
    assert.ok(Math.abs((regions[0]?.value ?? 0) - value) < value * 0.01);
  });
}

test('checks that passed only when tried again make the flake rate, and leave availability alone', () => {
  const rate = policyOf({ metric: { kind: 'flakeRate' }, breach: 'above', threshold: 0.4, regions: 'any' });
  const { state, regions } = evaluatePolicy(rate, new Map([['r', flaky]]));
  assert.deepEqual([state, regions[0]?.value, regions[0]?.n, flaky.availability], ['breached', 0.5, 4, 1]);
});

test('a metric that no answer had is unknown, never 0', () => {
  const policy = policyOf({
    metric: { kind: 'custom', name: 'missing', aggregate: 'max' },
    breach: 'below',
    threshold: 100,
  });
  assert.equal(evaluatePolicy(policy, new Map([['r', slow]])).state, 'unknown');
});
