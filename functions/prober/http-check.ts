import type { IncomingHttpHeaders } from 'node:http';
import type { HttpMonitor } from '../../shared/monitor.ts';
import { traceId } from '../../shared/result.ts';
import { AnswerStream } from './answer-stream.ts';
import { type Attempt, type Found, foundFailure } from './attempt.ts';
import { authorization, forgetToken } from './authorization.ts';
import { signerProblem } from './aws-signature.ts';
import { ACCEPT_ENCODING, bodyText, decodeBody } from './body.ts';
import { type Network, openConnection } from './connection.ts';
import { type Answer, exchange, type IntakeOf } from './exchange.ts';
import { compileExpectations, type Evidence, headerValue, jsonDocument } from './expectations.ts';
import { type Failure, failed, inconclusive, isFailure } from './failure.ts';
import { exchangeHttp2 } from './http2-exchange.ts';
import { speaksHttp2 } from './http2-session.ts';
import { compileMetrics } from './metrics.ts';
import { type Outgoing, wireHeaders } from './outgoing.ts';
import { perMonitor } from './per-monitor.ts';
import { isRedirect, redirected } from './redirect.ts';
import { credentialsOf, withSecrets } from './secrets.ts';
import { perhapsRejected, trusting } from './trust.ts';

/** What the requests of one flow share. */
export interface Session {
  /** For the `cookie` header of a request to this URL; null: none. */
  cookiesFor(url: URL): string | null;
  /** Told of every answer, redirects too. */
  answered(url: URL, headers: IncomingHttpHeaders): void;
  /** Told of the last answer, where it is as expected; may find that it is no use all the same. */
  passed(evidence: Evidence): Failure | null;
}

/** Sends the request, follows redirects to the last answer, and looks at that. `session` null: it stands alone. */
export async function checkHttp(attempt: Attempt<HttpMonitor>, session: Session | null = null): Promise<Found> {
  const { monitor, secrets, trace, redaction } = attempt;
  const { maxRedirects, maxBodyBytes } = monitor.request;
  const written = withSecrets(monitor.request, secrets);
  if (isFailure(written)) return foundFailure(written);
  let prove = monitor.request.auth === undefined ? null : await authorization(attempt);
  if (prove !== null && typeof prove !== 'function') return foundFailure(prove);
  const credentials = credentialsOf(written);
  if (credentials !== null) redaction.hide(credentials);
  let network = trusting(attempt.prober, monitor.request, secrets);
  if (isFailure(network)) return foundFailure(network);
  let outgoing = written;
  const begun: { stream: AnswerStream | null } = { stream: null };
  const intakeOf: IntakeOf = (status, headers, sentAtMs) => {
    if (monitor.stream === undefined || streamProblem(status, headers) !== null) return null;
    begun.stream = new AnswerStream(monitor.stream.format, sentAtMs);
    return begun.stream;
  };
  for (;;) {
    const asking = withCookies(outgoing, session);
    const sent = prove === null ? asking : await prove(asking);
    if (isFailure(sent)) return foundFailure(sent);
    const answer = await hop(attempt, network, sent, intakeOf);
    if (isFailure(answer)) {
      const failure = network === attempt.prober ? answer : perhapsRejected(answer, monitor.request);
      return { failure, metrics: begun.stream?.times ?? {} };
    }
    if (answer.status === 401) forgetToken(monitor.request);
    session?.answered(outgoing.url, answer.headers);
    if (maxRedirects === 0 || !isRedirect(answer.status, answer.headers)) {
      trace.end();
      const body = await decodeBody(answer.body, answer.headers['content-encoding'], maxBodyBytes);
      return isFailure(body) ? foundFailure(body) : judge(attempt, answer, body, begun.stream, session);
    }
    if (trace.redirects >= maxRedirects) {
      const detail = `redirected more than ${maxRedirects} times, the last time to ${answer.headers.location}`;
      return foundFailure(failed('protocol', null, detail));
    }
    const next = redirected(outgoing, answer.status, answer.headers.location ?? '');
    if (isFailure(next)) return foundFailure(next);
    // For good, even when the redirects lead back: as with every other secret.
    if (next.url.origin !== outgoing.url.origin) {
      prove = null;
      network = attempt.prober;
    }
    outgoing = next;
    trace.nextHop();
  }
}

