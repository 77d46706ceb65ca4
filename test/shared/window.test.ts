import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CodecError } from '../../shared/bytes.ts';
import type { Result } from '../../shared/result.ts';
import { decodeWindows, encodeWindows, WindowStats } from '../../shared/window.ts';
import { failureOf, resultOf } from './build.ts';

const SLOT = Date.UTC(2026, 0, 5, 12);
const anyResult: fc.Arbitrary<Result> = fc
  .record({
    kind: fc.constantFrom('passed', 'failed', 'timeout', 'inconclusive'),
    minute: fc.nat(4),
    totalMs: fc.integer({ min: 1, max: 5_000_000 }).map((us) => us / 1_000),
    depth: fc.integer({ min: -50, max: 50 }),
    daysLeft: fc.option(fc.integer({ min: -10, max: 900 }), { nil: null }),
  })
  .map(({ kind, minute, totalMs, depth, daysLeft }) => {
    const common = { slotEpochMs: SLOT + minute * 60_000, totalMs, metrics: { depth }, certificateDaysLeft: daysLeft };
    if (kind === 'passed') return resultOf(common);
    if (kind === 'failed') return failureOf(common);
    if (kind === 'timeout') return failureOf({ ...common, reason: 'timeout', status: null });
    return resultOf({ ...common, outcome: 'inconclusive', reason: 'prober' });
  });

function windowOf(results: readonly Result[], goodWithinMs: number | null = null): WindowStats {
  const stats = new WindowStats();
  for (const result of results) stats.add(result, goodWithinMs);
  return stats;
}

function bytesOf(stats: WindowStats): string {
  return encodeWindows(new Map([['m', stats]]), 1e6)
    .map((chunk) => Buffer.from(chunk).toString('hex'))
    .join();
}

test('windows merge to the same as all their results at once, in any grouping and order', () => {
  fc.assert(
    fc.property(fc.array(fc.array(anyResult, { maxLength: 10 }), { maxLength: 5 }), (groups) => {
      const merged = new WindowStats();
      for (const group of [...groups].reverse()) merged.merge(windowOf(group));
      const whole = windowOf(groups.flat());
      // Sums of floats may differ in their last bit by order; everything else is equal to the byte.
      for (const stats of [merged, whole]) for (const phase of stats.phases) phase.sumMs = Math.round(phase.sumMs);
      assert.deepEqual(
        { ...summary(merged), certificate: [merged.certificateSlotEpochMs, merged.certificateDaysLeft] },
        { ...summary(whole), certificate: [whole.certificateSlotEpochMs, whole.certificateDaysLeft] },
      );
    }),
  );
});

function summary(stats: WindowStats) {
  return {
    counts: [stats.passed, stats.failed, stats.inconclusive, stats.good, stats.flaked],
    errors: [...stats.errors].sort(),
    latency: [0.5, 0.95, 0.99, 1].map((q) => stats.latency.quantile(q)),
    phases: stats.phases,
    metrics: [...stats.metrics].map(([name, m]) => [name, m.sketch.n, m.sketch.quantile(0.5), m.lastSlotEpochMs]),
  };
}

test('windows survive their encoding, whatever the chunk size', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.stringMatching(/^[a-z0-9-]{1,20}$/), fc.array(anyResult, { maxLength: 8 }), { maxKeys: 12 }),
      fc.integer({ min: 1, max: 4_000 }),
      (byMonitor, chunkBytes) => {
        const windows = new Map(Object.entries(byMonitor).map(([id, list]) => [id, windowOf(list, 200)]));
        const read = new Map(encodeWindows(windows, chunkBytes).flatMap((chunk) => [...decodeWindows(chunk)]));
        assert.deepEqual([...read.keys()].sort(), [...windows.keys()].sort());
        for (const [id, stats] of windows) assert.equal(bytesOf(read.get(id) ?? new WindowStats()), bytesOf(stats));
      },
    ),
  );
});

