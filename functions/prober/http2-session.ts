import { validateHeaderValue } from 'node:http';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import {
  brokenOff,
  errorMessage,
  type Failure,
  failed,
  headersTooLarge,
  inconclusive,
  MAX_HEADER_BYTES,
} from './failure.ts';
import { isUnsendable } from './outgoing.ts';
import type { Closable } from './trace.ts';

/** Whether the handshake has agreed on HTTP/2. */
export function speaksHttp2(socket: Socket): boolean {
  return socket instanceof TLSSocket && socket.alpnProtocol === 'h2';
}

/**
 * A session for one stream over an open connection, with bounds on what a hostile server can make it hold. Node's own
 * bounds on settings, pings, continuations and empty frames break a flood off long before these.
 */
export function openSession(socket: Socket, authority: string): ClientHttp2Session {
  return connectHttp2(authority, {
    createConnection: () => socket,
    maxSessionMemory: 4, // MB
    maxHeaderListPairs: 256,
    settings: { enablePush: false, maxHeaderListSize: MAX_HEADER_BYTES },
  });
}

/**
 * Node 24 aborts the process (`current_nghttp2_memory_ == 0`) when a session is collected before a stream of it that
 * still holds headers which were refused or never ended: a hostile server could end a prober so. What stands for the
 * session in C++ is therefore kept until what stands for its stream has been collected. Node has no public name for
 * either; where a later Node has none of this name at all, nothing is kept.
 */
const KEPT = new Set<object>();
const streamsGone = new FinalizationRegistry<object>((session) => KEPT.delete(session));

function keepUntilGone(session: ClientHttp2Session, stream: ClientHttp2Stream): void {
  const [ofSession, ofStream] = [handleOf(session), handleOf(stream)];
  if (ofSession === null || ofStream === null) return;
  KEPT.add(ofSession);
  streamsGone.register(ofStream, ofSession);
}

function handleOf(owner: object): object | null {
  const name = Object.getOwnPropertySymbols(owner).find(({ description }) => description === 'kHandle');
  const handle: unknown = name === undefined ? null : Reflect.get(owner, name);
  return typeof handle === 'object' ? handle : null;
}

/**
 * Closes a connection that has a session: its stream first, and once that has let go of its headers, the session. The
 * socket last: after a goodbye the session alone would wait for the server to close it.
 */
export function closing(socket: Socket, session: ClientHttp2Session, stream?: ClientHttp2Stream): Closable {
  return {
    destroy() {
      stream?.destroy();
      setImmediate(() => {
        session.destroy();
        socket.destroy();
      });
    },
    on: (event, listener) => session.on(event, listener),
  };
}

/** Bound on interim answers (1xx). Each costs far more to take than to send; real servers send one or two. */
const MAX_INTERIM = 100;

export function refuseManyInterim(stream: ClientHttp2Stream, refuse: (failure: Failure) => void): void {
  let interim = 0;
  stream.on('headers', () => {
    interim += 1;
    if (interim === MAX_INTERIM) {
      refuse(failed('protocol', 'firstByte', `the server sent ${MAX_INTERIM} interim answers (1xx) and no final one`));
    }
  });
}

/** The session's one stream, or why its headers cannot be sent. `what` is sent, and where its line breaks may come from. */
export function beginStream(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  { endStream, what, from }: { readonly endStream: boolean; readonly what: string; readonly from: string },
): ClientHttp2Stream | Failure {
  try {
    // HTTP/2 in Node lets line breaks pass.
    for (const [name, value] of Object.entries(headers)) {
      if (!name.startsWith(':')) validateHeaderValue(name, String(value));
    }
    const stream = session.request(headers, { endStream });
    keepUntilGone(session, stream);
    return stream;
  } catch (error) {
    if (!isUnsendable(error)) return brokenOff(error, 'firstByte', `before ${what} was sent`);
    return inconclusive(`${what} cannot be sent: ${errorMessage(error)}; look for line breaks in ${from}`);
  }
}

/**
 * Headers, or trailers, that are too large; null for others. Node keeps to the session's bound only once the server has
 * acknowledged it; until then it is the number of headers, and HPACK's tables, that bound what they can grow to: 1 MiB.
 */
export function oversized(headers: IncomingHttpHeaders, phase: 'firstByte' | 'download'): Failure | null {
  const bytes = Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + String(value).length, 0);
  return bytes > MAX_HEADER_BYTES ? headersTooLarge(phase) : null;
}
