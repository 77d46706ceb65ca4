import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDuration, parseDurationMs, parseRatio } from '../../shared/definition/durations-and-ratios.ts';

test('a duration is a number and a unit', () => {
  const units = { '800ms': 800, '1.5s': 1_500, '0.1m': 6_000, '5m': 300_000, '12h': 43_200_000, '30d': 2_592_000_000 };
  for (const [text, ms] of Object.entries(units)) assert.equal(parseDurationMs(text), ms, text);
});

test('nothing else is a duration', () => {
  for (const text of ['', '5', 's', '5 s', '-5s', '5S', '1h30m', '.5s', '5.s', '1.5ms', '1e3s', '５s']) {
    assert.equal(parseDurationMs(text), null, text);
  }
});

test('a duration reads back as it was written', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 * 365 * 86_400_000 }), (ms) => {
      assert.equal(parseDurationMs(formatDuration(ms)), ms);
    }),
  );
});

test('a ratio is 0 to 1 or a percentage', () => {
  assert.deepEqual([0, 1, 0.5, '0%', '100%', '99.9%', '99.99 %'].map(parseRatio), [0, 1, 0.5, 0, 1, 0.999, 0.9999]);
});

test('nothing else is a ratio', () => {
  for (const value of [-0.1, 1.1, 99, Number.NaN, '0.5', '101%', '-1%', '%', 'x%'])
    assert.equal(parseRatio(value), null, `${value}`);
});
