import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ComparableMetric } from '../../shared/monitor.ts';
import { againstWeek } from '../../shared/own-week.ts';
import { evaluatePolicy } from '../../shared/policy.ts';
import { WindowStats } from '../../shared/window.ts';
import { policyOf, resultOf } from './build.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const COST: ComparableMetric = { kind: 'custom', name: 'cost', aggregate: 'sum', unit: 'dollars' };
const P95: ComparableMetric = { kind: 'latency', quantile: 0.95 };

/** So many checks that each cost and took so much. */
function checks(n: number, dollars: number, totalMs = 100): WindowStats {
  const stats = new WindowStats();
  for (let i = 0; i < n; i += 1) stats.add(resultOf({ totalMs, metrics: { cost: dollars } }), null);
  return stats;
}

const everyFive = (now: WindowStats, week: WindowStats, metric: ComparableMetric = COST) =>
  againstWeek(metric, [{ now, week }], HOUR, 5 * MINUTE);

test('a cost is compared with what as many checks cost in the week', () => {
  const { value, usual, n } = everyFive(checks(12, 0.07), checks(7 * 288, 0.0175));
  assert.deepEqual([value?.toFixed(6), usual?.toFixed(6), n], ['4.000000', '0.210000', 12]);
});

test('a week with a pause in it has the same usual cost', () => {
  const { usual } = everyFive(checks(12, 0.07), checks(2 * 288, 0.0175));
  assert.equal(usual?.toFixed(6), '0.210000');
});

test('percentiles are compared of the merged sketches', () => {
  const { value, usual } = everyFive(checks(20, 0, 900), checks(7 * 288, 0, 300), P95);
  assert.ok(Math.abs((usual ?? 0) - 300) < 3 && Math.abs((value ?? 0) - 3) < 0.05);
});

for (const [what, now, week, metric] of [
  ['less than a day of history', checks(12, 1), checks(287, 1), COST],
  ['fewer values than tell what is usual', checks(1, 1), checks(19, 1), COST],
  ['nothing now', new WindowStats(), checks(2_000, 1), COST],
  ['a week that cost nothing', checks(12, 1), checks(2_000, 0), COST],
  ['too few results now for the percentile', checks(19, 1), checks(2_000, 1), P95],
] as const) {
  test(`with ${what} nobody can tell`, () => {
    const everyMs = what.startsWith('fewer') ? 2 * HOUR : 5 * MINUTE;
    assert.equal(againstWeek(metric, [{ now, week }], HOUR, everyMs).value, null);
  });
}

const policy = policyOf({
  metric: { kind: 'vsWeek', of: COST },
  breach: 'above',
  threshold: 3,
  overMs: HOUR,
  regions: 'pooled',
});

test('a region that was just added is no anomaly', () => {
  const windows = new Map([
    ['old', checks(12, 0.01)],
    ['new', checks(12, 0.5)],
  ]);
  const week = { windows: new Map([['old', checks(2_000, 0.01)]]), everyMs: 5 * MINUTE };
  const { state, pooled } = evaluatePolicy(policy, windows, week);
  assert.deepEqual([state, pooled?.value?.toFixed(6)], ['ok', '1.000000']);
});

test('pooled regions are summed, now and in the week', () => {
  const windows = new Map([
    ['a', checks(12, 0.01)],
    ['b', checks(12, 0.11)],
  ]);
  const both = new Map([
    ['a', checks(2_000, 0.01)],
    ['b', checks(500, 0.01)],
  ]);
  const { state, pooled } = evaluatePolicy(policy, windows, { windows: both, everyMs: 5 * MINUTE });
  assert.deepEqual([state, pooled?.value?.toFixed(6), pooled?.usual?.toFixed(6)], ['breached', '6.000000', '0.240000']);
});

test('without a week nothing breaches', () => {
  assert.equal(evaluatePolicy(policy, new Map([['a', checks(12, 9)]])).state, 'unknown');
});
