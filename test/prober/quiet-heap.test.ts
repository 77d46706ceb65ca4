import assert from 'node:assert/strict';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { test } from 'node:test';
import { quietHeap } from '../../functions/prober/quiet-heap.ts';

test('the heap is collected whole before the first run, and its young part before later ones', async () => {
  const kinds: number[] = [];
  const seen = Promise.withResolvers<void>();
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      assert.ok('detail' in entry && typeof entry.detail === 'object' && entry.detail !== null);
      assert.ok('kind' in entry.detail);
      kinds.push(Number(entry.detail.kind));
    }
    if (kinds.length >= 2) seen.resolve();
  });
  observer.observe({ entryTypes: ['gc'] });
  const collect = quietHeap();
  collect();
  collect();
  await seen.promise;
  observer.disconnect();
  const { NODE_PERFORMANCE_GC_MAJOR, NODE_PERFORMANCE_GC_MINOR } = constants;
  assert.deepEqual(kinds.slice(0, 2), [NODE_PERFORMANCE_GC_MAJOR, NODE_PERFORMANCE_GC_MINOR]);
});
