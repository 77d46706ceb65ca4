import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteReader, ByteWriter } from '../../shared/bytes.ts';
import { MAX_RELATIVE_ERROR, resultsNeeded, Sketch } from '../../shared/sketch.ts';

const QUANTILES = [0, 0.5, 0.9, 0.95, 0.99, 0.999, 1];
const latencies = fc.array(fc.double({ min: 0.001, max: 86_400_000, noNaN: true }), { minLength: 1, maxLength: 400 });
const anyNumbers = fc.array(fc.double({ min: -1e30, max: 1e30, noNaN: true }), { minLength: 1, maxLength: 60 });

function sketchOf(values: readonly number[]): Sketch {
  const sketch = new Sketch();
  for (const value of values) sketch.add(value);
  return sketch;
}

function exactQuantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

function assertWithinBound(sketch: Sketch, values: readonly number[]): void {
  for (const q of QUANTILES) {
    const exact = exactQuantile(values, q);
    const found = sketch.quantile(q) ?? Number.NaN;
    // The ten-thousandth is float32's rounding. Below float32's smallest normal number buckets are no longer relative; nothing measured is that small.
    const tolerance = Math.abs(exact) * MAX_RELATIVE_ERROR * 1.0001 + 1e-37;
    assert.ok(Math.abs(found - exact) <= tolerance, `q ${q}: exact ${exact}, found ${found}`);
  }
}

function roundTrip(sketch: Sketch): Sketch {
  const to = new ByteWriter();
  sketch.encode(to);
  return Sketch.decode(new ByteReader(to.finish()));
}

test('every quantile is within 1/129, under 1 %, of exact sorting', () => {
  fc.assert(fc.property(latencies, (values) => assertWithinBound(sketchOf(values), values)));
});

test('negative numbers, zero and the largest ones keep the bound too', () => {
  fc.assert(fc.property(anyNumbers, (values) => assertWithinBound(sketchOf(values), values)));
});

test('merging and storing, in any number of steps and any order, keep the bound', () => {
  fc.assert(
    fc.property(fc.array(latencies, { minLength: 1, maxLength: 8 }), fc.boolean(), (parts, backwards) => {
      let merged = new Sketch();
      for (const part of backwards ? [...parts].reverse() : parts) {
        merged.merge(roundTrip(sketchOf(part)));
        merged = roundTrip(merged);
      }
      assertWithinBound(merged, parts.flat());
      assert.equal(merged.n, parts.flat().length);
    }),
  );
});

test('a percentile that n cannot support is null, one more result and it is there', () => {
  for (const q of [0.5, 0.9, 0.95, 0.99, 0.999]) {
    const enough = resultsNeeded(q);
    assert.equal(sketchOf(Array(enough - 1).fill(5)).supportedQuantile(q), null);
    assert.equal(sketchOf(Array(enough).fill(5)).supportedQuantile(q), 5);
  }
});

test('an empty sketch has no quantile, minimum or maximum', () => {
  const empty = roundTrip(new Sketch());
  assert.deepEqual([empty.quantile(0.5), empty.min, empty.max, empty.n], [null, null, null, 0]);
});

test('10,000 log-normal latencies take under 800 bytes', () => {
  const sketch = new Sketch();
  for (let i = 1; i <= 10_000; i += 1) {
    // Deterministic: a rank's normal quantile by the logistic approximation.
    const p = i / 10_001;
    sketch.add(120 * Math.exp(0.5 * 0.5513 * Math.log(p / (1 - p))));
  }
  const to = new ByteWriter();
  sketch.encode(to);
  assert.ok(to.length < 800, `${to.length} bytes`);
});

test('a sum beyond the largest number stays a number, added or merged, and is stored as it is', () => {
  for (const sign of [1, -1]) {
    const huge = sketchOf([sign * 1.5e308, sign * 1.5e308]);
    huge.merge(sketchOf([sign * 1.5e308]));
    assert.equal(huge.sum, sign * Number.MAX_VALUE);
    assert.equal(roundTrip(huge).sum, huge.sum);
  }
});
