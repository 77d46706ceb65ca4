import { createHash } from 'node:crypto';
import type { Region } from './monitor.ts';

/** `failed` is the target's fault, `inconclusive` is ours and stays out of availability. */
export const OUTCOMES = ['passed', 'failed', 'inconclusive'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Why a check did not pass. Closed: the order is part of the stored encoding, append only. */
export const REASONS = [
  'dns',
  'connect',
  'tls',
  'timeout',
  'status',
  'expectation',
  'protocol',
  'too-large',
  'blocked-address',
  'prober',
  /** A job did not call in time. */
  'missed',
  /** A job said that it failed. */
  'job-failed',
  /** A job has never called, and is not late yet. */
  'awaiting',
] as const;
export type Reason = (typeof REASONS)[number];

/** In the order in which they happen. The order is part of the stored encoding. */
export const PHASES = ['dns', 'connect', 'tls', 'firstByte', 'download'] as const;
export type Phase = (typeof PHASES)[number];

/** Milliseconds of the last hop's phases, microsecond resolution. A phase that did not happen is null, never 0. */
export interface Phases {
  readonly dnsMs: number | null;
  readonly connectMs: number | null;
  readonly tlsMs: number | null;
  /** From the request being written to the first byte of the answer. */
  readonly firstByteMs: number | null;
  /** From the first byte to the end of the body. */
  readonly downloadMs: number | null;
}

export const NO_PHASES: Phases = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, downloadMs: null };

/**
 * Whose fault it looks like, after the prober has looked again. Closed: the order is part of the stored encoding, append only.
 *
 * | blame     | what was seen                                                                                    |
 * | --------- | ------------------------------------------------------------------------------------------------ |
 * | `target`  | it was reached, and answered wrongly, too late or not at all                                      |
 * | `address` | one of the name's addresses fails, another one works                                              |
 * | `dns`     | the name does not resolve                                                                         |
 * | `tls`     | no handshake, or a certificate that proves nothing                                                |
 * | `path`    | no connection comes about: it cannot be reached from this region                                  |
 * | `prober`  | this machine, or its network                                                                      |
 */
export const BLAMES = ['target', 'address', 'dns', 'tls', 'path', 'prober'] as const;
export type Blame = (typeof BLAMES)[number];

/** What one step of a flow came to, of those that were made. */
export interface StepResult {
  readonly name: string;
  /** Made after the steps, whatever became of those; it never fails the check. */
  readonly isCleanup: boolean;
  readonly outcome: Outcome;
  /** Null when passed. */
  readonly reason: Reason | null;
  readonly failedPhase: Phase | null;
  /** Null when nothing was sent out. */
  readonly totalMs: number | null;
  /** Of the step's last hop. */
  readonly phases: Phases;
  readonly status: number | null;
}

/** What one check found. */
export interface Result {
  readonly monitorId: string;
  /** The scheduled instant, from the schedule, never from a clock. */
  readonly slotEpochMs: number;
  readonly outcome: Outcome;
  /** Null when passed. */
  readonly reason: Reason | null;
  /** Where a `timeout` or a broken connection struck; null when not in one phase. */
  readonly failedPhase: Phase | null;
  /**
   * One sentence for a person, at most {@link MAX_DETAIL_CHARS}, secrets redacted. Null when passed at the first attempt;
   * after a flake it says what the first attempt found.
   */
  readonly detail: string | null;
  /** Null when passed at the first attempt, and where nobody can be blamed. */
  readonly blame: Blame | null;
  /** How long after its slot the check was launched. */
  readonly lateMs: number;
  /** The longest time, in whole milliseconds, that the prober's own event loop stood still while this check was under way. */
  readonly stallMs: number;
  /**
   * Start of the first hop to the end of the last body, redirects included; to the failure where it failed. Null when nothing
   * was sent out. Of a heartbeat: how long the job's run took, in the one slot that follows its end.
   */
  readonly totalMs: number | null;
  readonly phases: Phases;
  /** HTTP status of the last hop. */
  readonly status: number | null;
  /** What the last hop spoke: `http/1.0`, `http/1.1` or `h2`; null where no HTTP monitor was answered. Not stored. */
  readonly protocol?: string | null;
  /**
   * 1, or more when it was tried again because it failed: all else here is of the attempt that passed, or of the first
   * where none did. An attempt that was repeated because of a stall of ours does not count. 0: never launched.
   */
  readonly attempts: number;
  readonly redirects: number;
  /** Body bytes on the wire, before decoding. */
  readonly bodyBytes: number | null;
  /** The address that answered, of the last hop. Stored only for checks that did not pass. */
  readonly address: string | null;
  /** Days until the certificate expires, negative afterwards. */
  readonly certificateDaysLeft: number | null;
  /** The monitor's own metrics that this answer had. Finite numbers. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Of a flow: its steps that were made, in their order. Absent for other kinds. */
  readonly steps?: readonly StepResult[];
}

