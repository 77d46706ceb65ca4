import type { HttpMonitor } from '../../shared/monitor.ts';
import { traceId } from '../../shared/result.ts';
import { type Attempt, type Found, foundFailure } from './attempt.ts';
import { ACCEPT_ENCODING, bodyText, decodeBody } from './body.ts';
import { openConnection } from './connection.ts';
import { type Answer, exchange } from './exchange.ts';
import { compileExpectations, jsonDocument } from './expectations.ts';
import { type Failure, failed, isFailure } from './failure.ts';
import { compileMetrics } from './metrics.ts';
import { type Outgoing, wireHeaders } from './outgoing.ts';
import { perMonitor } from './per-monitor.ts';
import { isRedirect, redirected } from './redirect.ts';
import { credentialsOf, withSecrets } from './secrets.ts';

/** Sends the request, follows redirects to the last answer, and looks at that. */
export async function checkHttp(attempt: Attempt<HttpMonitor>): Promise<Found> {
  const { monitor, secrets, trace, redaction } = attempt;
  const { maxRedirects, maxBodyBytes } = monitor.request;
  const first = withSecrets(monitor.request, secrets);
  if (isFailure(first)) return foundFailure(first);
  const credentials = credentialsOf(first);
  if (credentials !== null) redaction.hide(credentials);
  let outgoing = first;
  for (;;) {
    const answer = await hop(attempt, outgoing);
    if (isFailure(answer)) return foundFailure(answer);
    if (maxRedirects === 0 || !isRedirect(answer.status, answer.headers)) {
      trace.end();
      const body = await decodeBody(answer.body, answer.headers['content-encoding'], maxBodyBytes);
      return isFailure(body) ? foundFailure(body) : judge(attempt, answer, body);
    }
    if (trace.redirects >= maxRedirects) {
      const detail = `redirected more than ${maxRedirects} times, the last time to ${answer.headers.location}`;
      return foundFailure(failed('protocol', null, detail));
    }
    const next = redirected(outgoing, answer.status, answer.headers.location ?? '');
    if (isFailure(next)) return foundFailure(next);
    outgoing = next;
    trace.nextHop();
  }
}

async function hop(
  { prober, monitor, slotEpochMs, trace }: Attempt<HttpMonitor>,
  outgoing: Outgoing,
): Promise<Answer | Failure> {
  const socket = await openConnection(prober, outgoing.url, trace);
  if (isFailure(socket)) return socket;
  const headers = wireHeaders(
    outgoing,
    {
      region: prober.region,
      traceId: traceId(monitor.id, prober.region, slotEpochMs),
      spanId: prober.randomHex(8),
    },
    ACCEPT_ENCODING,
  );
  const { maxBodyBytes, maxRedirects } = monitor.request;
  return exchange(
    prober.clock,
    socket,
    { method: outgoing.method, url: outgoing.url, headers, body: outgoing.body },
    maxBodyBytes,
    (status, answerHeaders) => maxRedirects === 0 || !isRedirect(status, answerHeaders),
    trace,
  );
}

function judge({ prober, monitor, trace, redaction }: Attempt<HttpMonitor>, answer: Answer, body: Buffer): Found {
  const { evaluate, measure } = compiled(monitor);
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
  return { failure: evaluate(evidence, redaction.redact), metrics: measure(evidence) };
}

const compiled = perMonitor((monitor: HttpMonitor) => ({
  evaluate: compileExpectations(monitor.expect),
  measure: compileMetrics(monitor.metrics),
}));
