import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { createResolver } from '../../functions/prober/resolve.ts';
import { serveHttp, serveTcp } from '../servers/loopback.ts';
import { serveNames } from '../servers/name-server.ts';
import { checkOf, clockWithDeadline } from './build.ts';

test('strikes while a name is resolved', async (t) => {
  const names = await serveNames(t, { 'slow.test': 'silent' });
  const { clock, strike } = clockWithDeadline();
  const resolveName = createResolver({ servers: [names.address] });
  const checked = checkOf({ url: 'http://slow.test/', prober: { clock, resolveName } });
  await names.asked;
  strike();
  const { outcome, reason, failedPhase, phases, detail } = await checked;
  assert.deepEqual([outcome, reason, failedPhase, phases.dnsMs], ['failed', 'timeout', 'dns', null]);
  assert.equal(detail, 'no answer within 20 s (resolving the name)');
});

test('strikes while connecting', async () => {
  const { clock, strike } = clockWithDeadline();
  const opened = Promise.withResolvers<void>();
  const openSocket = () => {
    opened.resolve();
    return new Socket(); // never connects, as behind a firewall that drops
  };
  const checked = checkOf({ url: 'http://127.0.0.1:9/', prober: { clock, openSocket } });
  await opened.promise;
  strike();
  const { reason, failedPhase, phases } = await checked;
  assert.deepEqual([reason, failedPhase, phases.connectMs], ['timeout', 'connect', null]);
});

test('strikes in the handshake', async (t) => {
  const { clock, strike } = clockWithDeadline();
  const port = await serveTcp(t, (socket) => socket.once('data', strike));
  const { reason, failedPhase, phases, detail } = await checkOf({
    url: `https://127.0.0.1:${port}/`,
    prober: { clock },
  });
  assert.deepEqual([reason, failedPhase, phases.tlsMs], ['timeout', 'tls', null]);
  assert.match(detail ?? '', /^no answer within 20 s \(in the TLS handshake, after connect \d+ ms\)$/);
});

test('strikes while the first byte is awaited', async (t) => {
  const { clock, strike } = clockWithDeadline();
  const port = await serveHttp(t, strike);
  const { reason, failedPhase, phases } = await checkOf({ url: `http://127.0.0.1:${port}/`, prober: { clock } });
  assert.deepEqual([reason, failedPhase, phases.firstByteMs], ['timeout', 'firstByte', null]);
});

test('strikes while the body drips, and by the real clock', async (t) => {
  const port = await serveHttp(t, (_, response) => response.write('drip'));
  const { reason, failedPhase, phases, detail, status } = await checkOf({
    url: `http://127.0.0.1:${port}/`,
    timeoutMs: 400,
  });
  assert.deepEqual([reason, failedPhase, phases.downloadMs, status], ['timeout', 'download', null, 200]);
  assert.match(detail ?? '', /^no answer within 400 ms \(reading the answer, 4 bytes so far, after connect/);
});

test('covers all hops together', async (t) => {
  const { clock, strike } = clockWithDeadline();
  const port = await serveHttp(t, (request, response) => {
    if (request.url === '/') response.writeHead(302, { location: '/next' }).end();
    else strike();
  });
  const { reason, redirects } = await checkOf({ url: `http://127.0.0.1:${port}/`, prober: { clock } });
  assert.deepEqual([reason, redirects], ['timeout', 1]);
});

test('noticed far too late, says that the prober stood still', async (t) => {
  const { clock, strike } = clockWithDeadline(5_000);
  const port = await serveHttp(t, strike);
  const { outcome, reason, detail } = await checkOf({ url: `http://127.0.0.1:${port}/`, prober: { clock } });
  assert.deepEqual([outcome, reason], ['inconclusive', 'prober']);
  assert.equal(detail, 'the prober stood still for 5 s during the check');
});

test('closes the connection', async (t) => {
  const { clock, strike } = clockWithDeadline();
  const closed = Promise.withResolvers<void>();
  const port = await serveTcp(t, (socket) => {
    socket.once('data', strike);
    socket.once('close', closed.resolve);
  });
  await checkOf({ url: `https://127.0.0.1:${port}/`, prober: { clock } });
  await closed.promise;
});

test('ends what is still under way: a name that resolves too late is not connected to', async () => {
  const { clock, strike } = clockWithDeadline();
  const resolved = Promise.withResolvers<readonly string[]>();
  const opened = Promise.withResolvers<Socket>();
  const openSocket = () => {
    const socket = new Socket();
    opened.resolve(socket);
    return socket;
  };
  const checked = checkOf({
    url: 'http://late.test/',
    prober: { clock, openSocket, resolveName: () => resolved.promise },
  });
  strike();
  assert.equal((await checked).failedPhase, 'dns');
  resolved.resolve(['127.0.0.1']);
  const socket = await opened.promise;
  await new Promise(setImmediate);
  assert.ok(socket.destroyed);
});
