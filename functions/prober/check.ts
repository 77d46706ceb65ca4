import type { ProbedMonitor } from '../../shared/monitor.ts';
import { MAX_DETAIL_CHARS, NO_PHASES, type Result } from '../../shared/result.ts';
import { type Attempt, type Check, type Found, foundFailure, type Prober } from './attempt.ts';
import { type Confirmed, confirm, type Tried } from './confirm.ts';
import { withinDeadline } from './deadline.ts';
import { checkDns } from './dns-check.ts';
import { errorMessage, inconclusive, isFailure } from './failure.ts';
import { checkFlow } from './flow-check.ts';
import { checkGrpc } from './grpc-check.ts';
import { checkHttp } from './http-check.ts';
import { UNPACED } from './pacer.ts';
import { Redaction } from './redaction.ts';
import { checkTcp } from './tcp-check.ts';
import { checkTls } from './tls-check.ts';
import { Trace } from './trace.ts';
import { checkWebSocket } from './websocket-check.ts';

/**
 * Makes one check, now, of whatever kind. It ends by the monitor's deadline whatever the target does, and never
 * rejects: what goes wrong in our own code is `inconclusive`. `pace`: for launches after the first.
 */
export async function runCheck(prober: Prober, check: Check<ProbedMonitor>, pace = UNPACED): Promise<Result> {
  const { monitor, slotEpochMs } = check;
  const lateMs = Math.max(0, prober.clock.epochMs() - slotEpochMs);
  const redaction = new Redaction(check.secrets);
  const { tried, address, attempts, blame, flake } = await confirm(prober, monitor, pace, (observed, timeoutMs) =>
    tryOnce({
      ...check,
      monitor: timeoutMs === monitor.timeoutMs ? monitor : { ...monitor, timeoutMs },
      prober: observed,
      trace: new Trace(prober.clock),
      redaction,
    }),
  );
  const { found, trace, stallMs } = tried;
  const { failure } = found;
  const detail = failure?.detail ?? (flake === null ? null : `passed at attempt ${attempts}; ${firstOf(flake)}`);
  return {
    monitorId: monitor.id,
    slotEpochMs,
    outcome: failure?.outcome ?? 'passed',
    reason: failure?.reason ?? null,
    failedPhase: failure?.failedPhase ?? null,
    detail: detail === null ? null : sentence(redaction.redact(detail)),
    blame,
    lateMs,
    stallMs,
    totalMs: trace.totalMs,
    phases: trace.totalMs === null ? NO_PHASES : trace.phases,
    status: trace.status,
    protocol: trace.protocol,
    attempts,
    redirects: trace.redirects,
    bodyBytes: trace.bodyBytes,
    address: trace.address ?? address,
    certificateDaysLeft: trace.certificate?.daysLeft ?? null,
    metrics: found.metrics,
    ...(trace.steps !== null && { steps: trace.steps }),
  };
}

function firstOf({ failure, totalMs }: NonNullable<Confirmed['flake']>): string {
  return `the first failed${totalMs === null ? '' : ` after ${Math.round(totalMs)} ms`}: ${failure.detail}`;
}

async function tryOnce(attempt: Attempt<ProbedMonitor>): Promise<Tried> {
  const { prober, monitor, trace } = attempt;
  const stalls = prober.stalls.watch();
  const ended = (found: Found): Tried => {
    trace.finish();
    trace.endStep(found.failure);
    return { found, trace, stallMs: stalls.end() };
  };
  try {
    const found = await withinDeadline(prober.clock, monitor.timeoutMs, trace, () => engine(attempt, monitor));
    return ended(isFailure(found) ? foundFailure(found) : found);
  } catch (error) {
    return ended(foundFailure(inconclusive(`the prober failed: ${errorMessage(error)}`, trace.phase)));
  }
}

/** The one place that knows every kind of check. Async, so that what an engine throws at once is a rejection too. */
async function engine(attempt: Attempt<ProbedMonitor>, monitor: ProbedMonitor): Promise<Found> {
  switch (monitor.type) {
    case 'http':
      return checkHttp({ ...attempt, monitor });
    case 'flow':
      return checkFlow({ ...attempt, monitor });
    case 'tcp':
      return checkTcp({ ...attempt, monitor });
    case 'tls':
      return checkTls({ ...attempt, monitor });
    case 'dns':
      return checkDns({ ...attempt, monitor });
    case 'websocket':
      return checkWebSocket({ ...attempt, monitor });
    case 'grpc':
      return checkGrpc({ ...attempt, monitor });
    default:
      return unknownType(monitor);
  }
}

function unknownType(monitor: never): never {
  throw new TypeError(`unknown type of monitor in ${JSON.stringify(monitor)}`);
}

/** Targets choose part of these words: what they choose must not steer a terminal or break a header of an e-mail. */
function sentence(detail: string): string {
  const line = detail.replaceAll(/\p{Cc}+/gu, ' ');
  return (line.length > MAX_DETAIL_CHARS ? `${line.slice(0, MAX_DETAIL_CHARS - 1)}…` : line).toWellFormed();
}
