import { randomBytes } from 'node:crypto';
import type { Monitor, Region } from '../../shared/monitor.ts';
import { MAX_DETAIL_CHARS, NO_PHASES, PHASES, type Result, traceId } from '../../shared/result.ts';
import { ACCEPT_ENCODING, bodyText, decodeBody } from './body.ts';
import { type Network, openConnection } from './connection.ts';
import { type Answer, exchange } from './exchange.ts';
import { compileExpectations, type Evaluate, jsonDocument } from './expectations.ts';
import { errorMessage, type Failure, failed, inconclusive, isFailure } from './failure.ts';
import { compileMetrics, type Measure } from './metrics.ts';
import { type Outgoing, wireHeaders } from './outgoing.ts';
import { isRedirect, redirected } from './redirect.ts';
import { redactor, type Secret, withSecrets } from './secrets.ts';
import { Trace } from './trace.ts';

/** What checks are made with. One for the whole process. */
export interface Prober extends Network {
  readonly region: Region;
  /** So many random bytes, as hex digits: for span ids, which need not be the same in a duplicate. */
  readonly randomHex: (bytes: number) => string;
}

/** One check to make. */
export interface Check {
  readonly monitor: Monitor;
  readonly slotEpochMs: number;
  readonly secrets: ReadonlyMap<string, Secret>;
}

export function randomHex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}

/**
 * Makes one check, now. It ends by the monitor's deadline whatever the target does, and never rejects: what goes
 * wrong in our own code is `inconclusive`.
 */
export async function runHttpCheck(prober: Prober, check: Check): Promise<Result> {
  const { clock } = prober;
  const lateMs = Math.max(0, clock.epochMs() - check.slotEpochMs);
  const trace = new Trace(clock);
  let redact = (text: string) => text;
  let found: Found;
  try {
    const outgoing = withSecrets(check.monitor.request, check.secrets);
    if (isFailure(outgoing)) {
      found = { failure: outgoing, metrics: {} };
    } else {
      redact = redactor(outgoing, check.secrets);
      found = await withinDeadline(prober, check, trace, () => follow(prober, check, outgoing, trace, redact));
    }
  } catch (error) {
    found = { failure: inconclusive(`the prober failed: ${errorMessage(error)}`, trace.phase), metrics: {} };
  } finally {
    trace.finish();
  }

  const { failure } = found;
  return {
    monitorId: check.monitor.id,
    slotEpochMs: check.slotEpochMs,
    outcome: failure?.outcome ?? 'passed',
    reason: failure?.reason ?? null,
    failedPhase: failure?.failedPhase ?? null,
    detail: failure === null ? null : sentence(redact(failure.detail)),
    lateMs,
    totalMs: trace.totalMs,
    phases: trace.totalMs === null ? NO_PHASES : trace.phases,
    status: trace.status,
    attempts: 1,
    redirects: trace.redirects,
    bodyBytes: trace.bodyBytes,
    address: trace.address,
    certificateDaysLeft: trace.certificate?.daysLeft ?? null,
    metrics: found.metrics,
  };
}

