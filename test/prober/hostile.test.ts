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

const AMONG = [
  { what: 'HTTP/2', behaviours: /^TLS: http\/2/, monitors: /^(http2|grpc-tls)/ },
  { what: 'HTTP/2 without TLS', behaviours: /^http\/2/, monitors: /^grpc$/ },
  // Without what http2-session.ts does about it, Node aborts within these.
  { what: 'headers of HTTP/2', behaviours: /^http\/2 (header bomb|many headers)$/, monitors: /^grpc$/ },
  { what: 'streams of events', behaviours: /event/, monitors: /sse|chat|responses|messages/ },
] as const;
for (const { what, ...among } of AMONG) {
  test(`hostile servers of ${what} cost their own checks, and nothing else`, async () => {
    const { violations, leaked, sequence } = await runHostile({ seed: 9, checks: 200, atOnce: 30, among });
    assert.deepEqual([violations, leaked, sequence.length], [[], [], 200]);
  });
}
