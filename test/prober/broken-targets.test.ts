import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Result } from '../../shared/result.ts';
import { refusingPort, serveBytes, serveHttp, serveTcp, serveTls } from '../servers/loopback.ts';
import { checkOf } from './build.ts';

function verdictOf(result: Result): readonly unknown[] {
  return [result.outcome, result.reason, result.failedPhase];
}

test('a refused connection', async (t) => {
  const port = await refusingPort(t);
  const result = await checkOf({ url: `http://127.0.0.1:${port}/` });
  assert.deepEqual(verdictOf(result), ['failed', 'connect', 'connect']);
  assert.equal(result.detail, `connection refused connecting to 127.0.0.1:${port}`);
  assert.equal(result.phases.connectMs, null);
});

test('a reset in the handshake', async (t) => {
  const port = await serveTcp(t, (socket) => socket.once('data', () => socket.resetAndDestroy()));
  assert.deepEqual(verdictOf(await checkOf({ url: `https://127.0.0.1:${port}/` })), ['failed', 'tls', 'tls']);
});

test('a connection that closes in the handshake', async (t) => {
  const port = await serveTcp(t, (socket) => socket.once('data', () => socket.end()));
  assert.deepEqual(verdictOf(await checkOf({ url: `https://127.0.0.1:${port}/` })), ['failed', 'tls', 'tls']);
});

test('plain HTTP where TLS is expected', async (t) => {
  const port = await serveBytes(t, 'HTTP/1.1 400 Bad Request\r\n\r\n');
  const result = await checkOf({ url: `https://127.0.0.1:${port}/` });
  assert.deepEqual(verdictOf(result), ['failed', 'tls', 'tls']);
  assert.match(result.detail ?? '', /does not speak TLS on this port/);
});

test('a reset while the answer is awaited', async (t) => {
  const port = await serveTcp(t, (socket) => socket.once('data', () => socket.resetAndDestroy()));
  const result = await checkOf({ url: `http://127.0.0.1:${port}/` });
  assert.deepEqual(verdictOf(result), ['failed', 'protocol', 'firstByte']);
  assert.equal(result.detail, 'connection reset while waiting for the answer');
});

for (const [scheme, serve] of [
  ['http', serveTcp],
  ['https', (t, onConnection) => serveTls(t, 'good', onConnection)],
] satisfies [string, typeof serveTcp][]) {
  test(`a connection that closes without an answer, over ${scheme}`, async (t) => {
    const port = await serve(t, (socket) => socket.once('data', () => socket.end()));
    const result = await checkOf({ url: `${scheme}://127.0.0.1:${port}/` });
    assert.deepEqual(verdictOf(result), ['failed', 'protocol', 'firstByte']);
    assert.equal(result.detail, 'the server closed the connection without an answer');
  });
}

test('a reset in the middle of the body', async (t) => {
  const port = await serveHttp(t, (request, response) => {
    response.writeHead(200, { 'content-length': 10 });
    response.write('12345', () => request.socket.resetAndDestroy());
  });
  const result = await checkOf({ url: `http://127.0.0.1:${port}/` });
  // A reset may overtake the bytes before it.
  assert.equal(result.reason, 'protocol');
});

