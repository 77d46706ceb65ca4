import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import { brokenOff, type Failure, failed, isFailure } from './failure.ts';
import { PREFIX_BYTES } from './grpc-wire.ts';
import { beginStream, closing, openSession, oversized, refuseManyInterim } from './http2-session.ts';
import type { Trace } from './trace.ts';

/** How a call ended: its last headers, which hold the status, and all bytes before them. */
export interface CallEnd {
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * Makes one call over an open connection, in an HTTP/2 session of its own.
 *
 * ```
 * headers and message written ──── answer's headers ──── trailers
 * └──────── firstByte ───────────┘└────── download ─────┘
 * ```
 * A call that fails at once has its status in the answer's headers, and no trailers.
 */
export function call(
  socket: Socket,
  authority: string,
  headers: OutgoingHttpHeaders,
  body: Buffer,
  maxMessageBytes: number,
  trace: Trace,
): Promise<CallEnd | Failure> {
  return new Promise((resolve) => {
    const session = openSession(socket, authority);
    trace.hold(closing(socket, session));
    const broken = (error: unknown) =>
      resolve(brokenOff(error, trace.phase === 'download' ? 'download' : 'firstByte', 'during the call'));
    session.once('error', broken);
    session.once('goaway', (code: number) => {
      if (code !== 0)
        resolve(failed('protocol', trace.phase, `the server broke off the session (HTTP/2 error ${code})`));
    });
    session.once('close', () =>
      resolve(failed('protocol', trace.phase, 'the server closed before the call had ended')),
    );

    const stream = beginStream(session, headers, {
      endStream: false,
      what: 'the call',
      from: 'the metadata and in the values of its secrets',
    });
    if (isFailure(stream)) return resolve(stream);
    trace.hold(closing(socket, session, stream));
    refuseManyInterim(stream, (failure) => {
      resolve(failure);
      trace.close();
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    let last: IncomingHttpHeaders = {};
    stream.once('error', broken);
    stream.once('response', (answer) => {
      const tooLarge = oversized(answer, 'firstByte');
      if (tooLarge !== null) return resolve(tooLarge);
      trace.leave('firstByte');
      trace.enter('download');
      trace.status = Number(answer[':status']);
      trace.bodyBytes = 0;
      last = answer;
    });
    stream.once('trailers', (trailers) => {
      const tooLarge = oversized(trailers, 'download');
      if (tooLarge !== null) resolve(tooLarge);
      last = trailers;
    });
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      trace.bodyBytes = bytes;
      if (bytes <= maxMessageBytes + PREFIX_BYTES) {
        chunks.push(chunk);
        return;
      }
      resolve(failed('too-large', 'download', `the message is larger than ${maxMessageBytes} bytes`));
      trace.close();
    });
    stream.once('end', () => {
      if (trace.status === null) return;
      trace.leave('download');
      trace.end();
      resolve({ trailers: last, body: Buffer.concat(chunks) });
    });
    trace.enter('firstByte');
    stream.end(body);
  });
}
