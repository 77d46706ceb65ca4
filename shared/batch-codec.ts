import { ByteReader, ByteWriter, CodecError } from './bytes.ts';
import { type Batch, BLAMES, isFlake, OUTCOMES, PHASES, type Phases, REASONS, type Result } from './result.ts';
import { decodeSteps, encodeSteps } from './step-codec.ts';

/**
 * A batch in bytes, version 1. About 30 bytes a passed check: 100 of them are 3 write units.
 *
 *   version · region · start (s) · shard · texts (names of metrics and steps, failure details) · results, by monitor id and slot
 *   result: id (shared prefix length + rest) · slot − start (s) · two flag bytes · the fields that are there · a flow's steps
 *
 * Times are stored in microseconds, the certificate's days to a tenth. Address and blame are kept only where a check did
 * not pass, or not at the first attempt.
 */
const VERSION = 1;

/** Distinct texts beyond this are dropped from details, so that an outage of everything still fits one item (400 KB). */
const MAX_DETAIL_BYTES = 64 * 1_024;

export function encodeBatch(batch: Batch): Uint8Array {
  const results = [...batch.results].sort(byMonitorThenSlot);
  const texts = new TextTable(results);
  const to = new ByteWriter();
  to.uvarint(VERSION);
  to.text(batch.region);
  to.uvarint(Math.floor(batch.startEpochMs / 1_000));
  to.uvarint(batch.shard);
  to.uvarint(texts.list.length);
  for (const text of texts.list) to.text(text);
  to.uvarint(results.length);
  let previousId = '';
  for (const result of results) {
    const shared = sharedPrefix(previousId, result.monitorId);
    to.uvarint(shared);
    to.text(result.monitorId.slice(shared));
    previousId = result.monitorId;
    to.uvarint((result.slotEpochMs - batch.startEpochMs) / 1_000);
    encodeResult(result, texts, to);
  }
  return to.finish();
}

/** @throws CodecError when the bytes are damaged or of a newer version */
export function decodeBatch(bytes: Uint8Array): Batch {
  const from = new ByteReader(bytes);
  const version = from.uvarint();
  if (version !== VERSION) throw new CodecError(`is a batch of version ${version}; this code reads version ${VERSION}`);
  const region = from.text();
  const startEpochMs = from.uvarint() * 1_000;
  const shard = from.uvarint();
  const texts = Array.from({ length: boundedCount(from) }, () => from.text());
  const results: Result[] = [];
  let previousId = '';
  for (let left = boundedCount(from); left > 0; left -= 1) {
    const shared = from.uvarint();
    const monitorId = previousId.slice(0, shared) + from.text();
    previousId = monitorId;
    const slotEpochMs = startEpochMs + from.uvarint() * 1_000;
    results.push(decodeResult(monitorId, slotEpochMs, texts, from));
  }
  return { region, startEpochMs, shard, results };
}

const FLAG = {
  status: 1 << 2,
  total: 1 << 3,
  bodyBytes: 1 << 4,
  certificate: 1 << 5,
  metrics: 1 << 6,
  /** Not first attempt only, or redirected. */
  detours: 1 << 7,
} as const;

/** In the second flag byte, above the phases. */
const STALL_FLAG = 1 << PHASES.length;
const STEPS_FLAG = STALL_FLAG << 1;

function encodeResult(result: Result, texts: TextTable, to: ByteWriter): void {
  const metrics = Object.entries(result.metrics);
  const phases = phaseValues(result.phases);
  const detours = result.attempts !== 1 || result.redirects !== 0;
  to.uvarint(
    OUTCOMES.indexOf(result.outcome) |
      (result.status === null ? 0 : FLAG.status) |
      (result.totalMs === null ? 0 : FLAG.total) |
      (result.bodyBytes === null ? 0 : FLAG.bodyBytes) |
      (result.certificateDaysLeft === null ? 0 : FLAG.certificate) |
      (metrics.length === 0 ? 0 : FLAG.metrics) |
      (detours ? FLAG.detours : 0),
  );
  const stallMs = Math.max(0, Math.round(result.stallMs));
  const phaseBits = phases.reduce<number>((bits, ms, index) => bits | (ms === null ? 0 : 1 << index), 0);
  to.uvarint(phaseBits | (stallMs === 0 ? 0 : STALL_FLAG) | (result.steps === undefined ? 0 : STEPS_FLAG));
  to.uvarint(Math.max(0, Math.round(result.lateMs)));
  if (stallMs > 0) to.uvarint(stallMs);
  if (result.totalMs !== null) to.uvarint(micros(result.totalMs));
  for (const ms of phases) if (ms !== null) to.uvarint(micros(ms));
  if (result.status !== null) to.uvarint(result.status);
  if (result.bodyBytes !== null) to.uvarint(result.bodyBytes);
  if (result.certificateDaysLeft !== null) to.svarint(Math.floor(result.certificateDaysLeft * 10));
  if (detours) {
    to.uvarint(result.attempts);
    to.uvarint(result.redirects);
  }
  if (metrics.length > 0) {
    to.uvarint(metrics.length);
    for (const [name, value] of metrics) {
      to.uvarint(texts.indexOf(name));
      to.number(value);
    }
  }
  if (hasStory(result)) {
    to.uvarint(result.reason === null ? 0 : REASONS.indexOf(result.reason) + 1);
    to.uvarint(result.failedPhase === null ? 0 : PHASES.indexOf(result.failedPhase) + 1);
    to.uvarint(texts.indexOf(result.detail) + 1);
    to.uvarint(texts.indexOf(result.address) + 1);
    to.uvarint(result.blame === null ? 0 : BLAMES.indexOf(result.blame) + 1);
  }
  if (result.steps !== undefined) encodeSteps(result.steps, (name) => texts.indexOf(name), to);
}

