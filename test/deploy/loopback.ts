import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { join } from 'node:path';

const CERTIFICATES = join(import.meta.dirname, '..', 'servers', 'certificates');

/** An API on loopback that answers 200, or 503 while it is failing. */
export interface Target {
  readonly url: string;
  failing: boolean;
  readonly stop: () => Promise<void>;
}

export async function startTarget(): Promise<Target> {
  const server = createHttpServer((_, response) => {
    response.writeHead(target.failing ? 503 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ status: target.failing ? 'broken' : 'ok' }));
  });
  const port = await listen(server);
  const target: Target = { url: `http://127.0.0.1:${port}/health`, failing: false, stop: () => close(server) };
  return target;
}

/** What SNS posts. */
export interface Posted {
  readonly TopicArn: string;
  readonly Message: string;
}

/** Subscribes itself, as the receiver of a webhook does, and keeps what is posted to it. */
export interface Webhook {
  readonly url: string;
  readonly confirmed: readonly string[];
  readonly received: readonly Posted[];
  readonly stop: () => Promise<void>;
}

export async function startWebhook(): Promise<Webhook> {
  const confirmed: string[] = [];
  const received: Posted[] = [];
  const answer: RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = JSON.parse(Buffer.concat(chunks).toString());
    response.end();
    if (body.Type === 'Notification') received.push(body);
    if (body.Type !== 'SubscriptionConfirmation') return;
    const confirmation = await fetch(body.SubscribeURL);
    await confirmation.arrayBuffer();
    if (confirmation.ok) confirmed.push(body.TopicArn);
  };
  const options = { cert: certificate('good.pem'), key: certificate('good.key.pem') };
  const server = createHttpsServer(options, answer);
  const port = await listen(server);
  return { url: `https://127.0.0.1:${port}/parallax`, confirmed, received, stop: () => close(server) };
}

function certificate(name: string): Buffer {
  return readFileSync(join(CERTIFICATES, name));
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}
