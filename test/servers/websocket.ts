import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { TlsOptions } from 'node:tls';
import { type Certificate, keyPair, listen } from './loopback.ts';

export interface WebSocketOptions {
  /** Over TLS. */
  readonly certificate?: Certificate;
  /** With it. */
  readonly tls?: TlsOptions;
  /** Over those of a right upgrade; undefined leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** A WebSocket server whose frames the test writes. `head`: what came along with the request. Answers its port. */
export function serveWebSocket(
  t: TestContext,
  onOpen: (socket: Socket, request: IncomingMessage) => void,
  { certificate, tls = {}, headers = {} }: WebSocketOptions = {},
): Promise<number> {
  const server = certificate === undefined ? createServer() : createHttpsServer({ ...keyPair(certificate), ...tls });
  server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    const lines = Object.entries({ ...rightHeaders(request), ...headers }).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}: ${value}\r\n`],
    );
    socket.on('error', () => {});
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
    onOpen(socket, request);
  });
  return listen(t, server);
}

/** An unmasked frame. `first`: all of its first byte, where it is not a final one of the opcode. */
export function serverFrame(opcode: number, payload: string | Buffer, first = 0x80 | opcode): Buffer {
  const bytes = Buffer.from(payload);
  const head =
    bytes.length < 126
      ? Buffer.from([first, bytes.length])
      : Buffer.from([first, 126, bytes.length >> 8, bytes.length & 0xff]);
  return Buffer.concat([head, bytes]);
}

/** One short masked frame of a client, read back. */
export function readClientFrame(bytes: Buffer): {
  readonly opcode: number;
  readonly text: string;
  readonly isMasked: boolean;
} {
  const [first = 0, second = 0] = bytes;
  const key = bytes.subarray(2, 6);
  const payload = bytes.subarray(6, 6 + (second & 0x7f)).map((byte, index) => byte ^ (key[index % 4] ?? 0));
  return { opcode: first & 0x0f, text: Buffer.from(payload).toString(), isMasked: (second & 0x80) !== 0 };
}

function rightHeaders(request: IncomingMessage): Record<string, string> {
  const key = request.headers['sec-websocket-key'];
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-accept': accept };
}
