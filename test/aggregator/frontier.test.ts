import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frontierOf } from '../../functions/aggregator/frontier.ts';
import { RegionResults } from '../../functions/aggregator/recent-results.ts';
import { monitorOf, resultOf } from '../shared/build.ts';

const NOW = Date.UTC(2026, 0, 5, 12, 0, 40);
const SLOT = NOW - 40_000;
const monitor = monitorOf({ everyMs: 10_000, timeoutMs: 10_000, regions: ['a', 'b'] });

/** A region with results at these seconds before the slot at 12:00:00 and after it. */
function region(name: string, seconds: readonly number[]) {
  const results = seconds.map((second) => resultOf({ slotEpochMs: SLOT + second * 1_000 }));
  return [name, new RegionResults(name, SLOT - 20 * 60_000, results)] as const;
}

function frontier(...regions: ReturnType<typeof region>[]): number {
  const until = frontierOf(monitor, SLOT, NOW, new Map(regions), new Set(), [], () => false);
  return (until - SLOT) / 1_000;
}

const steady = [-30, -20, -10];

for (const [name, b, expected] of [
  ['a slot that one region has not delivered is waited for', [...steady, 0], 10],
  ['all delivered: up to now', [...steady, 0, 10, 20, 30], 40],
  ['a region whose first result is later than the slot began later: nothing before is awaited', [10, 20, 30], 40],
  ['a slot that later ones have overtaken by timeout and margin is lost, not awaited', [...steady, 10, 20, 30, 40], 40],
  ['a slot that the next one has overtaken may still come', [...steady, 10], 0],
  ['a region that has never had this monitor is not waited for', [], 40],
] as const) {
  test(name, () => assert.equal(frontier(region('a', [...steady, 0, 10, 20, 30]), region('b', b)), expected));
}

test('a silent region is not waited for', () => {
  const regions = new Map([region('a', [...steady, 0, 10, 20, 30]), region('b', steady)]);
  assert.equal(
    frontierOf(monitor, SLOT, NOW, regions, new Set(['b']), [], () => false),
    NOW,
  );
});

test('after two minutes a slot is judged without the region that is missing', () => {
  const regions = new Map([region('a', [...steady, 0]), region('b', steady)]);
  assert.ok(frontierOf(monitor, SLOT, SLOT + 121_000, regions, new Set(), [], () => false) > SLOT);
});