async function hop(
  { prober, monitor, slotEpochMs, trace }: Attempt<HttpMonitor>,
  network: Network,
  outgoing: Outgoing,
  intakeOf: IntakeOf,
): Promise<Answer | Failure> {
  const { http2 = false } = monitor.request;
  const socket = await openConnection(network, outgoing.url, trace, http2 ? ['h2', 'http/1.1'] : undefined);
  if (isFailure(socket)) return socket;
  const headers = wireHeaders(
    outgoing,
    {
      region: prober.region,
      traceId: traceId(monitor.id, prober.region, slotEpochMs),
      spanId: prober.randomHex(8),
    },
    // A compressor holds events back until it has enough of them.
    monitor.stream === undefined ? ACCEPT_ENCODING : 'identity',
  );
  const { maxBodyBytes, maxRedirects } = monitor.request;
  return (speaksHttp2(socket) ? exchangeHttp2 : exchange)(
    prober.clock,
    socket,
    { method: outgoing.method, url: outgoing.url, headers, body: outgoing.body },
    maxBodyBytes,
    (status, answerHeaders) => maxRedirects === 0 || !isRedirect(status, answerHeaders),
    trace,
    intakeOf,
  );
}

/** Why an answer is no stream whose events can be timed; null where it is one. */
function streamProblem(status: number, headers: IncomingHttpHeaders): string | null {
  const type = headers['content-type'];
  const encoding = headers['content-encoding'] ?? 'identity';
  if (status < 200 || status > 299) return `the answer is a ${status}, which is no stream`;
  if (!/^text\/event-stream\s*(;|$)/i.test(type ?? '')) {
    return `expected a stream (content-type text/event-stream), got ${type === undefined ? 'no content-type' : `content-type "${type}"`}`;
  }
  if (encoding === 'identity') return null;
  return `the stream has content-encoding "${encoding}", which was not asked for and hides when its events came`;
}

/** After the definition's own. For this hop alone: a redirect gets the cookies of where it leads. */
function withCookies(outgoing: Outgoing, session: Session | null): Outgoing {
  const cookies = session?.cookiesFor(outgoing.url) ?? null;
  if (cookies === null) return outgoing;
  const { cookie } = outgoing.headers;
  return {
    ...outgoing,
    headers: { ...outgoing.headers, cookie: cookie === undefined ? cookies : `${cookie}; ${cookies}` },
  };
}

function judge(
  { prober, monitor, trace, redaction }: Attempt<HttpMonitor>,
  answer: Answer,
  body: Buffer,
  stream: AnswerStream | null,
  session: Session | null,
): Found {
  const { evaluate, measure } = compiled(monitor);
  const text = bodyText(body, answer.headers['content-type']);
  const streamed = stream?.answer;
  const evidence = {
    status: answer.status,
    protocol: trace.protocol,
    headers: answer.headers,
    totalMs: trace.stepMs ?? 0,
    text,
    document: stream === null ? jsonDocument(text) : jsonDocument(streamed?.text ?? '', 'the answer'),
    ...(streamed === undefined ? {} : { streamed }),
    certificateValidToEpochMs: trace.certificate?.validToEpochMs ?? null,
    nowEpochMs: prober.clock.epochMs(),
  };
  const failure = evaluate(evidence, redaction.redact);
  const problem = monitor.stream === undefined ? null : streamProblem(answer.status, answer.headers);
  // An error's status says more than that errors do not stream.
  const noStream = problem === null || failure?.reason === 'status' ? null : failed('protocol', 'download', problem);
  return {
    failure:
      refusedSigner(monitor, answer, evidence, failure) ?? noStream ?? failure ?? session?.passed(evidence) ?? null,
    metrics: { ...measure(evidence), ...stream?.metrics(monitor.stream?.price ?? null) },
  };
}

/** Where the status is wrong because of what we sign with, it is our fault. */
function refusedSigner(
  { request }: HttpMonitor,
  { status, headers }: Answer,
  { text, nowEpochMs }: Evidence,
  failure: Failure | null,
): Failure | null {
  if (request.auth?.kind !== 'sigv4' || failure?.reason !== 'status') return null;
  const errorType = headerValue(headers, 'x-amzn-errortype');
  const problem = signerProblem({ status, date: headers.date, errorType, body: text }, nowEpochMs);
  return problem === null ? null : inconclusive(problem);
}

const compiled = perMonitor((monitor: HttpMonitor) => ({
  evaluate: compileExpectations(monitor.expect, monitor.stream),
  measure: compileMetrics(monitor.metrics),
}));
