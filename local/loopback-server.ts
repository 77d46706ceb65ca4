import type { IncomingMessage, Server } from 'node:http';
import { LocalError, systemErrorCode } from './local-error.ts';

/** Everything that listens on this machine does so here and nowhere else. */
export const LOOPBACK = '127.0.0.1';

/**
 * Listens on loopback; port 0 takes a free one. Returns the server's URL, without a slash at its end.
 * Throws {@link LocalError} `port` where the port is taken or not ours to take; `remedy` ends its message.
 */
export async function listenOnLoopback(server: Server, port: number, remedy: string): Promise<string> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: LOOPBACK, port, exclusive: true }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    switch (systemErrorCode(error)) {
      case 'EADDRINUSE':
        throw new LocalError('port', `Port ${port} on ${LOOPBACK} is taken by another program. ${remedy}`, {
          cause: error,
        });
      case 'EACCES':
        throw new LocalError('port', `Port ${port} needs more rights than this program has. ${remedy}`, {
          cause: error,
        });
      default:
        throw error;
    }
  }
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('a TCP server has a TCP address');
  return `http://${LOOPBACK}:${address.port}`;
}

/** Answers in flight get that long; idle connections are closed at once. */
export async function closeServer(server: Server, graceMs: number): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}

/** The body as text; null where it is larger than the bound, and then the rest is not read. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('the request has an encoding set');
    bytes += chunk.length;
    if (bytes > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * Whether the request was meant for this machine. A page elsewhere can point its own name at 127.0.0.1 and read
 * what is served there (DNS rebinding); its requests carry its name.
 */
export function isForThisMachine(hostHeader: string | undefined): boolean {
  return hostHeader !== undefined && /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i.test(hostHeader);
}