test('windows that were stored before reasons were added are read as they were meant', () => {
  const errors = decodeWindows(Buffer.from('010161000300000004040109010a010b020000000000000000', 'hex')).get(
    'a',
  )?.errors;
  assert.deepEqual(
    [...(errors ?? [])],
    [
      ['status', 1],
      ['prober', 1],
      ['4xx', 1],
      ['5xx', 2],
    ],
  );
});

test('reasons of jobs survive their encoding beside statuses', () => {
  const stats = windowOf([
    failureOf(),
    failureOf({ reason: 'missed', status: null }),
    failureOf({ reason: 'job-failed', status: null }),
  ]);
  const decoded = decodeWindows(Buffer.from(bytesOf(stats), 'hex')).get('m');
  assert.deepEqual(new Map(decoded?.errors), stats.errors);
  assert.equal(stats.errors.get('missed'), 1);
});

test('an inconclusive result stays out of availability and latency', () => {
  const stats = windowOf([resultOf(), resultOf({ outcome: 'inconclusive', reason: 'prober', totalMs: 9_000 })]);
  assert.deepEqual([stats.availability, stats.latency.n, stats.inconclusive], [1, 1, 1]);
});

test('no conclusive result: availability and error rate are null, neither up nor down', () => {
  const stats = windowOf([resultOf({ outcome: 'inconclusive', reason: 'prober' })]);
  assert.deepEqual([stats.availability, stats.errorRate(null)], [null, null]);
});

test('a timeout counts in latency with the time it waited, a refused connection does not', () => {
  const stats = windowOf([
    failureOf({ reason: 'timeout', status: null, totalMs: 10_000 }),
    failureOf({ reason: 'connect', status: null, totalMs: 1 }),
  ]);
  assert.deepEqual([stats.latency.n, stats.latency.max], [1, 10_000]);
});

test('errors are counted by reason and by hundred', () => {
  const stats = windowOf([
    failureOf(),
    failureOf({ status: 404 }),
    failureOf({ reason: 'dns', status: null }),
    resultOf(),
  ]);
  assert.deepEqual(
    [
      stats.errorRate('5xx'),
      stats.errorRate('4xx'),
      stats.errorRate('status'),
      stats.errorRate('dns'),
      stats.errorRate(null),
    ],
    [0.25, 0.25, 0.5, 0.25, 0.75],
  );
});

test('a passed result over the response time of the SLO is not a good one', () => {
  const stats = windowOf([resultOf({ totalMs: 199 }), resultOf({ totalMs: 201 })], 200);
  assert.deepEqual([stats.passed, stats.good], [2, 1]);
});

test('of two certificates seen in one slot, the one that ends first counts', () => {
  const merged = windowOf([resultOf({ certificateDaysLeft: 90 })]);
  merged.merge(windowOf([resultOf({ certificateDaysLeft: 3 })]));
  assert.equal(merged.certificateDaysLeft, 3);
});

test('damaged windows are a CodecError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (noise) => {
      try {
        decodeWindows(Uint8Array.from([1, ...noise]));
      } catch (error) {
        assert.ok(error instanceof CodecError, String(error));
      }
    }),
  );
});

test('a check during which the prober stood still too long counts, and says nothing of latency', () => {
  const stats = new WindowStats();
  stats.add(resultOf({ totalMs: 100, stallMs: 5 }), null);
  stats.add(resultOf({ totalMs: 160, stallMs: 60 }), null);
  assert.deepEqual([stats.passed, stats.latency.n, stats.latency.max], [2, 1, 100]);
});

test('the prober’s own standing still does not make a passed check a bad one', () => {
  const stats = new WindowStats();
  stats.add(resultOf({ totalMs: 160, stallMs: 60 }), 120);
  stats.add(resultOf({ totalMs: 160, stallMs: 3 }), 120);
  assert.deepEqual([stats.passed, stats.good], [2, 1]);
});