test('a body that is shorter than announced', async (t) => {
  const port = await serveBytes(t, 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345');
  const result = await checkOf({ url: `http://127.0.0.1:${port}/` });
  assert.deepEqual(verdictOf(result), ['failed', 'protocol', 'download']);
  assert.equal(result.detail, 'the connection broke off after 5 bytes of the body of the 10 announced');
  assert.equal(result.phases.downloadMs, null);
});

test('a body that is longer than announced', async (t) => {
  const port = await serveBytes(t, 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n12345');
  assert.equal((await checkOf({ url: `http://127.0.0.1:${port}/` })).reason, 'protocol');
});

test('a chunked body that is cut off', async (t) => {
  const port = await serveBytes(t, 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n');
  assert.deepEqual(verdictOf(await checkOf({ url: `http://127.0.0.1:${port}/` })), ['failed', 'protocol', 'download']);
});

for (const [what, bytes] of Object.entries({
  'bytes that are not HTTP': 'SSH-2.0-OpenSSH_9.6\r\n',
  'binary garbage': Buffer.from([0, 255, 1, 254, 13, 10, 13, 10]),
  'a status that is no number': 'HTTP/1.1 abc OK\r\n\r\n',
  'two lengths': 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n12',
})) {
  test(what, async (t) => {
    const port = await serveBytes(t, bytes);
    assert.deepEqual(verdictOf(await checkOf({ url: `http://127.0.0.1:${port}/` })), [
      'failed',
      'protocol',
      'firstByte',
    ]);
  });
}

test('headers without end', async (t) => {
  const port = await serveTcp(t, (socket) =>
    socket.once('data', () => forever(socket, 'HTTP/1.1 200 OK\r\n', `x: ${'y'.repeat(1_000)}\r\n`)),
  );
  const result = await checkOf({ url: `http://127.0.0.1:${port}/` });
  assert.deepEqual(verdictOf(result), ['failed', 'too-large', 'firstByte']);
  assert.equal(result.detail, "the answer's headers are larger than 32 KiB");
});

test('a body without end', async (t) => {
  const port = await serveTcp(t, (socket) =>
    socket.once('data', () => forever(socket, 'HTTP/1.1 200 OK\r\n\r\n', 'y'.repeat(10_000))),
  );
  const result = await checkOf({ url: `http://127.0.0.1:${port}/`, request: { maxBodyBytes: 50_000 } });
  assert.deepEqual(verdictOf(result), ['failed', 'too-large', 'download']);
  assert.equal(result.detail, 'the body is larger than 50000 bytes');
});

test('a body without end is not read beyond its bound and one chunk', async (t) => {
  const port = await serveTcp(t, (socket) =>
    socket.once('data', () => forever(socket, 'HTTP/1.1 200 OK\r\n\r\n', 'y'.repeat(10_000))),
  );
  const { bodyBytes } = await checkOf({ url: `http://127.0.0.1:${port}/`, request: { maxBodyBytes: 50_000 } });
  assert.ok(bodyBytes !== null && bodyBytes <= 50_000 + 65_536, `${bodyBytes} bytes`);
});

test('a body of exactly the bound passes', async (t) => {
  const port = await serveHttp(t, (_, response) => response.end('12345'));
  const result = await checkOf({ url: `http://127.0.0.1:${port}/`, request: { maxBodyBytes: 5 } });
  assert.equal(result.outcome, 'passed');
});

const zeros = Buffer.alloc(1_000_000);
for (const [encoding, bomb] of Object.entries({ gzip: gzipSync(zeros), br: brotliCompressSync(zeros) })) {
  test(`a bomb in ${encoding}`, async (t) => {
    const port = await serveHttp(t, (_, response) => response.setHeader('content-encoding', encoding).end(bomb));
    const result = await checkOf({ url: `http://127.0.0.1:${port}/`, request: { maxBodyBytes: 50_000 } });
    assert.deepEqual(verdictOf(result), ['failed', 'too-large', 'download']);
    assert.equal(result.detail, 'the body is larger than 50000 bytes once decoded');
  });
}

for (const [what, encoding, body] of [
  ['an encoding that is a lie', 'gzip', Buffer.from('plain')],
  ['an encoded body that is cut off', 'gzip', gzipSync('x'.repeat(1_000)).subarray(0, 20)],
  ['an encoding that nobody knows', 'constructor', Buffer.from('plain')],
  ['too many encodings', 'gzip, gzip, gzip', Buffer.from('plain')],
] as const) {
  test(what, async (t) => {
    const port = await serveHttp(t, (_, response) => response.setHeader('content-encoding', encoding).end(body));
    assert.deepEqual(verdictOf(await checkOf({ url: `http://127.0.0.1:${port}/` })), [
      'failed',
      'protocol',
      'download',
    ]);
  });
}

test('a server that switches to another protocol', async (t) => {
  const port = await serveBytes(t, 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n');
  assert.equal((await checkOf({ url: `http://127.0.0.1:${port}/` })).reason, 'protocol');
});

test('a server that switches to another protocol is left at once', async (t) => {
  const left = Promise.withResolvers<void>();
  const port = await serveTcp(t, (socket) => {
    socket.once('close', () => left.resolve());
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n');
    socket.resume();
  });
  await checkOf({ url: `http://127.0.0.1:${port}/` });
  await left.promise;
});

test('no socket left on our own machine is inconclusive', async () => {
  const result = await checkOf({
    url: 'http://127.0.0.1:9/',
    prober: {
      openSocket: () => brokenSocket(Object.assign(new Error('too many'), { code: 'EMFILE' })),
    },
  });
  assert.deepEqual(verdictOf(result), ['inconclusive', 'prober', 'connect']);
});

/** Writes as long as the other side takes it. */
function forever(socket: Socket, start: string, more: string): void {
  socket.write(start);
  const pump = () => {
    while (!socket.destroyed && socket.write(more));
  };
  socket.on('drain', pump);
  pump();
}

function brokenSocket(error: Error): Socket {
  const socket = new Socket();
  queueMicrotask(() => socket.destroy(error));
  return socket;
}
