import { ByteReader, ByteWriter, CodecError } from './bytes.ts';
import { isFlake, isTrusted, PHASES, type Phases, REASONS, type Reason, type Result } from './result.ts';
import { Sketch } from './sketch.ts';

/** How many reasons there were when windows were first stored. */
const FIRST_REASONS = 10;

/**
 * A failure's classes: its reason, and its status's hundred where it is an error's. The order is part of the stored
 * encoding, append only, as that of reasons: those that came later follow the statuses.
 */
const ERROR_CLASSES: readonly ErrorClass[] = [
  ...REASONS.slice(0, FIRST_REASONS),
  '4xx',
  '5xx',
  ...REASONS.slice(FIRST_REASONS),
];
export type ErrorClass = Reason | '4xx' | '5xx';

/** What a custom metric came to in a window. */
export interface MetricStats {
  readonly sketch: Sketch;
  last: number;
  lastSlotEpochMs: number;
}

/**
 * Results of one monitor from one region (or of several, merged) over a stretch of time: integer counts and sketches,
 * so that windows merge exactly, in any order.
 *
 * Latency holds the total time of every check that got a whole answer, right or wrong, and of those that timed out, with
 * the time they waited: leaving timeouts out would make an overloaded API look faster. Refused or unresolved ones are not in it,
 * nor are those during which the prober itself stood still for too long ({@link isTrusted}): they count as passed or
 * failed, and say nothing of latency.
 */
export class WindowStats {
  passed = 0;
  failed = 0;
  inconclusive = 0;
  /** Passed, and within the SLO's response time where there is one. */
  good = 0;
  /** Passed after more than one attempt. */
  flaked = 0;
  readonly errors = new Map<ErrorClass, number>();
  readonly latency = new Sketch();
  readonly phases = PHASES.map(() => ({ n: 0, sumMs: 0 }));
  readonly metrics = new Map<string, MetricStats>();
  certificateDaysLeft: number | null = null;
  certificateSlotEpochMs = 0;

  /** Passed and failed; inconclusive ones say nothing of the target. */
  get conclusive(): number {
    return this.passed + this.failed;
  }

  /** All results, inconclusive ones too. */
  get total(): number {
    return this.passed + this.failed + this.inconclusive;
  }

  /** Ratio 0–1. Null without a conclusive result: no data is neither up nor down. */
  get availability(): number | null {
    return this.conclusive === 0 ? null : this.passed / this.conclusive;
  }

  /** Failures of a class (null: of any) ÷ conclusive results, 0–1. Null without a conclusive result. */
  errorRate(errorClass: ErrorClass | null): number | null {
    if (this.conclusive === 0) return null;
    return (errorClass === null ? this.failed : (this.errors.get(errorClass) ?? 0)) / this.conclusive;
  }

  /** Passed after a failed attempt ÷ conclusive results, 0–1. Null without a conclusive result. */
  get flakeRate(): number | null {
    return this.conclusive === 0 ? null : this.flaked / this.conclusive;
  }

  /** `goodWithinMs`: the SLO's response time, or null. */
  add(result: Result, goodWithinMs: number | null): void {
    switch (result.outcome) {
      case 'inconclusive':
        this.inconclusive += 1;
        return;
      case 'passed':
        this.passed += 1;
        if (isFlake(result)) this.flaked += 1;
        if (isGood(result, goodWithinMs)) this.good += 1;
        break;
      case 'failed':
        this.failed += 1;
        for (const errorClass of errorClassesOf(result)) {
          this.errors.set(errorClass, (this.errors.get(errorClass) ?? 0) + 1);
        }
        break;
    }
    if (result.totalMs !== null && isTrusted(result) && countsForLatency(result)) {
      this.latency.add(result.totalMs);
      addPhases(this.phases, result.phases);
    }
    for (const [name, value] of Object.entries(result.metrics)) this.#addMetric(name, value, result.slotEpochMs);
    this.#seeCertificate(result.certificateDaysLeft, result.slotEpochMs);
  }

