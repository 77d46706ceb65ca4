import type { HeartbeatRecord, JobRun } from '../../shared/heartbeat.ts';
import { humanDuration, humanInstant } from '../../shared/human.ts';
import type { HeartbeatMonitor } from '../../shared/monitor.ts';
import { MAX_DETAIL_CHARS, NO_PHASES, type Outcome, type Reason, type Result } from '../../shared/result.ts';
import { SECOND_MS } from '../../shared/schedule.ts';

/** What is known of a job when one of its slots is judged. */
export type JobKnowledge =
  | { readonly record: HeartbeatRecord }
  /** It has never called. */
  | { readonly awaitedSinceEpochMs: number }
  /** A sentence on why nothing is known: our own fault. */
  | { readonly unreadable: string };

export interface HeartbeatCheck {
  readonly monitor: HeartbeatMonitor;
  readonly slotEpochMs: number;
  readonly lateMs: number;
  readonly knowledge: JobKnowledge;
  /** How much of [from, slot) the monitor was paused for: that time is nobody's lateness. */
  readonly pausedMs: (fromEpochMs: number) => number;
}

interface Found {
  readonly outcome: Outcome;
  readonly reason: Reason | null;
  readonly detail: string | null;
  readonly blame: Result['blame'];
}

const PASSED: Found = { outcome: 'passed', reason: null, detail: null, blame: null };

/**
 * Judges a job as of a slot, by what has been received when the slot is run: a call that came a moment after the slot
 * speaks for the job too.
 *
 * ```
 * last success ├──────── every ────────┤── grace ──┤ missed, until it succeeds
 * with a limit          start ├──── limit ────┤ missed, if it has not ended; a start in time is a sign of life until then
 * ```
 */
export function checkHeartbeat(check: HeartbeatCheck): Result {
  const found = judge(check);
  const { monitor, slotEpochMs, lateMs, knowledge } = check;
  const told = found.outcome === 'passed' || found.reason === 'expectation';
  return {
    monitorId: monitor.id,
    slotEpochMs,
    ...found,
    detail: found.detail === null ? null : cut(found.detail),
    failedPhase: null,
    lateMs,
    stallMs: 0,
    totalMs: told && 'record' in knowledge ? runTimeIn(monitor, slotEpochMs, knowledge.record) : null,
    phases: NO_PHASES,
    status: null,
    attempts: 1,
    redirects: 0,
    bodyBytes: null,
    address: null,
    certificateDaysLeft: null,
    metrics: {},
  };
}

function judge(check: HeartbeatCheck): Found {
  const { knowledge } = check;
  if ('unreadable' in knowledge) return ours(knowledge.unreadable);
  if ('awaitedSinceEpochMs' in knowledge) return neverCalled(check, knowledge.awaitedSinceEpochMs);
  const { record } = knowledge;
  const { lastSuccess, lastFailure } = record;
  if (lastFailure !== null && lastFailure.atEpochMs > (lastSuccess?.endedAtEpochMs ?? 0)) {
    return failed('job-failed', failureSentence(lastFailure, record));
  }
  return lastSuccess === null ? firstRun(check, record) : sinceSuccess(check, lastSuccess, record);
}

function sinceSuccess(check: HeartbeatCheck, lastSuccess: JobRun, record: HeartbeatRecord): Found {
  const { monitor, slotEpochMs } = check;
  const late = lateness(check, lastSuccess.endedAtEpochMs);
  const last = `the last success came at ${humanInstant(lastSuccess.endedAtEpochMs)}`;
  const running = record.runningSinceEpochMs;
  const limitMs = limitOf(monitor);
  if (running !== null && limitMs !== null && running <= late.dueEpochMs) {
    const overdueMs = slotEpochMs - (running + limitMs + check.pausedMs(running));
    if (overdueMs > 0) return failed('missed', `${stillRunning(running, slotEpochMs, limitMs)}; ${last}`);
  } else if (late.byMs > 0) {
    const begun = running === null ? '' : `; a run began at ${humanInstant(running)} and has not ended`;
    return failed('missed', `${last}, and the next was due by ${dueSentence(monitor, late)}${begun}`);
  }
  const tookMs = runTime(lastSuccess);
  if (limitMs !== null && tookMs !== null && tookMs >= limitMs) {
    const ended = humanInstant(lastSuccess.endedAtEpochMs);
    return failed(
      'expectation',
      `expected a run to take less than ${humanDuration(limitMs)}, the one that ended at ${ended} took ${humanDuration(tookMs)}`,
    );
  }
  return PASSED;
}

