import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { systemClock } from '../../functions/prober/clock.ts';
import { openTcpSocket } from '../../functions/prober/connection.ts';
import { MAX_DETAIL_CHARS, NO_PHASES, traceId } from '../../shared/result.ts';
import { serveBytes, serveHttp, serveHttps, serveTcp } from '../servers/loopback.ts';
import { checkOf, SLOT_MS } from './build.ts';

const OK_BODY = [{ op: 'equals', value: 'fine' }] as const;

test('https gives every phase but dns for an address', async (t) => {
  const port = await serveHttps(t, 'good', (_, response) => response.end('fine'));
  const { phases, outcome } = await checkOf({ url: `https://127.0.0.1:${port}/` });
  assert.equal(outcome, 'passed');
  const happened = Object.entries(phases).filter(([, ms]) => ms !== null);
  assert.deepEqual(
    happened.map(([phase]) => phase),
    ['connectMs', 'tlsMs', 'firstByteMs', 'downloadMs'],
  );
});

test('http has no tls phase', async (t) => {
  const port = await serveHttp(t, (_, response) => response.end());
  const { phases } = await checkOf({ url: `http://localhost:${port}/` });
  assert.equal(phases.tlsMs, null);
  assert.notEqual(phases.dnsMs, null);
});

test('the total is no less than the sum of the phases', async (t) => {
  const port = await serveHttps(t, 'good', (_, response) => response.end('fine'));
  const { phases, totalMs } = await checkOf({ url: `https://localhost:${port}/` });
  const sumMs = Object.values(phases).reduce((sum: number, ms: number | null) => sum + (ms ?? 0), 0);
  assert.ok(totalMs !== null && totalMs >= sumMs - 0.005, `${totalMs} ms in total, ${sumMs} ms in phases`);
});

test('says which address answered, how many bytes came, and how late it was', async (t) => {
  const port = await serveHttp(t, (_, response) => response.end('fine'));
  const result = await checkOf({
    url: `http://localhost:${port}/`,
    prober: { clock: { epochMs: () => SLOT_MS + 7_000, monotonicMs: () => performance.now(), after: () => () => {} } },
  });
  assert.deepEqual([result.address, result.bodyBytes, result.lateMs], ['127.0.0.1', 4, 7_000]);
});

test('sends a traceparent whose trace id follows from monitor, region and slot', async (t) => {
  const request = await seen(t, {});
  assert.equal(request.headers.traceparent, `00-${traceId('example', 'eu-west-1', SLOT_MS)}-${'ab'.repeat(8)}-01`);
});

test('says who asks and from where', async (t) => {
  assert.equal((await seen(t, {})).headers['user-agent'], 'Parallax/0.1 (region=eu-west-1)');
});

test("the definition's own headers win", async (t) => {
  const { headers } = await seen(t, { 'user-agent': 'mine', host: 'api.acme.example', 'accept-encoding': 'identity' });
  assert.deepEqual(
    [headers['user-agent'], headers.host, headers['accept-encoding']],
    ['mine', 'api.acme.example', 'identity'],
  );
});

test('sends method, path, query and body', async (t) => {
  let body = '';
  let line = '';
  const port = await serveHttp(t, (request, response) => {
    line = `${request.method} ${request.url} ${request.headers['content-length']}`;
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => response.end());
  });
  await checkOf({ url: `http://127.0.0.1:${port}/a%20b?c=d`, request: { method: 'POST', body: 'grüße' } });
  assert.deepEqual([line, body], ['POST /a%20b?c=d 7', 'grüße']);
});

const encodings = {
  gzip: gzipSync('fine'),
  br: brotliCompressSync('fine'),
  deflate: deflateSync('fine'),
  'deflate (bare)': deflateRawSync('fine'),
  zstd: zstdCompressSync('fine'),
  'gzip, br': brotliCompressSync(gzipSync('fine')),
  identity: Buffer.from('fine'),
};
for (const [encoding, bytes] of Object.entries(encodings)) {
  test(`reads a body in ${encoding}`, async (t) => {
    const port = await serveHttp(t, (_, response) => {
      response.setHeader('content-encoding', encoding.replace(' (bare)', ''));
      response.end(bytes);
    });
    const result = await checkOf({ url: `http://127.0.0.1:${port}/`, expect: { body: OK_BODY } });
    assert.deepEqual([result.outcome, result.detail, result.bodyBytes], ['passed', null, bytes.length]);
  });
}

test('reads a body in the charset that the answer names', async (t) => {
  const port = await serveHttp(t, (_, response) => {
    response.setHeader('content-type', 'text/plain; charset=iso-8859-1');
    response.end(Buffer.from('grüße', 'latin1'));
  });
  const body = [{ op: 'equals', value: 'grüße' }] as const;
  assert.equal((await checkOf({ url: `http://127.0.0.1:${port}/`, expect: { body } })).detail, null);
});