  merge(other: WindowStats): void {
    this.passed += other.passed;
    this.failed += other.failed;
    this.inconclusive += other.inconclusive;
    this.good += other.good;
    this.flaked += other.flaked;
    for (const [name, count] of other.errors) this.errors.set(name, (this.errors.get(name) ?? 0) + count);
    this.latency.merge(other.latency);
    for (const [index, phase] of this.phases.entries()) {
      phase.n += other.phases[index]?.n ?? 0;
      phase.sumMs += other.phases[index]?.sumMs ?? 0;
    }
    for (const [name, theirs] of other.metrics) {
      const ours = this.metrics.get(name);
      if (ours === undefined) {
        const sketch = new Sketch();
        sketch.merge(theirs.sketch);
        this.metrics.set(name, { sketch, last: theirs.last, lastSlotEpochMs: theirs.lastSlotEpochMs });
        continue;
      }
      ours.sketch.merge(theirs.sketch);
      if (isLater(theirs.lastSlotEpochMs, theirs.last, ours.lastSlotEpochMs, ours.last)) {
        ours.last = theirs.last;
        ours.lastSlotEpochMs = theirs.lastSlotEpochMs;
      }
    }
    this.#seeCertificate(other.certificateDaysLeft, other.certificateSlotEpochMs);
  }

  /** The latest slot counts; where regions see different certificates in one slot, the one that ends first. */
  #seeCertificate(daysLeft: number | null, slotEpochMs: number): void {
    if (daysLeft === null) return;
    const known = this.certificateDaysLeft;
    if (known !== null && !isLater(slotEpochMs, -daysLeft, this.certificateSlotEpochMs, -known)) return;
    this.certificateDaysLeft = daysLeft;
    this.certificateSlotEpochMs = slotEpochMs;
  }

  #addMetric(name: string, value: number, slotEpochMs: number): void {
    let stats = this.metrics.get(name);
    if (stats === undefined) {
      stats = { sketch: new Sketch(), last: value, lastSlotEpochMs: slotEpochMs };
      this.metrics.set(name, stats);
    }
    stats.sketch.add(value);
    if (isLater(slotEpochMs, value, stats.lastSlotEpochMs, stats.last)) {
      stats.last = value;
      stats.lastSlotEpochMs = slotEpochMs;
    }
  }
}

/** Later slot wins; within one slot (several regions) the larger value, so that the order of merging does not matter. */
function isLater(slotA: number, valueA: number, slotB: number, valueB: number): boolean {
  return slotA > slotB || (slotA === slotB && valueA > valueB);
}

/** The prober's own standing still is taken off before a passed check is called too slow. */
function isGood(result: Result, goodWithinMs: number | null): boolean {
  if (goodWithinMs === null) return true;
  const ownMs = isTrusted(result) ? 0 : result.stallMs;
  return (result.totalMs ?? Number.POSITIVE_INFINITY) - ownMs <= goodWithinMs;
}

function errorClassesOf(result: Result): ErrorClass[] {
  const classes: ErrorClass[] = result.reason === null ? [] : [result.reason];
  if (result.status !== null && result.status >= 400 && result.status < 500) classes.push('4xx');
  if (result.status !== null && result.status >= 500 && result.status < 600) classes.push('5xx');
  return classes;
}

function countsForLatency(result: Result): boolean {
  return (
    result.outcome === 'passed' ||
    result.reason === 'status' ||
    result.reason === 'expectation' ||
    result.reason === 'timeout'
  );
}

function addPhases(sums: readonly { n: number; sumMs: number }[], phases: Phases): void {
  const values = [phases.dnsMs, phases.connectMs, phases.tlsMs, phases.firstByteMs, phases.downloadMs];
  for (const [index, sum] of sums.entries()) {
    const ms = values[index];
    if (ms === null || ms === undefined) continue;
    sum.n += 1;
    sum.sumMs += ms;
  }
}

