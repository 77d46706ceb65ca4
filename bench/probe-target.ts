import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { parentPort } from 'node:worker_threads';

/** An HTTPS server on a thread of its own, so that its CPU is not the prober's. Says its port, and answers after a while. */
const DELAY_MS = 50;
const BODY = JSON.stringify({ status: 'ok', note: 'x'.repeat(1_500) });

const certificates = new URL('../test/servers/certificates/', import.meta.url);
const server = createServer(
  {
    key: readFileSync(new URL('good.key.pem', certificates), 'utf8'),
    cert: readFileSync(new URL('good.pem', certificates), 'utf8'),
  },
  (_, response) =>
    setTimeout(() => response.writeHead(200, { 'content-type': 'application/json' }).end(BODY), DELAY_MS),
);
server.on('tlsClientError', () => {});
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port));
