import { TLSSocket } from 'node:tls';
import type { GrpcMonitor } from '../../shared/monitor.ts';
import { traceId } from '../../shared/result.ts';
import { type Attempt, type Found, foundFailure } from './attempt.ts';
import { openConnection } from './connection.ts';
import { type Failure, failed, inconclusive, isFailure } from './failure.ts';
import {
  certificateFindings,
  compileAll,
  compileResponseTime,
  type Finding,
  failureOf,
  findingsOf,
} from './findings.ts';
import { type CallEnd, call } from './grpc-call.ts';
import { framed, healthOf, healthRequest, statusMessage, statusName, unframed, WireError } from './grpc-wire.ts';
import { speaksHttp2 } from './http2-session.ts';
import { PRODUCT, traceparent } from './outgoing.ts';
import { perMonitor } from './per-monitor.ts';
import { type Fill, filling } from './secrets.ts';
import { perhapsRejected, trusting } from './trust.ts';

const HEALTH_CHECK = 'grpc.health.v1.Health/Check';

/** Asks for the health of a server or service, or calls a unary method, over HTTP/2 with or without TLS. */
export async function checkGrpc(attempt: Attempt<GrpcMonitor>): Promise<Found> {
  const { prober, monitor, secrets, trace } = attempt;
  const { metadata, maxMessageBytes } = monitor.grpc;
  const fill = filling(Object.values(metadata), secrets);
  if (isFailure(fill)) return foundFailure(fill);
  const url = URL.parse(monitor.grpc.url);
  if (url === null) return foundFailure(inconclusive('the url of the monitor is not valid'));

  const network = trusting(prober, monitor.grpc, secrets);
  if (isFailure(network)) return foundFailure(network);
  const socket = await openConnection(network, url, trace, ['h2']);
  if (isFailure(socket)) return foundFailure(socket);
  if (socket instanceof TLSSocket && !speaksHttp2(socket)) {
    return foundFailure(failed('protocol', 'tls', 'the server does not offer HTTP/2 (ALPN h2)'));
  }
  const ended = await call(
    socket,
    url.origin,
    headersOf(attempt, url, fill),
    messageOf(monitor),
    maxMessageBytes,
    trace,
  );
  return isFailure(ended) ? foundFailure(perhapsRejected(ended, monitor.grpc)) : judge(attempt, ended);
}

function headersOf({ prober, monitor, slotEpochMs }: Attempt<GrpcMonitor>, url: URL, fill: Fill) {
  const { call: called, metadata } = monitor.grpc;
  const id = traceId(monitor.id, prober.region, slotEpochMs);
  return {
    ':method': 'POST',
    ':scheme': url.protocol.slice(0, -1),
    ':authority': url.host,
    ':path': `/${called.kind === 'health' ? HEALTH_CHECK : called.method}`,
    'content-type': 'application/grpc',
    te: 'trailers',
    'user-agent': `${PRODUCT} (region=${prober.region})`,
    'grpc-accept-encoding': 'identity',
    'grpc-timeout': `${monitor.timeoutMs}m`, // milliseconds
    traceparent: traceparent(id, prober.randomHex(8)),
    ...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, fill(value)])),
  };
}

function messageOf({ grpc }: GrpcMonitor): Buffer {
  return framed(
    grpc.call.kind === 'health' ? healthRequest(grpc.call.service) : Buffer.from(grpc.call.messageBase64, 'base64'),
  );
}

function judge({ prober, monitor, trace, redaction }: Attempt<GrpcMonitor>, { trailers, body }: CallEnd): Found {
  const { expect } = monitor;
  const { status, health, responseTime } = compiled(monitor);
  if (trace.status !== 200) {
    return foundFailure(failed('status', null, `expected HTTP status 200, got ${trace.status}`));
  }
  const name = statusName(String(trailers['grpc-status'] ?? ''));
  if (name === null) return foundFailure(failed('protocol', 'download', 'the answer has no grpc-status'));
  const said = statusMessage(String(trailers['grpc-message'] ?? ''));
  const wrongStatus = findingsOf('status', name, status).map(
    (finding): Finding =>
      (redact) =>
        `${finding(redact)}${said === '' ? '' : `: ${cut(redact(said))}`}`,
  );
  const answered = name === 'OK' ? answeredHealth(monitor, body) : undefined;
  if (answered !== undefined && typeof answered !== 'string') return foundFailure(answered);
  const findings = [
    ...certificateFindings(
      expect.certificateValidForMs,
      trace.certificate?.validToEpochMs ?? null,
      prober.clock.epochMs(),
    ),
    ...findingsOf('health', answered, health, 'the call did not end with OK'),
    ...responseTime(trace.totalMs ?? 0),
  ];
  return { failure: failureOf(wrongStatus, findings, redaction.redact), metrics: {} };
}

/** Bound on the status's message within a sentence. */
const MAX_SAID_CHARS = 120;

function cut(said: string): string {
  return said.length > MAX_SAID_CHARS ? `${said.slice(0, MAX_SAID_CHARS)}…` : said;
}

/** Of a call that ended with OK, and so must have answered with one message. Undefined: another method was called. */
function answeredHealth({ grpc }: GrpcMonitor, body: Buffer): string | undefined | Failure {
  try {
    const message = unframed(body);
    return grpc.call.kind === 'health' ? healthOf(message) : undefined;
  } catch (error) {
    if (error instanceof WireError) return failed('protocol', 'download', error.message);
    throw error;
  }
}

const compiled = perMonitor(({ expect }: GrpcMonitor) => ({
  status: compileAll(expect.status, { asText: false }),
  health: compileAll(expect.health, { asText: false }),
  responseTime: compileResponseTime(expect.responseTimeMs),
}));