/** Version of the stored encoding. */
const VERSION = 1;

/**
 * Packs the windows of many monitors, ids ascending, into as few chunks as `maxChunkBytes` allows.
 * The same windows give the same bytes.
 */
export function encodeWindows(windows: ReadonlyMap<string, WindowStats>, maxChunkBytes: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let to = new ByteWriter();
  to.uvarint(VERSION);
  for (const [id, stats] of [...windows].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const one = new ByteWriter();
    one.text(id);
    encodeWindow(stats, one);
    if (to.length > 1 && to.length + one.length > maxChunkBytes) {
      chunks.push(to.finish());
      to = new ByteWriter();
      to.uvarint(VERSION);
    }
    to.append(one);
  }
  chunks.push(to.finish());
  return chunks;
}

/** @throws CodecError when the bytes are damaged or of a newer version */
export function decodeWindows(bytes: Uint8Array): Map<string, WindowStats> {
  const from = new ByteReader(bytes);
  const version = from.uvarint();
  if (version !== VERSION) throw new CodecError(`holds windows of version ${version}; this code reads ${VERSION}`);
  const windows = new Map<string, WindowStats>();
  while (!from.done) {
    const id = from.text();
    windows.set(id, decodeWindow(from));
  }
  return windows;
}

function encodeWindow(stats: WindowStats, to: ByteWriter): void {
  for (const count of [stats.passed, stats.failed, stats.inconclusive, stats.passed - stats.good, stats.flaked]) {
    to.uvarint(count);
  }
  to.uvarint(stats.errors.size);
  for (const [index, errorClass] of ERROR_CLASSES.entries()) {
    const count = stats.errors.get(errorClass);
    if (count === undefined) continue;
    to.uvarint(index);
    to.uvarint(count);
  }
  stats.latency.encode(to);
  for (const phase of stats.phases) {
    to.uvarint(phase.n);
    if (phase.n > 0) to.uvarint(Math.round(phase.sumMs * 1_000));
  }
  to.uvarint(stats.certificateDaysLeft === null ? 0 : 1);
  if (stats.certificateDaysLeft !== null) {
    to.number(stats.certificateDaysLeft);
    to.uvarint(stats.certificateSlotEpochMs / 1_000);
  }
  to.uvarint(stats.metrics.size);
  for (const [name, metric] of [...stats.metrics].sort(([a], [b]) => (a < b ? -1 : 1))) {
    to.text(name);
    metric.sketch.encode(to);
    to.number(metric.last);
    to.uvarint(metric.lastSlotEpochMs / 1_000);
  }
}

function decodeWindow(from: ByteReader): WindowStats {
  const stats = new WindowStats();
  stats.passed = from.uvarint();
  stats.failed = from.uvarint();
  stats.inconclusive = from.uvarint();
  stats.good = stats.passed - from.uvarint();
  stats.flaked = from.uvarint();
  for (let left = from.uvarint(); left > 0; left -= 1) {
    const errorClass = ERROR_CLASSES[from.uvarint()];
    const count = from.uvarint();
    if (errorClass !== undefined) stats.errors.set(errorClass, count);
  }
  stats.latency.merge(Sketch.decode(from));
  for (const phase of stats.phases) {
    phase.n = from.uvarint();
    if (phase.n > 0) phase.sumMs = from.uvarint() / 1_000;
  }
  if (from.uvarint() === 1) {
    stats.certificateDaysLeft = from.number();
    stats.certificateSlotEpochMs = from.uvarint() * 1_000;
  }
  for (let left = from.uvarint(); left > 0; left -= 1) {
    const name = from.text();
    const sketch = Sketch.decode(from);
    stats.metrics.set(name, { sketch, last: from.number(), lastSlotEpochMs: from.uvarint() * 1_000 });
  }
  return stats;
}