function decodeResult(monitorId: string, slotEpochMs: number, texts: readonly string[], from: ByteReader): Result {
  const flags = from.uvarint();
  const outcome = OUTCOMES[flags & 0b11];
  if (outcome === undefined) throw new CodecError(`holds an unknown outcome (${flags & 0b11})`);
  const phaseBits = from.uvarint();
  const lateMs = from.uvarint();
  const stallMs = phaseBits & STALL_FLAG ? from.uvarint() : 0;
  const totalMs = flags & FLAG.total ? from.uvarint() / 1_000 : null;
  const phase = (index: number) => (phaseBits & (1 << index) ? from.uvarint() / 1_000 : null);
  const phases: Phases = {
    dnsMs: phase(0),
    connectMs: phase(1),
    tlsMs: phase(2),
    firstByteMs: phase(3),
    downloadMs: phase(4),
  };
  const status = flags & FLAG.status ? from.uvarint() : null;
  const bodyBytes = flags & FLAG.bodyBytes ? from.uvarint() : null;
  const certificateDaysLeft = flags & FLAG.certificate ? from.svarint() / 10 : null;
  const attempts = flags & FLAG.detours ? from.uvarint() : 1;
  const redirects = flags & FLAG.detours ? from.uvarint() : 0;
  const metrics: Record<string, number> = {};
  if (flags & FLAG.metrics) {
    for (let left = boundedCount(from); left > 0; left -= 1) {
      const name = texts[from.uvarint()];
      const value = from.number();
      if (name !== undefined) metrics[name] = value;
    }
  }
  const told = hasStory({ outcome, attempts });
  const reason = told ? (REASONS[from.uvarint() - 1] ?? null) : null;
  const failedPhase = told ? (PHASES[from.uvarint() - 1] ?? null) : null;
  const detail = told ? (texts[from.uvarint() - 1] ?? null) : null;
  const address = told ? (texts[from.uvarint() - 1] ?? null) : null;
  const blame = told ? (BLAMES[from.uvarint() - 1] ?? null) : null;
  const steps = phaseBits & STEPS_FLAG ? decodeSteps(texts, from) : undefined;
  return {
    monitorId,
    slotEpochMs,
    outcome,
    reason,
    failedPhase,
    detail,
    blame,
    lateMs,
    stallMs,
    totalMs,
    phases,
    status,
    attempts,
    redirects,
    bodyBytes,
    address,
    certificateDaysLeft,
    metrics,
    ...(steps !== undefined && { steps }),
  };
}

/** Whether there is more to tell than numbers. */
function hasStory(result: Pick<Result, 'outcome' | 'attempts'>): boolean {
  return result.outcome !== 'passed' || isFlake(result);
}

/** Texts that results share, each stored once: an outage repeats one sentence a hundred times. */
class TextTable {
  readonly list: string[] = [];
  readonly #index = new Map<string, number>();
  #bytesLeft = MAX_DETAIL_BYTES;

  constructor(results: readonly Result[]) {
    for (const result of results) {
      for (const name of Object.keys(result.metrics)) this.#add(name);
      for (const { name } of result.steps ?? []) this.#add(name);
      if (!hasStory(result)) continue;
      this.#addBounded(result.address);
      this.#addBounded(result.detail);
    }
  }

  /** −1 for null, and for a text that was over the bound. */
  indexOf(text: string | null): number {
    return text === null ? -1 : (this.#index.get(text) ?? -1);
  }

  #addBounded(text: string | null): void {
    if (text === null || this.#index.has(text)) return;
    this.#bytesLeft -= text.length * 3;
    if (this.#bytesLeft >= 0) this.#add(text);
  }

  #add(text: string): void {
    if (this.#index.has(text)) return;
    this.#index.set(text, this.list.length);
    this.list.push(text);
  }
}

function phaseValues(phases: Phases): (number | null)[] {
  return [phases.dnsMs, phases.connectMs, phases.tlsMs, phases.firstByteMs, phases.downloadMs];
}

function micros(ms: number): number {
  return Math.max(0, Math.round(ms * 1_000));
}

function sharedPrefix(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a.charCodeAt(length) === b.charCodeAt(length)) length += 1;
  return length;
}

export function byMonitorThenSlot(a: Result, b: Result): number {
  if (a.monitorId !== b.monitorId) return a.monitorId < b.monitorId ? -1 : 1;
  return a.slotEpochMs - b.slotEpochMs;
}

/** An item holds 400 KB: a larger count is damage, and must not become a huge loop. */
function boundedCount(from: ByteReader): number {
  const count = from.uvarint();
  if (count > 400_000) throw new CodecError(`claims ${count} entries`);
  return count;
}
