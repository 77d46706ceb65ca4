import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from './clock.ts';
import { beginRequest, CLOSED_UNANSWERED, unanswered } from './exchange.ts';
import { type Failure, failed, isFailure } from './failure.ts';
import type { Outgoing } from './outgoing.ts';
import type { Trace } from './trace.ts';

/** An open WebSocket. */
export interface Upgraded {
  readonly headers: IncomingHttpHeaders;
  /** What came along with the upgrade: the beginning of the first frames. */
  readonly head: Buffer;
}

/** RFC 6455 section 1.3: what a server adds to the key before it hashes it. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The headers that ask for a WebSocket. `key`: 16 random bytes as Base64. */
export function upgradeHeaders(key: string, protocols: readonly string[]): Record<string, string> {
  return {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': key,
    ...(protocols.length === 0 ? {} : { 'sec-websocket-protocol': protocols.join(', ') }),
  };
}

/**
 * Asks for a WebSocket over an open connection.
 *
 * ```
 * request written ──── first byte ──── upgraded ──── first message complete
 * └──── firstByte ────┘└──────────────── download ────────────────────────┘
 * ```
 */
export function upgrade(
  clock: Clock,
  socket: Socket,
  outgoing: Pick<Outgoing, 'method' | 'url' | 'headers'>,
  key: string,
  protocols: readonly string[],
  trace: Trace,
): Promise<Upgraded | Failure> {
  return new Promise((resolve) => {
    let firstByteAtMs: number | null = null;
    const onChunk = () => {
      firstByteAtMs ??= clock.monotonicMs();
    };
    const answered = (status: number) => {
      socket.off('data', onChunk);
      const atMs = firstByteAtMs ?? clock.monotonicMs();
      trace.leaveAt('firstByte', atMs);
      trace.enterAt('download', atMs);
      trace.status = status;
    };

    const request = beginRequest(socket, outgoing);
    if (isFailure(request)) return resolve(request);
    trace.hold(request);
    request.once('socket', () => {
      socket.prependListener('data', onChunk);
      trace.enter('firstByte');
    });
    request.on('information', () => {
      firstByteAtMs = null;
    });
    request.once('upgrade', (response, upgraded, head) => {
      answered(response.statusCode ?? 0);
      // From here on the request no longer closes the socket.
      trace.hold(upgraded);
      upgraded.pause();
      resolve(refusal(response.headers, key, protocols) ?? { headers: response.headers, head });
    });
    request.once('response', (response) => {
      const status = response.statusCode ?? 0;
      answered(status);
      resolve(failed('status', null, `expected an upgrade to WebSocket (status 101), got ${status}`));
    });
    request.on('error', (error) => resolve(unanswered(error, trace)));
    request.once('close', () => {
      if (trace.status === null) resolve(failed('protocol', trace.phase, CLOSED_UNANSWERED));
    });
    request.end();
  });
}

/** RFC 6455 section 4.1: what a client must not accept. */
function refusal(headers: IncomingHttpHeaders, key: string, protocols: readonly string[]): Failure | null {
  const refused = (why: string) => failed('protocol', 'download', `the upgrade is not one to WebSocket: ${why}`);
  if (headers.upgrade?.toLowerCase() !== 'websocket') return refused('its header upgrade is not "websocket"');
  const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
  if (headers['sec-websocket-accept'] !== accept) return refused('sec-websocket-accept does not fit the key');
  const protocol = headers['sec-websocket-protocol'];
  if (protocol !== undefined && !protocols.includes(protocol)) return refused(`it chose "${protocol}", not offered`);
  if (headers['sec-websocket-extensions'] !== undefined) return refused('it uses extensions, and none was offered');
  return null;
}
