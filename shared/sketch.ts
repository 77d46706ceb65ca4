import type { ByteReader, ByteWriter } from './bytes.ts';

/**
 * A histogram with fixed logarithmic buckets: a value's bucket is the top bits of its float32 form, 64 buckets an octave.
 * Merging adds counts, so a merge of merges is exact, in any order. A quantile is within {@link MAX_RELATIVE_ERROR}
 * of the value at that rank. Takes any finite number, negative ones and zero too.
 *
 * The bucketing is HdrHistogram's idea with float bits for the index; the error bound follows from the bucket's width:
 * (high − low) / (high + low) with high = low × 65/64 at worst.
 * @see https://github.com/HdrHistogram/HdrHistogram
 */
export class Sketch {
  readonly #counts = new Map<number, number>();
  #n = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;

  get n(): number {
    return this.#n;
  }

  get sum(): number {
    return this.#sum;
  }

  /** Exact. Null when empty. */
  get min(): number | null {
    return this.#n === 0 ? null : this.#min;
  }

  /** Exact. Null when empty. */
  get max(): number | null {
    return this.#n === 0 ? null : this.#max;
  }

  add(value: number): void {
    if (!Number.isFinite(value)) throw new RangeError(`a sketch takes finite numbers, got ${value}`);
    const bucket = bucketOf(value);
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    this.#n += 1;
    this.#sum = finite(this.#sum + value);
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
  }

  merge(other: Sketch): void {
    for (const [bucket, count] of other.#counts) this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + count);
    this.#n += other.#n;
    this.#sum = finite(this.#sum + other.#sum);
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  /** The value at nearest rank ⌈q·n⌉, whatever n. Null when empty. For people, use {@link supportedQuantile}. */
  quantile(q: number): number | null {
    if (this.#n === 0) return null;
    const rank = Math.min(this.#n, Math.max(1, Math.ceil(q * this.#n)));
    if (rank === 1) return this.#min;
    if (rank === this.#n) return this.#max;
    let seen = 0;
    for (const [bucket, count] of this.#ascending()) {
      seen += count;
      if (seen >= rank) return Math.min(this.#max, Math.max(this.#min, representative(bucket)));
    }
    return this.#max;
  }

  /** {@link quantile}, or null where n cannot support it: fewer than one result is expected beyond it. */
  supportedQuantile(q: number): number | null {
    return this.#n >= resultsNeeded(q) ? this.quantile(q) : null;
  }

  encode(to: ByteWriter): void {
    to.uvarint(this.#n);
    if (this.#n === 0) return;
    to.number(this.#min);
    to.number(this.#max);
    to.number(this.#sum);
    const buckets = this.#ascending();
    to.uvarint(buckets.length);
    let previous = 0;
    for (const [bucket, count] of buckets) {
      to.svarint(bucket - previous);
      to.uvarint(count);
      previous = bucket;
    }
  }

  static decode(from: ByteReader): Sketch {
    const sketch = new Sketch();
    sketch.#n = from.uvarint();
    if (sketch.#n === 0) return sketch;
    sketch.#min = from.number();
    sketch.#max = from.number();
    sketch.#sum = from.number();
    let bucket = 0;
    for (let left = from.uvarint(); left > 0; left -= 1) {
      bucket += from.svarint();
      sketch.#counts.set(bucket, from.uvarint());
    }
    return sketch;
  }

  #ascending(): [bucket: number, count: number][] {
    return [...this.#counts].sort((a, b) => a[0] - b[0]);
  }
}

/** The largest number stands for what is beyond it: an infinite sum could not be stored, nor sent as JSON. */
function finite(sum: number): number {
  return Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, sum));
}

/** 1/129: half a bucket's width at the bottom of an octave, relative to its middle. */
export const MAX_RELATIVE_ERROR = 1 / 129;

/** How many results a quantile needs before one of them is expected to lie beyond it: 20 for p95, 100 for p99. */
export function resultsNeeded(q: number): number {
  return Math.max(1, Math.round(1 / (1 - q)));
}

/** float32 has 23 mantissa bits; keeping 6 of them gives 64 buckets an octave. */
const DROPPED_BITS = 17;
const MAX_FLOAT32 = 3.4028234663852886e38;
const scratch = new DataView(new ArrayBuffer(4));

function bucketOf(value: number): number {
  scratch.setFloat32(0, Math.min(Math.abs(value), MAX_FLOAT32));
  const magnitude = scratch.getUint32(0) >>> DROPPED_BITS;
  return value < 0 ? -magnitude - 1 : magnitude;
}

/** The harmonic middle of a bucket, from which both of its ends are equally far, relatively. */
function representative(bucket: number): number {
  const magnitude = bucket < 0 ? -bucket - 1 : bucket;
  const low = edge(magnitude);
  const high = edge(magnitude + 1);
  const middle = low === 0 ? 0 : low * (2 / (1 + low / high));
  return bucket < 0 ? -middle : middle;
}

function edge(magnitude: number): number {
  scratch.setUint32(0, magnitude << DROPPED_BITS);
  return scratch.getFloat32(0);
}
