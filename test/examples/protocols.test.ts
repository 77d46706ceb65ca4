import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { resolveFiles } from '../../shared/definition/resolve-files.ts';
import { answer, framedMessage, serveHttp2 } from '../servers/grpc.ts';
import { serveHttp, serveTcp, serveTls } from '../servers/loopback.ts';
import { serveStartTls } from '../servers/start-tls.ts';
import { readClientFrame, serverFrame, serveWebSocket } from '../servers/websocket.ts';
import { data, serveZone } from '../servers/zone.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const FILES = readdirSync(join(ROOT, 'examples', 'protocols')).map((file) => join('examples', 'protocols', file));
const AUTHORITY = join(ROOT, 'test', 'servers', 'certificates', 'authority.pem');

interface Checked {
  readonly id: string;
  readonly outcome: string;
  readonly detail: string | null;
}

/** In a process of its own, which trusts the test authority. */
function check(
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly results: readonly Checked[] }> {
  const argv = [join(ROOT, 'cli', 'main.ts'), 'check', ...FILES, '--json'];
  const options = { cwd: ROOT, env: { ...process.env, ...env, NODE_EXTRA_CA_CERTS: AUTHORITY }, timeout: 60_000 };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, argv, options, (error, out, said) => {
      const code = error === null ? 0 : error.code;
      if (typeof code !== 'number' || code > 1) return reject(new Error(`check ended with ${code}: ${said}`));
      const printed: { readonly results: readonly Checked[] } = JSON.parse(out);
      resolve({ code, results: printed.results });
    });
  });
}

/** One server for each example, all of them well. */
async function servers(t: TestContext): Promise<Record<string, string>> {
  const port = async (listening: Promise<number>) => String(await listening);
  const zone = { 'MX acme.test': [data.mx(10, 'mail.acme.test')] };
  const websocket = await serveWebSocket(
    t,
    (socket) =>
      socket.once('data', (bytes: Buffer) => {
        const { type } = JSON.parse(readClientFrame(bytes).text);
        socket.write(serverFrame(1, JSON.stringify({ type: type === 'connection_init' ? 'connection_ack' : 'error' })));
      }),
    { headers: { 'sec-websocket-protocol': 'graphql-transport-ws' } },
  );
  const grpc = await serveHttp2(t, (stream, headers) => {
    if (headers[':path'] === '/grpc.health.v1.Health/Check') answer(stream, framedMessage(0x08, 1));
    else
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '5' }, { endStream: true });
  });
  const edge = serveHttp2(t, (stream) => stream.respond({ ':status': 200 }, { endStream: true }), 'good');
  return {
    REDIS_HOST: '127.0.0.1',
    REDIS_PORT: await port(serveTcp(t, (socket) => socket.once('data', () => socket.write('+PONG\r\n')))),
    SSH_HOST: '127.0.0.1',
    SSH_PORT: await port(serveTcp(t, (socket) => socket.write('SSH-2.0-OpenSSH_9.9\r\n'))),
    TLS_HOST: '127.0.0.1',
    TLS_PORT: await port(serveTls(t, 'good', () => {})),
    MAIL_HOST: '127.0.0.1',
    MAIL_PORT: await port(serveStartTls(t, 'smtp', 'good')),
    DOMAIN: 'acme.test',
    RESOLVER: `127.0.0.1:${await serveZone(t, zone)}`,
    WEBSOCKET: `ws://127.0.0.1:${websocket}/graphql`,
    GRPC: `http://127.0.0.1:${grpc}`,
    EDGE: `https://127.0.0.1:${await port(edge)}`,
    GRAPHQL: `http://127.0.0.1:${await serveHttp(t, answerQuery)}/graphql`,
  };
}

/** As GraphQL servers do: an error is a 200 as well. */
async function answerQuery(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { query, variables } = JSON.parse(await text(request));
  const product = { sku: variables.sku, price: { amount: 19.9 } };
  const isKnown = request.url === '/graphql' && query.includes('product(sku: $sku)');
  response.setHeader('content-type', 'application/json');
  response.end(
    JSON.stringify(isKnown ? { data: { product } } : { data: null, errors: [{ message: 'no such field' }] }),
  );
}

test('every example is without a warning', () => {
  for (const file of FILES) {
    const resolved = resolveFiles(null, [{ file, text: readFileSync(join(ROOT, file), 'utf8') }], {});
    assert.deepEqual(resolved.ok ? resolved.warnings : resolved.problems, []);
  }
});

test('every example passes where its service is well', async (t) => {
  const { code, results } = await check(await servers(t));
  assert.deepEqual(
    results.filter(({ outcome }) => outcome !== 'passed').map(({ id, detail }) => `${id}: ${detail}`),
    [],
  );
  assert.equal(code, 0);
  assert.equal(results.length, 11);
});

test('an error of a GraphQL server fails, though its status is 200', async (t) => {
  const env = await servers(t);
  const { code, results } = await check({ ...env, GRAPHQL: `${env['GRAPHQL']}?v=2` });
  const failed = results.filter(({ outcome }) => outcome !== 'passed').map(({ id, detail }) => `${id}: ${detail}`);
  assert.deepEqual([code, failed.length], [1, 1]);
  assert.match(
    failed[0] ?? '',
    /^graphql-query: \$\.errors expected not to be there, got \[\{"message":"no such field"\}\]/,
  );
});

test('an example whose service is not well fails, and no other', async (t) => {
  const broken = await serveTcp(t, (socket) => socket.once('data', () => socket.end('-LOADING\r\n')));
  const { code, results } = await check({ ...(await servers(t)), REDIS_PORT: String(broken) });
  assert.deepEqual([code, results.filter(({ outcome }) => outcome !== 'passed').map(({ id }) => id)], [1, ['redis']]);
});
