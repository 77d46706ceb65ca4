import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';

/** Servers of `certificates/`; all but the last two are signed by {@link AUTHORITY}. */
export type Certificate = 'good' | 'expired' | 'not-yet-valid' | 'wrong-host' | 'unknown-authority' | 'self-signed';

/** PEM of the authority that tests trust. */
export const AUTHORITY = pem('authority.pem');

/** Each server listens on a free port of 127.0.0.1 and is gone, with its connections, when the test ends. */
export function serveHttp(t: TestContext, listener: RequestListener): Promise<number> {
  return listen(t, createHttpServer(listener));
}

export function serveHttps(
  t: TestContext,
  certificate: Certificate,
  listener: RequestListener,
  settings: TlsOptions = {},
): Promise<number> {
  return listen(t, createHttpsServer({ ...keyPair(certificate), ...settings }, listener));
}

export function serveTcp(t: TestContext, onConnection: (socket: Socket) => void): Promise<number> {
  return listen(t, createTcpServer(onConnection));
}

export function serveTls(
  t: TestContext,
  certificate: Certificate,
  onConnection: (socket: TLSSocket) => void,
  settings: TlsOptions = {},
): Promise<number> {
  return listen(t, createTlsServer({ ...keyPair(certificate), ...settings }, onConnection));
}

/** Answers each connection's first bytes with these bytes, then closes it. */
export function serveBytes(t: TestContext, ...answer: readonly (string | Uint8Array)[]): Promise<number> {
  return serveTcp(t, (socket) => {
    socket.once('data', () => {
      for (const part of answer) socket.write(part);
      socket.end();
    });
  });
}

/** A port of 127.0.0.1 that refuses: it was free a moment ago. */
export async function refusingPort(t: TestContext): Promise<number> {
  const server = createTcpServer();
  const port = await listen(t, server);
  server.close();
  await once(server, 'close');
  return port;
}

/** Listens on a free port of 127.0.0.1 until the test ends. */
export async function listen(t: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}); // clients of these servers break off, that is the point
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('secureConnection', (socket: Socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address and a port');
  return address.port;
}

/** PEM of a server. */
export function keyPair(certificate: Certificate): { readonly key: string; readonly cert: string } {
  return { key: pem(`${certificate}.key.pem`), cert: pem(`${certificate}.pem`) };
}

function pem(file: string): string {
  return readFileSync(new URL(`./certificates/${file}`, import.meta.url), 'utf8');
}
