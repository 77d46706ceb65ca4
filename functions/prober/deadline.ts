import { PHASES } from '../../shared/result.ts';
import type { Clock } from './clock.ts';
import { type Failure, failed, inconclusive } from './failure.ts';
import type { Trace } from './trace.ts';

/** A deadline that is noticed this much too late says that this process stood still, and nothing about the target. */
const STALL_MS = 1_000;

/** What the work comes to, or why it did not in time. Closing what the trace holds ends the loser of this race too. */
export async function withinDeadline<T>(
  clock: Clock,
  timeoutMs: number,
  trace: Trace,
  work: () => Promise<T>,
): Promise<T | Failure> {
  const startMs = clock.monotonicMs();
  let cancel = () => {};
  const deadline = new Promise<Failure>((resolve) => {
    cancel = clock.after(timeoutMs, () => {
      const stalledMs = clock.monotonicMs() - startMs - timeoutMs;
      resolve(
        stalledMs > STALL_MS
          ? inconclusive(`the prober stood still for ${duration(stalledMs)} during the check`, trace.phase)
          : failed(
              'timeout',
              trace.phase,
              `${trace.place}no answer within ${duration(timeoutMs)} (${progress(trace)})`,
            ),
      );
    });
  });
  try {
    return await Promise.race([work(), deadline]);
  } finally {
    cancel();
  }
}

const WAITING_FOR = {
  dns: 'resolving the name',
  connect: 'connecting',
  tls: 'in the TLS handshake',
  firstByte: 'waiting for the first byte',
  download: 'reading the answer',
} as const;

const SHORT_NAMES = {
  dns: 'dns',
  connect: 'connect',
  tls: 'tls',
  firstByte: 'first byte',
  download: 'download',
} as const;

/** `waiting for the first byte after connect 12 ms, tls 30 ms` */
function progress(trace: Trace): string {
  if (trace.phase === null) return 'before anything was sent';
  const { phases } = trace;
  const done = PHASES.flatMap((phase) => {
    const ms = phases[`${phase}Ms`];
    return ms === null ? [] : [`${SHORT_NAMES[phase]} ${duration(ms)}`];
  });
  const soFar = trace.soFar?.() ?? `${trace.bodyBytes ?? 0} bytes so far`;
  const bytes = trace.phase === 'download' ? `, ${soFar}` : '';
  return `${WAITING_FOR[trace.phase]}${bytes}${done.length > 0 ? `, after ${done.join(', ')}` : ''}`;
}

function duration(ms: number): string {
  return ms >= 1_000 ? `${Math.round(ms / 100) / 10} s` : `${Math.round(ms)} ms`;
}