export const MAX_DETAIL_CHARS = 300;

/** A stall of up to this is noise: timers are late by a millisecond or two, and collections take as long. */
const STALL_TOLERANCE_MS = 5;
/** Of a check's time. A stall that long shifts no percentile that anybody would act on. */
const STALL_TOLERANCE_RATIO = 0.05;

/** Whether a check's times can be believed, as far as this process's own standing still goes. */
export function isTrusted({ stallMs, totalMs }: Pick<Result, 'stallMs' | 'totalMs'>): boolean {
  return stallMs <= Math.max(STALL_TOLERANCE_MS, (totalMs ?? 0) * STALL_TOLERANCE_RATIO);
}

/** Passed, but not at the first attempt. */
export function isFlake({ outcome, attempts }: Pick<Result, 'outcome' | 'attempts'>): boolean {
  return outcome === 'passed' && attempts > 1;
}

/** Whether the check failed without an answer, as it would have when the prober's own network was broken. */
export function couldBeOurNetwork({ outcome, reason }: Pick<Result, 'outcome' | 'reason'>): boolean {
  return outcome === 'failed' && (reason === 'dns' || reason === 'connect' || reason === 'tls' || reason === 'timeout');
}

/** Failures that a region's own network may have caused: where nothing goes out, a job's calls may not come in. */
export function mayBeOurs(result: Pick<Result, 'outcome' | 'reason'>): boolean {
  return couldBeOurNetwork(result) || (result.outcome === 'failed' && result.reason === 'missed');
}

/** Whether something was sent out: a heartbeat that was judged says nothing of how the prober reaches others. */
export function wentOut(result: Pick<Result, 'outcome' | 'reason' | 'phases'>): boolean {
  return couldBeOurNetwork(result) || Object.values(result.phases).some((ms) => ms !== null);
}

/** A failure that is our own after all: out of availability, with what was found kept in its detail. */
export function excused(result: Result, why: string): Result {
  const detail = result.detail === null ? why : `${why}; found: ${result.detail}`;
  return {
    ...result,
    outcome: 'inconclusive',
    reason: 'prober',
    blame: 'prober',
    detail: detail.length > MAX_DETAIL_CHARS ? `${detail.slice(0, MAX_DETAIL_CHARS - 1)}…`.toWellFormed() : detail,
  };
}

/** The results of one region and shard whose slots lie in [start, start + group length). */
export interface Batch {
  readonly region: Region;
  readonly startEpochMs: number;
  readonly shard: number;
  readonly results: readonly Result[];
}

/**
 * The W3C trace id (32 hex digits) of a check. Derived, so that a duplicate carries the same one and it need not be stored.
 * @see https://www.w3.org/TR/trace-context/#trace-id
 */
export function traceId(monitorId: string, region: Region, slotEpochMs: number): string {
  return createHash('sha256').update(`${monitorId}\n${region}\n${slotEpochMs}`).digest('hex').slice(0, 32);
}
