import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request as sendHttp } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from './clock.ts';
import {
  brokenOff,
  errorCode,
  errorMessage,
  type Failure,
  failed,
  inconclusive,
  isFailure,
  MAX_HEADER_BYTES,
} from './failure.ts';
import { isUnsendable, type Outgoing } from './outgoing.ts';
import { type Intake, readBody } from './read-body.ts';
import type { Trace } from './trace.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** As on the wire. Empty where the body was not read. */
  readonly body: Buffer;
}

/** Null where the body is read as a whole. `sentAtMs`: when the request was written. */
export type IntakeOf = (status: number, headers: IncomingHttpHeaders, sentAtMs: number) => Intake | null;

/**
 * Sends one request over an open connection and reads the answer.
 *
 * ```
 * request written ──── first byte ──── headers complete ──── body complete
 * └──── firstByte ────┘└──────────────── download ─────────────────────┘
 * ```
 * Interim answers (1xx) do not count as the first byte. The body is left unread where `wantsBody` says so.
 */
export function exchange(
  clock: Clock,
  socket: Socket,
  outgoing: Pick<Outgoing, 'method' | 'url' | 'headers' | 'body'>,
  maxBodyBytes: number,
  wantsBody: (status: number, headers: IncomingHttpHeaders) => boolean,
  trace: Trace,
  intakeOf: IntakeOf = () => null,
): Promise<Answer | Failure> {
  return new Promise((resolve, reject) => {
    let sentAtMs = 0;
    let firstByteAtMs: number | null = null;
    let newestChunkAtMs = 0;
    const onChunk = () => {
      newestChunkAtMs = clock.monotonicMs();
      firstByteAtMs ??= newestChunkAtMs;
    };

    const request = beginRequest(socket, outgoing);
    if (isFailure(request)) return resolve(request);
    trace.hold(request);
    request.once('socket', () => {
      // Only now does the parser listen, so that nothing it needs is lost to this listener; and it must be first.
      socket.prependListener('data', onChunk);
      const sent = () => {
        sentAtMs = clock.monotonicMs();
        trace.enterAt('firstByte', sentAtMs);
      };
      sent();
      // The head is made, encrypted and written when this event is over, which takes our time and not the target's.
      process.nextTick(sent);
    });
    request.on('information', () => {
      firstByteAtMs = null;
    });
    request.once('upgrade', (_, upgraded) => {
      // The request has let go of its socket, and no longer closes it.
      upgraded.destroy();
      resolve(failed('protocol', 'firstByte', 'the server switched to another protocol'));
    });
    request.once('response', (response) => {
      socket.off('data', onChunk);
      const atMs = firstByteAtMs ?? newestChunkAtMs;
      trace.leaveAt('firstByte', atMs);
      trace.enterAt('download', atMs);
      const status = response.statusCode ?? 0;
      trace.status = status;
      trace.protocol = `http/${response.httpVersion}`;
      if (!wantsBody(status, response.headers)) {
        return resolve({ status, headers: response.headers, body: Buffer.alloc(0) });
      }
      const intake = intakeOf(status, response.headers, sentAtMs);
      const ends = {
        truncated: () => false,
        broken: (error: Error | null, bytes: number) => endedEarly(error, response, bytes),
      };
      readBody(clock, response, { maxBodyBytes, intake }, ends, trace).then(
        (body) => resolve(isFailure(body) ? body : { status, headers: response.headers, body }),
        reject,
      );
    });
    request.on('error', (error) => resolve(unanswered(error, trace)));
    // A clean end comes as an error too; this is for whatever way of ending we do not know.
    request.once('close', () => {
      if (trace.status === null) resolve(failed('protocol', trace.phase, CLOSED_UNANSWERED));
    });
    request.end(outgoing.body ?? undefined);
  });
}

/** A request that goes out over this socket, or why its text cannot be sent. */
export function beginRequest(
  socket: Socket,
  outgoing: Pick<Outgoing, 'method' | 'url' | 'headers'>,
): ClientRequest | Failure {
  try {
    return sendHttp({
      createConnection: () => socket,
      method: outgoing.method,
      path: `${outgoing.url.pathname}${outgoing.url.search}`,
      headers: outgoing.headers,
      setHost: false,
      maxHeaderSize: MAX_HEADER_BYTES,
    });
  } catch (error) {
    if (!isUnsendable(error)) throw error;
    const remedy = 'look for line breaks in the definition and in the values of its secrets';
    return inconclusive(`the request cannot be sent: ${errorMessage(error)}; ${remedy}`);
  }
}

export const CLOSED_UNANSWERED = 'the server closed the connection without an answer';

/** Why an answer did not come, or not to its end. */
export function unanswered(error: Error, trace: Trace): Failure {
  const phase = trace.phase === 'download' ? 'download' : 'firstByte';
  // Node says ECONNRESET of both; only a real reset has come from a system call.
  if (errorCode(error) === 'ECONNRESET' && error.message === 'socket hang up') {
    return failed('protocol', phase, CLOSED_UNANSWERED);
  }
  return brokenOff(error, phase, phase === 'download' ? 'while reading the body' : 'while waiting for the answer');
}

function endedEarly(error: Error | null, response: IncomingMessage, bytes: number): Failure {
  if (errorCode(error).startsWith('HPE_')) return brokenOff(error, 'download', 'while reading the body');
  const announced = response.headers['content-length'];
  const of = announced === undefined ? '' : ` of the ${announced} announced`;
  return failed('protocol', 'download', `the connection broke off after ${bytes} bytes of the body${of}`);
}
