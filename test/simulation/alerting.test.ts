import assert from 'node:assert/strict';
import { test } from 'node:test';
import { violationsOf } from './laws.ts';
import { type History, simulate, type Troubles } from './world.ts';

const CALM: Troubles = { partitions: false, crashes: false, homeGone: false, cutOff: false };
const SEEDS = 5;

for (const [when, troubles] of Object.entries({
  'all is well but the network': CALM,
  'home is gone for a while': { ...CALM, homeGone: true },
  'aggregators crash, and a region cannot be read': { ...CALM, crashes: true },
  'a region is cut off from the others': { ...CALM, partitions: true },
  'a region can reach nothing': { ...CALM, cutOff: true },
  'everything goes wrong': { partitions: true, crashes: true, homeGone: true, cutOff: true },
} satisfies Record<string, Troubles>)) {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    test(`the laws of paging hold while ${when} (seed ${seed})`, async () => {
      assert.deepEqual(violationsOf(await simulate(seed, troubles), troubles), []);
    });
  }
}

test('the same seed gives the same notifications', async () => {
  const troubles = { partitions: true, crashes: true, homeGone: true, cutOff: true };
  assert.deepEqual(told(await simulate(11, troubles)), told(await simulate(11, troubles)));
});

function told({ pages }: History): readonly unknown[] {
  return pages.map(({ sender, sentAtMinute, notification }) => [sender, sentAtMinute, notification]);
}
