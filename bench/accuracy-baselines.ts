import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { ClientRun, Targets } from './accuracy-client.ts';

/** What an afternoon's prober does: everything at once, a clock around it. It cannot tell a handshake from an answer. */
export function naiveFetch(targets: Targets): Promise<ClientRun['measured']> {
  return Promise.all(
    targets.map(async ([id, url]) => {
      const startedMs = performance.now();
      const response = await fetch(url, { headers: { connection: 'close' } });
      const firstByteMs = performance.now() - startedMs;
      await response.arrayBuffer();
      return [id, firstByteMs] as const;
    }),
  );
}

/** All at once too, but with the socket's events: from the connection being ready to the answer's head. */
export function unpacedHttps(targets: Targets): Promise<ClientRun['measured']> {
  return Promise.all(targets.map(([id, url]) => measured(id, url)));
}

function measured(id: string, url: string): Promise<ClientRun['measured'][number]> {
  const isSecure = url.startsWith('https:');
  return new Promise((resolve, reject) => {
    let readyAtMs = Number.NaN;
    const request = (isSecure ? requestHttps : requestHttp)(url, { agent: false });
    request.once('socket', (socket) =>
      socket.once(isSecure ? 'secureConnect' : 'connect', () => {
        readyAtMs = performance.now();
      }),
    );
    request.once('response', (response) => {
      const firstByteMs = performance.now() - readyAtMs;
      response.resume().once('end', () => resolve([id, firstByteMs]));
    });
    request.once('error', reject).end();
  });
}