/** It has begun, and neither succeeded nor failed yet: that is not up. */
function firstRun(check: HeartbeatCheck, { runningSinceEpochMs }: HeartbeatRecord): Found {
  const { monitor, slotEpochMs } = check;
  if (runningSinceEpochMs === null) return ours('the record of its heartbeats holds none');
  const limitMs = limitOf(monitor);
  const late = lateness(check, runningSinceEpochMs);
  const overdueMs =
    limitMs === null ? late.byMs : slotEpochMs - (runningSinceEpochMs + limitMs + check.pausedMs(runningSinceEpochMs));
  if (overdueMs > 0) {
    const limit = limitMs ?? monitor.heartbeat.everyMs + monitor.heartbeat.graceMs;
    return failed('missed', `${stillRunning(runningSinceEpochMs, slotEpochMs, limit)}; no run has succeeded yet`);
  }
  return awaiting(`awaiting the first success: a run began at ${humanInstant(runningSinceEpochMs)}`);
}

/** Nobody knows whether such a job runs, or was ever told to call: that is neither up nor down, but it is told in the end. */
function neverCalled(check: HeartbeatCheck, sinceEpochMs: number): Found {
  const { monitor } = check;
  const late = lateness(check, sinceEpochMs);
  const how = `have the job call /heartbeat/${monitor.id} of the receiver's URL, with its token`;
  if (late.byMs <= 0) return awaiting(`awaiting the first heartbeat since ${humanInstant(sinceEpochMs)}: ${how}`);
  const detail = `no heartbeat has ever come; the first was due by ${dueSentence(monitor, late)}: ${how}`;
  return { outcome: 'inconclusive', reason: 'missed', detail, blame: null };
}

interface Lateness {
  readonly dueEpochMs: number;
  /** Negative before it is due. */
  readonly byMs: number;
}

function lateness({ monitor, slotEpochMs, pausedMs }: HeartbeatCheck, fromEpochMs: number): Lateness {
  const { everyMs, graceMs } = monitor.heartbeat;
  const dueEpochMs = fromEpochMs + everyMs + graceMs + pausedMs(fromEpochMs);
  return { dueEpochMs, byMs: slotEpochMs - dueEpochMs };
}

function dueSentence({ heartbeat }: HeartbeatMonitor, { dueEpochMs, byMs }: Lateness): string {
  const rule = `every ${humanDuration(heartbeat.everyMs)}, grace ${humanDuration(heartbeat.graceMs)}`;
  return `${humanInstant(dueEpochMs)}, ${humanDuration(byMs)} ago (${rule})`;
}

function stillRunning(sinceEpochMs: number, slotEpochMs: number, limitMs: number): string {
  const lasts = humanDuration(slotEpochMs - sinceEpochMs);
  return `a run began at ${humanInstant(sinceEpochMs)} and has not ended after ${lasts}, expected within ${humanDuration(limitMs)}`;
}

function failureSentence(failure: NonNullable<HeartbeatRecord['lastFailure']>, record: HeartbeatRecord): string {
  const running = record.runningSinceEpochMs;
  const again = running === null ? '' : ` (running again since ${humanInstant(running)})`;
  const message = failure.message === '' ? '' : `: ${failure.message}`;
  return `the job said at ${humanInstant(failure.atEpochMs)} that it failed${again}${message}`;
}

function limitOf({ expect }: HeartbeatMonitor): number | null {
  const [limit] = expect.responseTimeMs;
  return limit?.op === 'below' ? limit.value : null;
}

/** A call may be answered before it can be read: a run counts for the first slot this long after its end, and only there. */
const SETTLED_MS = 2 * SECOND_MS;

/** How long the run took that belongs to this slot; null where none does, or it did not say when it began. */
function runTimeIn({ everyMs }: HeartbeatMonitor, slotEpochMs: number, record: HeartbeatRecord): number | null {
  const until = slotEpochMs - SETTLED_MS;
  const own = [record.lastSuccess, record.earlierSuccess].find(
    (run) =>
      run !== null && run.endedAtEpochMs > until - everyMs && run.endedAtEpochMs <= until && runTime(run) !== null,
  );
  return own === undefined || own === null ? null : runTime(own);
}

function runTime({ startedAtEpochMs, endedAtEpochMs }: JobRun): number | null {
  return startedAtEpochMs === null ? null : endedAtEpochMs - startedAtEpochMs;
}

function failed(reason: Reason, detail: string): Found {
  return { outcome: 'failed', reason, detail, blame: 'target' };
}

function awaiting(detail: string): Found {
  return { outcome: 'inconclusive', reason: 'awaiting', detail, blame: null };
}

function ours(detail: string): Found {
  return { outcome: 'inconclusive', reason: 'prober', detail, blame: 'prober' };
}

function cut(detail: string): string {
  return detail.length > MAX_DETAIL_CHARS ? `${detail.slice(0, MAX_DETAIL_CHARS - 1)}…`.toWellFormed() : detail;
}
