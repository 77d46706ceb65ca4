import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../functions/prober/clock.ts';
import { openTcpSocket } from '../../functions/prober/connection.ts';
import { refusingPort, serveHttp, serveHttps, serveTcp } from '../servers/loopback.ts';
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

test('a connection that breaks off once is a flake, and the target saw two', async (t) => {
  const { port, connections } = await breaking(t, 1);
  const { outcome, attempts, blame, status, detail } = await checkOf({ url: `http://127.0.0.1:${port}/`, attempts: 2 });
  assert.deepEqual([outcome, attempts, blame, status, connections()], ['passed', 2, 'target', 200, 2]);
  assert.match(detail ?? '', /^passed at attempt 2; the first failed after \d+ ms: .*connection/);
});

test('a connection that breaks off each time is failed, and the target’s fault', async (t) => {
  const { port, connections } = await breaking(t, Number.POSITIVE_INFINITY);
  const { outcome, attempts, blame, detail } = await checkOf({ url: `http://127.0.0.1:${port}/`, attempts: 2 });
  assert.deepEqual([outcome, attempts, blame, connections()], ['failed', 2, 'target', 2]);
  assert.doesNotMatch(detail ?? '', /passed/);
});

test('an address where nobody listens is found out by another that answers', async (t) => {
  const dead = await refusingPort(t);
  const good = await serveHttp(t, (_, response) => response.end());
  const { outcome, attempts, blame, address, detail } = await checkOf({
    url: 'http://two.test/',
    attempts: 1,
    prober: {
      resolveName: async () => ['192.0.2.1', '192.0.2.2'],
      openSocket: (ip) => openTcpSocket('127.0.0.1', ip === '192.0.2.1' ? dead : good),
    },
  });
  assert.deepEqual([outcome, attempts, blame, address], ['passed', 2, 'address', '192.0.2.2']);
  assert.match(
    detail ?? '',
    /^passed at attempt 2; the first failed.*: connection refused connecting to 192\.0\.2\.1:80$/,
  );
});

test('an address that we could not connect to for a reason of ours is not blamed', async (t) => {
  const good = await serveHttp(t, (_, response) => response.end());
  const { outcome, attempts, blame } = await checkOf({
    url: 'http://two.test/',
    prober: {
      resolveName: async () => ['192.0.2.1', '192.0.2.2'],
      openSocket: (ip) =>
        ip === '192.0.2.1'
          ? new Socket().destroy(Object.assign(new Error('no port left'), { code: 'EADDRNOTAVAIL' }))
          : openTcpSocket('127.0.0.1', good),
    },
  });
  assert.deepEqual([outcome, attempts, blame], ['passed', 1, null]);
});

test('a name that does not resolve is asked for again, and blamed on dns', async () => {
  let asked = 0;
  const { outcome, reason, attempts, blame } = await checkOf({
    url: 'http://nowhere.test/',
    attempts: 2,
    prober: {
      resolveName: async () => {
        asked += 1;
        throw Object.assign(new Error('queryA ENOTFOUND nowhere.test'), { code: 'ENOTFOUND' });
      },
    },
  });
  assert.deepEqual([outcome, reason, attempts, blame, asked], ['failed', 'dns', 2, 'dns', 2]);
});

test('a certificate that proves nothing is looked at again, and blamed on tls', async (t) => {
  const port = await serveHttps(t, 'expired', (_, response) => response.end());
  const { outcome, reason, attempts, blame } = await checkOf({ url: `https://127.0.0.1:${port}/`, attempts: 2 });
  assert.deepEqual([outcome, reason, attempts, blame], ['failed', 'tls', 2, 'tls']);
});

test('a host that cannot be reached is tried again, and blamed on the path', async () => {
  let opened = 0;
  const { outcome, reason, attempts, blame } = await checkOf({
    url: 'http://192.0.2.1/',
    attempts: 2,
    prober: {
      openSocket: () => {
        opened += 1;
        return new Socket().destroy(Object.assign(new Error('no route'), { code: 'EHOSTUNREACH' }));
      },
    },
  });
  assert.deepEqual([outcome, reason, attempts, blame, opened], ['failed', 'connect', 2, 'path', 2]);
});

test('a failure of time alone is ours when we stood still both times', async (t) => {
  const port = await serveHttp(t, (_, response) => response.end());
  const { outcome, reason, blame, detail } = await checkOf({
    url: `http://127.0.0.1:${port}/`,
    attempts: 2,
    expect: { responseTimeMs: [{ op: 'below', value: 0 }] },
    prober: { stalls: { watch: () => ({ end: () => 60_000 }) } },
  });
  assert.deepEqual([outcome, reason, blame], ['inconclusive', 'prober', 'prober']);
  assert.match(
    detail ?? '',
    /^the prober stood still for 60000 ms during the check, which then found: expected a resp/,
  );
});

test('no attempt begins that the deadline leaves no time for', async (t) => {
  let requests = 0;
  let skippedMs = 0;
  const port = await serveHttp(t, (_, response) => {
    requests += 1;
    skippedMs += 9_000;
    response.writeHead(503).end();
  });
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + skippedMs };
  const { outcome, attempts } = await checkOf({
    url: `http://127.0.0.1:${port}/`,
    attempts: 5,
    timeoutMs: 18_100,
    prober: { clock },
  });
  assert.deepEqual([outcome, attempts, requests], ['failed', 2, 2]);
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

/** Takes connections; breaks off so many first ones once they have asked, and answers the others. */
async function breaking(t: TestContext, times: number) {
  let connections = 0;
  const port = await serveTcp(t, (socket) => {
    connections += 1;
    const breaks = connections <= times;
    socket.once('data', () => {
      if (breaks) socket.resetAndDestroy();
      else socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    });
  });
  return { port, connections: () => connections };
}