const answers = {
  'HTTP/1.0 without a length': 'HTTP/1.0 200 OK\r\n\r\nfine',
  'a chunked body': 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nfi\r\n2\r\nne\r\n0\r\n\r\n',
  'a body that ends with the connection': 'HTTP/1.1 200 OK\r\n\r\nfine',
  'interim answers first':
    'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine',
};
for (const [name, bytes] of Object.entries(answers)) {
  test(`understands ${name}`, async (t) => {
    const port = await serveBytes(t, bytes);
    const result = await checkOf({ url: `http://127.0.0.1:${port}/`, expect: { body: OK_BODY } });
    assert.deepEqual([result.outcome, result.detail, result.status], ['passed', null, 200]);
  });
}

test('the first byte is that of the answer, not of an interim one', async (t) => {
  const interimArrived = Promise.withResolvers<void>();
  let passedMs = 0;
  const port = await serveTcp(t, (socket) =>
    socket.once('data', async () => {
      socket.write('HTTP/1.1 103 Early Hints\r\n\r\n');
      await interimArrived.promise;
      socket.end('HTTP/1.1 200 OK\r\n\r\n');
    }),
  );
  const openSocket = (address: string, toPort: number) =>
    openTcpSocket(address, toPort).once('data', () => {
      passedMs = 5_000;
      interimArrived.resolve();
    });
  const clock = { ...systemClock, monotonicMs: () => performance.now() + passedMs };
  const { phases } = await checkOf({ url: `http://127.0.0.1:${port}/`, prober: { clock, openSocket } });
  assert.ok(phases.firstByteMs !== null && phases.firstByteMs >= 5_000, `${phases.firstByteMs} ms`);
});

test('understands 204', async (t) => {
  const port = await serveHttp(t, (_, response) => response.writeHead(204).end());
  const expect = { status: [{ op: 'equals', value: 204 }] as const };
  const result = await checkOf({ url: `http://127.0.0.1:${port}/`, expect });
  assert.deepEqual([result.outcome, result.bodyBytes], ['passed', 0]);
});

test('understands an answer to HEAD that announces a body', async (t) => {
  const port = await serveHttp(t, (_, response) =>
    response.writeHead(200, { 'content-length': 1_000_000, 'content-encoding': 'gzip' }).end(),
  );
  const result = await checkOf({ url: `http://127.0.0.1:${port}/`, request: { method: 'HEAD' } });
  assert.deepEqual([result.outcome, result.bodyBytes], ['passed', 0]);
});

test('a wrong status is the reason, before all else that is wrong', async (t) => {
  const port = await serveHttp(t, (_, response) => response.writeHead(503).end('down'));
  const result = await checkOf({ url: `http://127.0.0.1:${port}/`, expect: { body: OK_BODY } });
  assert.deepEqual(
    [result.outcome, result.reason, result.failedPhase, result.status, result.detail],
    ['failed', 'status', null, 503, 'expected status 200, got 503 (and 1 more)'],
  );
});

test('takes metrics from an answer that fails, too', async (t) => {
  const port = await serveHttp(t, (_, response) => response.writeHead(503).end('{"queue":{"depth":250}}'));
  const metrics = [{ name: 'queueDepth', from: 'json', path: '$.queue.depth' }] as const;
  assert.deepEqual((await checkOf({ url: `http://127.0.0.1:${port}/`, metrics })).metrics, { queueDepth: 250 });
});

test('what a target says cannot steer a terminal, nor outgrow a sentence', async (t) => {
  const port = await serveHttp(t, (_, response) => {
    response.setHeader('location', `ftp://\u009b31m${'x'.repeat(1_000)}`);
    response.writeHead(302).end();
  });
  const { detail } = await checkOf({ url: `http://127.0.0.1:${port}/` });
  assert.doesNotMatch(detail ?? '', /\p{Cc}/u);
  assert.equal(detail?.length, MAX_DETAIL_CHARS);
});

test('what breaks in our own code is inconclusive', async () => {
  const openSocket = () => {
    throw new TypeError('a defect');
  };
  const result = await checkOf({ url: 'http://127.0.0.1:9/', prober: { openSocket } });
  assert.deepEqual([result.outcome, result.reason], ['inconclusive', 'prober']);
});

test('a pattern that does not compile is inconclusive', async (t) => {
  const port = await serveHttp(t, (_, response) => response.end());
  const expect = { body: [{ op: 'matches', pattern: '(' }] as const };
  const result = await checkOf({ url: `http://127.0.0.1:${port}/`, expect });
  assert.deepEqual([result.outcome, result.reason], ['inconclusive', 'prober']);
});

test('a check that never went out has neither phases nor a total', async () => {
  const result = await checkOf({ url: 'http://169.254.169.254/latest/meta-data/' });
  assert.deepEqual([result.reason, result.phases, result.totalMs], ['blocked-address', NO_PHASES, null]);
});

/** The request as a server sees it. */
async function seen(
  t: Parameters<typeof serveHttp>[0],
  headers: Readonly<Record<string, string>>,
): Promise<IncomingMessage> {
  const arrived = Promise.withResolvers<IncomingMessage>();
  const port = await serveHttp(t, (request, response) => {
    arrived.resolve(request);
    response.end();
  });
  await checkOf({ url: `http://127.0.0.1:${port}/`, request: { headers } });
  return arrived.promise;
}