/** What a check comes to. */
interface Found {
  readonly failure: Failure | null;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Follows redirects to the last answer, and looks at that. */
async function follow(
  prober: Prober,
  check: Check,
  first: Outgoing,
  trace: Trace,
  redact: (text: string) => string,
): Promise<Found> {
  const { maxRedirects, maxBodyBytes } = check.monitor.request;
  let outgoing = first;
  for (;;) {
    const answer = await hop(prober, check, outgoing, trace);
    if (isFailure(answer)) return { failure: answer, metrics: {} };
    if (maxRedirects === 0 || !isRedirect(answer.status, answer.headers)) {
      trace.end();
      const body = await decodeBody(answer.body, answer.headers['content-encoding'], maxBodyBytes);
      return isFailure(body) ? { failure: body, metrics: {} } : judge(prober, check, answer, body, trace, redact);
    }
    if (trace.redirects >= maxRedirects) {
      const detail = `redirected more than ${maxRedirects} times, the last time to ${answer.headers.location}`;
      return { failure: failed('protocol', null, detail), metrics: {} };
    }
    const next = redirected(outgoing, answer.status, answer.headers.location ?? '');
    if (isFailure(next)) return { failure: next, metrics: {} };
    outgoing = next;
    trace.nextHop();
  }
}

async function hop(prober: Prober, check: Check, outgoing: Outgoing, trace: Trace): Promise<Answer | Failure> {
  const socket = await openConnection(prober, outgoing.url, trace);
  if (isFailure(socket)) return socket;
  const headers = wireHeaders(
    outgoing,
    {
      region: prober.region,
      traceId: traceId(check.monitor.id, prober.region, check.slotEpochMs),
      spanId: prober.randomHex(8),
    },
    ACCEPT_ENCODING,
  );
  const { maxBodyBytes, maxRedirects } = check.monitor.request;
  return exchange(
    prober.clock,
    socket,
    { method: outgoing.method, url: outgoing.url, headers, body: outgoing.body },
    maxBodyBytes,
    (status, answerHeaders) => maxRedirects === 0 || !isRedirect(status, answerHeaders),
    trace,
  );
}

function judge(
  prober: Prober,
  check: Check,
  answer: Answer,
  body: Buffer,
  trace: Trace,
  redact: (text: string) => string,
): Found {
  const { evaluate, measure } = compiled(check.monitor);
  const text = bodyText(body, answer.headers['content-type']);
  const evidence = {
    status: answer.status,
    headers: answer.headers,
    totalMs: trace.totalMs ?? 0,
    text,
    document: jsonDocument(text),
    certificateValidToEpochMs: trace.certificate?.validToEpochMs ?? null,
    nowEpochMs: prober.clock.epochMs(),
  };
  return { failure: evaluate(evidence, redact), metrics: measure(evidence) };
}

/** Paths and patterns of a monitor, compiled when it is first checked. */
const COMPILED = new WeakMap<Monitor, { readonly evaluate: Evaluate; readonly measure: Measure }>();

function compiled(monitor: Monitor): { readonly evaluate: Evaluate; readonly measure: Measure } {
  let found = COMPILED.get(monitor);
  if (found === undefined) {
    found = { evaluate: compileExpectations(monitor.expect), measure: compileMetrics(monitor.metrics) };
    COMPILED.set(monitor, found);
  }
  return found;
}

/** A deadline that is noticed this much too late says that this process stood still, and nothing about the target. */
const STALL_MS = 1_000;

async function withinDeadline(
  { clock }: Prober,
  { monitor }: Check,
  trace: Trace,
  work: () => Promise<Found>,
): Promise<Found> {
  const startMs = clock.monotonicMs();
  let cancel = () => {};
  const deadline = new Promise<Found>((resolve) => {
    cancel = clock.after(monitor.timeoutMs, () => {
      const stalledMs = clock.monotonicMs() - startMs - monitor.timeoutMs;
      const failure =
        stalledMs > STALL_MS
          ? inconclusive(`the prober stood still for ${duration(stalledMs)} during the check`, trace.phase)
          : failed('timeout', trace.phase, `no answer within ${duration(monitor.timeoutMs)} (${progress(trace)})`);
      resolve({ failure, metrics: {} });
    });
  });
  try {
    // Closing the sockets ends the loser of this race too.
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
  download: 'reading the body',
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
  const bytes = trace.phase === 'download' ? `, ${trace.bodyBytes ?? 0} bytes so far` : '';
  return `${WAITING_FOR[trace.phase]}${bytes}${done.length > 0 ? `, after ${done.join(', ')}` : ''}`;
}

function duration(ms: number): string {
  return ms >= 1_000 ? `${Math.round(ms / 100) / 10} s` : `${Math.round(ms)} ms`;
}

/** Targets choose part of these words: what they choose must not steer a terminal or break a header of an e-mail. */
function sentence(detail: string): string {
  const line = detail.replaceAll(/\p{Cc}+/gu, ' ');
  return (line.length > MAX_DETAIL_CHARS ? `${line.slice(0, MAX_DETAIL_CHARS - 1)}…` : line).toWellFormed();
}
