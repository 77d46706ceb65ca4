import { validateHeaderValue } from 'node:http';
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { Socket } from 'node:net';
import { brokenOff, errorMessage, type Failure, failed, inconclusive, MAX_HEADER_BYTES } from './failure.ts';
import { PREFIX_BYTES } from './grpc-wire.ts';
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
    const session = open(socket, authority);
    trace.hold(session);
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

    const stream = begin(session, headers);
    if ('kind' in stream) return resolve(stream);
    const chunks: Buffer[] = [];
    let bytes = 0;
    let last: IncomingHttpHeaders = {};
    stream.once('error', broken);
    stream.once('response', (answer) => {
      trace.leave('firstByte');
      trace.enter('download');
      trace.status = Number(answer[':status']);
      trace.bodyBytes = 0;
      last = answer;
    });
    stream.once('trailers', (trailers) => {
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

/** Bounds on what a hostile server can make a session hold. */
function open(socket: Socket, authority: string): ClientHttp2Session {
  return connectHttp2(authority, {
    createConnection: () => socket,
    maxSessionMemory: 4, // MB
    maxHeaderListPairs: 256,
    settings: { enablePush: false, maxHeaderListSize: MAX_HEADER_BYTES },
  });
}

function begin(session: ClientHttp2Session, headers: OutgoingHttpHeaders) {
  try {
    // HTTP/2 in Node lets line breaks pass.
    for (const [name, value] of Object.entries(headers)) {
      if (!name.startsWith(':')) validateHeaderValue(name, String(value));
    }
    return session.request(headers);
  } catch (error) {
    const remedy = 'look for line breaks in the metadata and in the values of its secrets';
    return inconclusive(`the call cannot be sent: ${errorMessage(error)}; ${remedy}`);
  }
}
