import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTcpSocket } from '../../functions/prober/connection.ts';
import { refusingPort, serveHttp, serveHttps } from '../servers/loopback.ts';
import { checkOf } from './build.ts';

test('a check that passes when tried again is a flake: passed, with what the first attempt found', async (t) => {
  let requests = 0;
  const port = await serveHttps(t, 'good', (_, response) => {
    requests += 1;
    response.writeHead(requests === 1 ? 503 : 200).end();
  });
  const { outcome, reason, attempts, status, detail, blame } = await checkOf({
    url: `https://127.0.0.1:${port}/`,
    attempts: 2,
  });
  assert.deepEqual([outcome, reason, attempts, status, blame], ['passed', null, 2, 200, 'target']);
  assert.match(detail ?? '', /^passed at attempt 2; the first failed after \d+ ms: expected status 200, got 503$/);
});

test('a check that fails again is failed, after so many attempts on connections of their own', async (t) => {
  const connections = new Set<unknown>();
  const port = await serveHttp(t, (request, response) => {
    connections.add(request.socket);
    response.writeHead(503).end();
  });
  const { outcome, attempts, detail } = await checkOf({ url: `http://127.0.0.1:${port}/`, attempts: 3 });
  assert.deepEqual([outcome, attempts, connections.size], ['failed', 3, 3]);
  assert.equal(detail, 'expected status 200, got 503');
});

test('one bad address of a name is found out', async (t) => {
  const bad = await serveHttp(t, (_, response) => response.writeHead(503).end());
  const good = await serveHttp(t, (_, response) => response.end());
  const { outcome, attempts, blame, address } = await checkOf({
    url: 'http://two.test/',
    attempts: 2,
    prober: {
      resolveName: async () => ['192.0.2.1', '192.0.2.2'],
      openSocket: (ip) => openTcpSocket('127.0.0.1', ip === '192.0.2.1' ? bad : good),
    },
  });
  assert.deepEqual([outcome, attempts, blame, address], ['passed', 3, 'address', '192.0.2.2']);
});

test('an address that was never reached is named', async (t) => {
  const port = await refusingPort(t);
  const { reason, attempts, blame, address } = await checkOf({ url: `http://127.0.0.1:${port}/`, attempts: 2 });
  assert.deepEqual([reason, attempts, blame, address], ['connect', 2, 'target', '127.0.0.1']);
});

test('a check during which we stood still is made once more, and that one counts', async (t) => {
  let requests = 0;
  const port = await serveHttp(t, (_, response) => {
    requests += 1;
    response.end();
  });
  const stalls = [900, 0];
  const { outcome, attempts, stallMs } = await checkOf({
    url: `http://127.0.0.1:${port}/`,
    attempts: 2,
    prober: { stalls: { watch: () => ({ end: () => stalls.shift() ?? 0 }) } },
  });
  assert.deepEqual([outcome, attempts, stallMs, requests], ['passed', 1, 0, 2]);
});
