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
import { brokenOff, errorMessage, type Failure, headersTooLarge, inconclusive, MAX_HEADER_BYTES } from './failure.ts';
import { isUnsendable } from './outgoing.ts';

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
    return session.request(headers, { endStream });
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
