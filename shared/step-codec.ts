import { type ByteReader, type ByteWriter, CodecError } from './bytes.ts';
import { OUTCOMES, PHASES, REASONS, type StepResult } from './result.ts';

/**
 * A flow's steps within a batch, about 20 bytes each:
 *
 *   count · for each: name (in the batch's texts) · bits · total · phases · status · reason and phase where it did not pass
 */
export function encodeSteps(steps: readonly StepResult[], textIndex: (text: string) => number, to: ByteWriter): void {
  to.uvarint(steps.length);
  for (const step of steps) {
    const phases = PHASES.map((phase) => step.phases[`${phase}Ms`]);
    to.uvarint(textIndex(step.name));
    to.uvarint(
      OUTCOMES.indexOf(step.outcome) |
        (step.isCleanup ? BIT.cleanup : 0) |
        (step.totalMs === null ? 0 : BIT.total) |
        (step.status === null ? 0 : BIT.status) |
        phases.reduce<number>((bits, ms, index) => bits | (ms === null ? 0 : BIT.firstPhase << index), 0),
    );
    if (step.totalMs !== null) to.uvarint(micros(step.totalMs));
    for (const ms of phases) if (ms !== null) to.uvarint(micros(ms));
    if (step.status !== null) to.uvarint(step.status);
    if (step.outcome !== 'passed') {
      to.uvarint(step.reason === null ? 0 : REASONS.indexOf(step.reason) + 1);
      to.uvarint(step.failedPhase === null ? 0 : PHASES.indexOf(step.failedPhase) + 1);
    }
  }
}

/** @throws CodecError when the bytes are damaged */
export function decodeSteps(texts: readonly string[], from: ByteReader): readonly StepResult[] {
  const steps: StepResult[] = [];
  const count = from.uvarint();
  if (count > MAX_STEPS) throw new CodecError(`claims ${count} steps`);
  while (steps.length < count) {
    const name = texts[from.uvarint()] ?? '';
    const bits = from.uvarint();
    const outcome = OUTCOMES[bits & 0b11];
    if (outcome === undefined) throw new CodecError(`holds an unknown outcome (${bits & 0b11})`);
    const totalMs = bits & BIT.total ? from.uvarint() / 1_000 : null;
    const phase = (index: number) => (bits & (BIT.firstPhase << index) ? from.uvarint() / 1_000 : null);
    const phases = {
      dnsMs: phase(0),
      connectMs: phase(1),
      tlsMs: phase(2),
      firstByteMs: phase(3),
      downloadMs: phase(4),
    };
    const status = bits & BIT.status ? from.uvarint() : null;
    const reason = outcome === 'passed' ? null : (REASONS[from.uvarint() - 1] ?? null);
    const failedPhase = outcome === 'passed' ? null : (PHASES[from.uvarint() - 1] ?? null);
    steps.push({ name, isCleanup: (bits & BIT.cleanup) !== 0, outcome, reason, failedPhase, totalMs, phases, status });
  }
  return steps;
}

/** Above the outcome's two bits. */
const BIT = { cleanup: 1 << 2, total: 1 << 3, status: 1 << 4, firstPhase: 1 << 5 } as const;

/** A flow has at most 20 steps and 20 of clean-up; more is damage. */
const MAX_STEPS = 100;

function micros(ms: number): number {
  return Math.max(0, Math.round(ms * 1_000));
}
