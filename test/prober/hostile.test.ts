import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runHostile } from './hostile-run.ts';

test('hostile servers cost their own checks, and nothing else', async () => {
  const { violations, leaked, counts } = await runHostile({ seed: 7, checks: 300, atOnce: 30 });
  assert.deepEqual([violations, leaked], [[], []]);
  assert.equal(
    [...counts.values()].reduce((sum, count) => sum + count, 0),
    300,
  );
});

test('the same seed attacks in the same way', async () => {
  const run = { seed: 8, checks: 40, atOnce: 20 };
  assert.deepEqual((await runHostile(run)).sequence, (await runHostile(run)).sequence);
});
