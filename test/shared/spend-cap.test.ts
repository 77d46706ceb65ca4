import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { capText, dollarText, MAX_PERIOD_MS, periodOf, SPEND_PERIODS } from '../../shared/spend-cap.ts';

const iso = (epochMs: number) => new Date(epochMs).toISOString().slice(0, 16);

for (const [per, at, from, until] of [
  ['hour', '2026-01-05T12:59:59Z', '2026-01-05T12:00', '2026-01-05T13:00'],
  ['day', '2026-01-05T00:00:00Z', '2026-01-05T00:00', '2026-01-06T00:00'],
  ['week', '2026-01-04T23:59:00Z', '2025-12-29T00:00', '2026-01-05T00:00'],
  ['week', '2026-01-05T00:00:00Z', '2026-01-05T00:00', '2026-01-12T00:00'],
  ['month', '2026-12-31T23:59:00Z', '2026-12-01T00:00', '2027-01-01T00:00'],
] as const) {
  test(`the ${per} that holds ${at} is ${from} to ${until}`, () => {
    const { fromEpochMs, untilEpochMs } = periodOf(per, Date.parse(at));
    assert.deepEqual([iso(fromEpochMs), iso(untilEpochMs)], [from, until]);
  });
}

test('law: periods follow each other without a gap, hold their instants, and are no longer than the longest', () => {
  const instants = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2100, 0) });
  fc.assert(
    fc.property(fc.constantFrom(...SPEND_PERIODS), instants, (per, at) => {
      const { fromEpochMs, untilEpochMs } = periodOf(per, at);
      assert.ok(fromEpochMs <= at && at < untilEpochMs);
      assert.ok(untilEpochMs - fromEpochMs <= MAX_PERIOD_MS[per]);
      assert.equal(periodOf(per, untilEpochMs).fromEpochMs, untilEpochMs);
      assert.equal(periodOf(per, untilEpochMs - 1).fromEpochMs, fromEpochMs);
    }),
  );
});

test('dollars are told as people read them', () => {
  assert.deepEqual([5, 1_204.5, 0.84, 0.0416, -0.5].map(dollarText), [
    '$5.00',
    '$1,204.50',
    '$0.84',
    '$0.042',
    '-$0.50',
  ]);
  assert.equal(capText({ dollars: 1, per: 'hour' }), '$1.00 an hour');
});
