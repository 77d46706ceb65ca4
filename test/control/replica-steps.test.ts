import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { replicaSteps } from '../../shared/replica-steps.ts';

const regions = fc.uniqueArray(fc.constantFrom<string>('a', 'b', 'c', 'd', 'e', 'f'));

test('each step changes one replica, none is needless, and the last leaves what was wanted', () => {
  fc.assert(
    fc.property(regions, regions, (actual, wanted) => {
      const steps = replicaSteps(actual, wanted);
      let before = [...actual].sort();
      for (const { change, region, replicas } of steps) {
        const after = change === 'add' ? [...before, region].sort() : before.filter((each) => each !== region);
        assert.notEqual(after.length, before.length);
        assert.deepEqual(replicas, after);
        before = after;
      }
      assert.deepEqual(before, [...wanted].sort());
      assert.equal(
        steps.length,
        new Set([...actual, ...wanted]).size - actual.filter((each) => wanted.includes(each)).length,
      );
    }),
  );
});

test('at no time are there fewer copies than before and after', () => {
  fc.assert(
    fc.property(regions, regions, (actual, wanted) => {
      const fewest = Math.min(actual.length, wanted.length);
      for (const { replicas } of replicaSteps(actual, wanted)) assert.ok(replicas.length >= fewest);
    }),
  );
});
