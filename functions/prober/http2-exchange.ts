import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import type { Clock } from './clock.ts';
import type { Answer, IntakeOf } from './exchange.ts';
import { brokenOff, type Failure, failed, isFailure } from './failure.ts';
import { beginStream, closing, openSession, oversized, refuseManyInterim } from './http2-session.ts';
import type { Outgoing } from './outgoing.ts';
import { readBody } from './read-body.ts';
import type { Trace } from './trace.ts';

/**
 * Sends one request over a connection that has agreed on HTTP/2, in a session of its own, and reads the answer.
 *
 * ```
 * request written ──── answer's headers ──── body complete
 * └──── firstByte ────┘└──────── download ─────────┘
 * ```
 * The server's settings, interim answers (1xx) and whatever else comes before its headers do not count as the first byte.
 */
export function exchangeHttp2(
  clock: Clock,
  socket: Socket,
  outgoing: Pick<Outgoing, 'method' | 'url' | 'headers' | 'body'>,
  maxBodyBytes: number,
  wantsBody: (status: number, headers: IncomingHttpHeaders) => boolean,
  trace: Trace,
  intakeOf: IntakeOf = () => null,
): Promise<Answer | Failure> {
  return new Promise((resolve, reject) => {
    const session = openSession(socket, outgoing.url.origin);
    trace.hold(closing(socket, session));
    const { body } = outgoing;
    const stream = beginStream(session, streamHeaders(outgoing), {
      endStream: body === null,
      what: 'the request',
      from: 'the definition and in the values of its secrets',
    });
    if (isFailure(stream)) return resolve(stream);
    trace.hold(closing(socket, session, stream));
    refuseManyInterim(stream, (failure) => {
      resolve(failure);
      trace.close();
    });

    let sentAtMs = 0;
    const sent = () => {
      if (trace.status !== null) return; // answered before all of it was taken
      sentAtMs = clock.monotonicMs();
      trace.enterAt('firstByte', sentAtMs);
    };
    sent();
    // Only now has the session written, which took our time and not the target's; of a body, what the server's window lets through.
    setImmediate(sent);
    if (body !== null) stream.end(body, sent);

    const unanswered = (error: Error) => {
      if (trace.status === null) resolve(brokenOff(error, 'firstByte', 'while waiting for the answer'));
    };
    session.once('error', unanswered);
    stream.on('error', unanswered);
    stream.once('response', (answered) => {
      const tooLarge = oversized(answered, 'firstByte');
      if (tooLarge !== null) return resolve(tooLarge);
      const atMs = clock.monotonicMs();
      trace.leaveAt('firstByte', atMs);
      trace.enterAt('download', atMs);
      const status = Number(answered[':status']);
      const headers = withoutPseudoHeaders(answered);
      trace.status = status;
      trace.protocol = 'h2';
      if (!wantsBody(status, headers)) return resolve({ status, headers, body: Buffer.alloc(0) });
      const intake = intakeOf(status, headers, sentAtMs);
      const ends = {
        // A session that is gone ends its streams as if they were whole, but for this code.
        truncated: () => stream.rstCode !== 0,
        broken: (error: Error | null, bytes: number) =>
          error === null
            ? failed('protocol', 'download', `the server broke off after ${bytes} bytes of the body`)
            : brokenOff(error, 'download', `after ${bytes} bytes of the body`),
      };
      readBody(clock, stream, { maxBodyBytes, intake }, ends, trace).then(
        (read) => resolve(isFailure(read) ? read : { status, headers, body: read }),
        reject,
      );
    });
    stream.once('close', () => {
      if (trace.status === null) resolve(failed('protocol', 'firstByte', unansweredBecause(stream.rstCode)));
    });
  });
}

function unansweredBecause(code: number | undefined): string {
  return code === undefined || code === 0
    ? 'the server closed the stream without an answer'
    : `the server reset the stream (HTTP/2 error ${code}) without an answer`;
}

/** RFC 9113 section 8.2.2: what is about the connection, and what HTTP/2 says by pseudo-headers. */
const NOT_IN_HTTP2: ReadonlySet<string> = new Set([
  'connection',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

function streamHeaders({ method, url, headers }: Pick<Outgoing, 'method' | 'url' | 'headers'>): OutgoingHttpHeaders {
  return {
    ':method': method,
    ':scheme': url.protocol.slice(0, -1),
    ':authority': headers.host ?? url.host,
    ':path': `${url.pathname}${url.search}`,
    ...Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_IN_HTTP2.has(name))),
  };
}

function withoutPseudoHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':')));
}
