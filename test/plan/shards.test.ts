import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  FIRST_LASTING_SHARD,
  isLasting,
  MAX_OPEN_CHECKS,
  shardLayout,
  shardNumbers,
  shardOf,
  shardsOf,
} from '../../shared/plan/shards.ts';
import { monitorsOf } from './build.ts';

const RUNS = { numRuns: 40 };

const sharded = fc.record({
  id: fc.string({ minLength: 1, maxLength: 20 }),
  everyMs: fc.constantFrom(5_000, 15_000, 60_000, 300_000, 86_400_000),
  timeoutMs: fc.constantFrom(1_000, 10_000, 60_000),
});

/** Enough of them for several shards of either kind. */
const manyMonitors = fc
  .tuple(
    fc.uniqueArray(sharded, { selector: ({ id }) => id, minLength: 1, maxLength: 60 }),
    fc.integer({ min: 1, max: 40 }),
  )
  .map(([few, copies]) =>
    few.flatMap((one) => Array.from({ length: copies }, (_, i) => ({ ...one, id: `${one.id}/${i}` }))),
  );

describe('shards', () => {
  it('hold every monitor, each in exactly one', () => {
    fc.assert(
      fc.property(manyMonitors, (monitors) => {
        const placed = [...shardsOf(monitors).values()].flat().map(({ id }) => id);
        assert.deepEqual(placed.toSorted(), monitors.map(({ id }) => id).toSorted());
      }),
      RUNS,
    );
  });

  it('are those that schedules are made for', () => {
    fc.assert(
      fc.property(manyMonitors, (monitors) => {
        assert.deepEqual([...shardsOf(monitors).keys()], shardNumbers(monitors));
      }),
      RUNS,
    );
  });

  it('do not depend on the order of monitors', () => {
    fc.assert(
      fc.property(manyMonitors, (monitors) => {
        assert.deepEqual(placesOf(monitors.toReversed()), placesOf(monitors));
      }),
      RUNS,
    );
  });

  it('keep every other monitor where it is when one comes or goes, while there are as many shards', () => {
    fc.assert(
      fc.property(manyMonitors, fc.nat(), (monitors, pick) => {
        const without = monitors.toSpliced(pick % monitors.length, 1);
        fc.pre(JSON.stringify(shardLayout(without)) === JSON.stringify(shardLayout(monitors)));
        const before = placesOf(monitors);
        for (const [id, shard] of placesOf(without)) assert.equal(shard, before.get(id), id);
      }),
      RUNS,
    );
  });

  it('keep every other monitor where it is when one changes how often it is due, while there are as many shards', () => {
    const monitors = monitorsOf(1_000);
    const [first, ...others] = monitors;
    assert.ok(first);
    const changed = [{ ...first, everyMs: 120_000 }, ...others];
    assert.deepEqual(shardLayout(changed), shardLayout(monitors));
    assert.deepEqual(placesOf(changed), placesOf(monitors));
  });

  it('give a further one only its part, and move nothing between the others', () => {
    for (const brief of [1, 2, 5, 10]) {
      const monitors = monitorsOf(2_000);
      let moved = 0;
      for (const monitor of monitors) {
        const before = shardOf(monitor, { brief, lasting: 0 });
        const after = shardOf(monitor, { brief: brief + 1, lasting: 0 });
        if (after === before) continue;
        assert.equal(after, brief, 'only to the new one');
        moved += 1;
      }
      const share = moved / monitors.length;
      assert.ok(Math.abs(share - 1 / (brief + 1)) < 0.05, `${share} moved to one of ${brief + 1}`);
    }
  });

  it('are about as large as each other', () => {
    const sizes = [...shardsOf(monitorsOf(4_000)).values()].map(({ length }) => length);
    assert.equal(sizes.length, 10);
    assert.ok(Math.max(...sizes) <= MAX_OPEN_CHECKS * 1.25, `${sizes}`);
  });

  for (const [count, shards] of [
    [0, [0]],
    [1, [0]],
    [400, [0]],
    [401, [0, 1]],
    [4_000, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ] as const) {
    it(`of ${count} monitors a minute are ${shards.length}`, () => {
      assert.deepEqual(shardNumbers(monitorsOf(count)), shards);
    });
  }

  it('are as few for monitors that are seldom due as for those that are due at once', () => {
    assert.deepEqual(shardNumbers(monitorsOf(20_000, { everyMs: 3_600_000 })), [0]);
  });

  it('are more where hanging targets would have more checks open at once', () => {
    const hanging = { everyMs: 10_000, timeoutMs: 60_000 };
    assert.equal(shardNumbers(monitorsOf(66, hanging)).length, 1);
    assert.equal(shardNumbers(monitorsOf(67, hanging)).length, 2);
  });

  it('keep sub-minute monitors apart where there are several: a few must not keep every run alive', () => {
    const monitors = [...monitorsOf(1_000), ...monitorsOf(10, { id: 'fast', everyMs: 10_000 })];
    for (const [shard, members] of shardsOf(monitors)) {
      assert.equal(members.some(isLasting), shard >= FIRST_LASTING_SHARD, `${shard}`);
    }
  });

  it('of minute monitors keep their numbers when sub-minute ones come', () => {
    const monitors = monitorsOf(1_000);
    const before = placesOf(monitors);
    const after = placesOf([...monitors, ...monitorsOf(10, { id: 'fast', everyMs: 10_000 })]);
    for (const [id, shard] of before) assert.equal(after.get(id), shard);
  });
});

function placesOf(monitors: Parameters<typeof shardNumbers>[0]): Map<string, number> {
  const layout = shardLayout(monitors);
  return new Map(
    monitors
      .map((monitor): [string, number] => [monitor.id, shardOf(monitor, layout)])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
