import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request as sendHttp } from 'node:http';
import type { Socket } from 'node:net';
import { tooLarge } from './body.ts';
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
import type { Trace } from './trace.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** As on the wire. Empty where the body was not read. */
  readonly body: Buffer;
}

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
): Promise<Answer | Failure> {
  return new Promise((resolve) => {
    let firstByteAtMs: number | null = null;
    let newestChunkAtMs = 0;
    const onChunk = () => {
      newestChunkAtMs = clock.monotonicMs();
      firstByteAtMs ??= newestChunkAtMs;
    };

    const request = begin(socket, outgoing);
    if (isFailure(request)) return resolve(request);
    trace.hold(request);
    request.once('socket', () => {
      // Only now does the parser listen, so that nothing it needs is lost to this listener; and it must be first.
      socket.prependListener('data', onChunk);
      trace.enter('firstByte');
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
      if (!wantsBody(status, response.headers)) {
        return resolve({ status, headers: response.headers, body: Buffer.alloc(0) });
      }
      readBody(response, maxBodyBytes, trace).then((body) =>
        resolve(isFailure(body) ? body : { status, headers: response.headers, body }),
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

function begin(socket: Socket, outgoing: Pick<Outgoing, 'method' | 'url' | 'headers'>): ClientRequest | Failure {
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

const CLOSED_UNANSWERED = 'the server closed the connection without an answer';

function unanswered(error: Error, trace: Trace): Failure {
  const phase = trace.phase === 'download' ? 'download' : 'firstByte';
  // Node says ECONNRESET of both; only a real reset has come from a system call.
  if (errorCode(error) === 'ECONNRESET' && error.message === 'socket hang up') {
    return failed('protocol', phase, CLOSED_UNANSWERED);
  }
  return brokenOff(error, phase, phase === 'download' ? 'while reading the body' : 'while waiting for the answer');
}

function readBody(response: IncomingMessage, maxBodyBytes: number, trace: Trace): Promise<Buffer | Failure> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    trace.bodyBytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      trace.bodyBytes = bytes;
      if (bytes > maxBodyBytes) {
        resolve(tooLarge(maxBodyBytes, ''));
        trace.close();
        return;
      }
      chunks.push(chunk);
    });
    response.once('end', () => {
      trace.leave('download');
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
    });
    response.once('error', (error) => resolve(endedEarly(error, response, bytes)));
  });
}

function endedEarly(error: Error, response: IncomingMessage, bytes: number): Failure {
  if (errorCode(error).startsWith('HPE_')) return brokenOff(error, 'download', 'while reading the body');
  const announced = response.headers['content-length'];
  const of = announced === undefined ? '' : ` of the ${announced} announced`;
  return failed('protocol', 'download', `the connection broke off after ${bytes} bytes of the body${of}`);
}
