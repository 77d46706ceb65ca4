import assert from 'node:assert/strict';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { type TestContext, test } from 'node:test';
import type { Result } from '../../shared/result.ts';
import { answer, framedMessage, serveHttp2 } from '../servers/grpc.ts';
import { refusingPort, serveHttps, serveTcp } from '../servers/loopback.ts';
import { checkWritten, clockWithDeadline } from './build.ts';

const SERVING = framedMessage(0x08, 1);
const NOT_SERVING = framedMessage(0x08, 2);

function check(port: number, grpc: object = {}, expect: object = {}): Promise<Result> {
  return checkWritten({ type: 'grpc', grpc: { url: `http://127.0.0.1:${port}`, ...grpc }, expect });
}

/** Checks a server that answers so. */
async function checkAnswer(
  t: TestContext,
  onCall: (stream: ServerHttp2Stream) => void,
  grpc: object = {},
  expect: object = {},
): Promise<Result> {
  return check(await serveHttp2(t, onCall), grpc, expect);
}

const checkBody = (t: TestContext, body: Buffer, expect: object = {}) =>
  checkAnswer(t, (stream) => answer(stream, body), {}, expect);

test('a server that serves passes, with its phases', async (t) => {
  const result = await checkBody(t, SERVING);
  assert.equal(result.detail, null);
  assert.deepEqual([result.outcome, result.status, result.bodyBytes], ['passed', 200, 7]);
  const { connectMs, tlsMs, firstByteMs, downloadMs } = result.phases;
  assert.ok(connectMs !== null && firstByteMs !== null && downloadMs !== null);
  assert.equal(tlsMs, null);
});

test('asks for the health of a service as gRPC does', async (t) => {
  let asked: IncomingHttpHeaders = {};
  let message: Buffer = Buffer.alloc(0);
  const port = await serveHttp2(t, (stream, headers, bytes) => {
    asked = headers;
    message = bytes;
    answer(stream, SERVING);
  });
  await check(port, { service: 'acme.Cart', metadata: { 'X-Team': 'a' } });
  assert.deepEqual(
    [asked[':method'], asked[':path'], asked['content-type'], asked.te, asked['grpc-timeout'], asked['x-team']],
    ['POST', '/grpc.health.v1.Health/Check', 'application/grpc', 'trailers', '20000m', 'a'],
  );
  assert.deepEqual(message, Buffer.concat([framedMessage(0x0a, 9, ...Buffer.from('acme.Cart'))]));
});

test('asks for the health of the whole server with an empty message', async (t) => {
  let message: Buffer = Buffer.alloc(0);
  const port = await serveHttp2(t, (stream, _, bytes) => {
    message = bytes;
    answer(stream, SERVING);
  });
  await check(port);
  assert.deepEqual(message, framedMessage());
});

test('calls a method with the message that is given', async (t) => {
  let called = '';
  const port = await serveHttp2(t, (stream, headers, bytes) => {
    called = `${headers[':path']} ${bytes.toString('hex')}`;
    answer(stream, framedMessage());
  });
  const result = await check(port, { method: 'acme.Cart/Get', message: 'CAE=' });
  assert.equal(result.detail, null);
  assert.equal(called, '/acme.Cart/Get 00000000020801');
});

const HEALTH: readonly [string, Buffer, object, string | null][] = [
  ['not serving', NOT_SERVING, {}, 'health expected "SERVING", got "NOT_SERVING"'],
  ['not serving where that is expected', NOT_SERVING, { health: 'NOT_SERVING' }, null],
  ['no health, which is unknown', framedMessage(), {}, 'health expected "SERVING", got "UNKNOWN"'],
  [
    'other fields around it',
    framedMessage(0x12, 1, 9, 0x19, 0, 0, 0, 0, 0, 0, 0, 0, 0x25, 0, 0, 0, 0, 0x30, 200, 1, 8, 1),
    {},
    null,
  ],
  ['a number without a name', framedMessage(0x08, 9), {}, 'health expected "SERVING", got "9"'],
];

for (const [what, body, expect, detail] of HEALTH) {
  test(`a health of ${what} ${detail === null ? 'passes' : 'fails the expectation'}`, async (t) => {
    const result = await checkBody(t, body, expect);
    assert.deepEqual([result.reason, result.detail], detail === null ? [null, null] : ['expectation', detail]);
  });
}

const MALFORMED: readonly [string, Buffer, RegExp][] = [
  ['no message', Buffer.alloc(0), /has no message/],
  ['a compressed message', Buffer.from([1, 0, 0, 0, 0]), /compressed/],
  ['a message shorter than it says', Buffer.from([0, 0, 0, 0, 9, 8, 1]), /says 9 bytes, and 2 came/],
  ['two messages', Buffer.concat([SERVING, SERVING]), /says 2 bytes, and 9 came/],
  ['a number without an end', framedMessage(0x08, 0xff), /a number has no end/],
  ['a field without an end', framedMessage(0x12, 200), /a number has no end|ends inside/],
  ['a field longer than the message', framedMessage(0x12, 9, 1), /ends inside of a field/],
  ['an unknown wire type', framedMessage(0x0f), /wire type 7/],
];

for (const [what, body, detail] of MALFORMED) {
  test(`${what} is a broken protocol`, async (t) => {
    const result = await checkBody(t, body);
    assert.deepEqual([result.outcome, result.reason, result.failedPhase], ['failed', 'protocol', 'download']);
    assert.match(result.detail ?? '', detail);
  });
}

test('a status in trailers fails with its name and message', async (t) => {
  const trailers = { 'grpc-status': '14', 'grpc-message': 'try%20later' };
  const result = await checkAnswer(t, (stream) => answer(stream, Buffer.alloc(0), trailers));
  assert.deepEqual(
    [result.reason, result.detail],
    ['status', 'status expected "OK", got "UNAVAILABLE": try later (and 1 more)'],
  );
});

test('a status in the headers alone is read as well', async (t) => {
  const result = await checkAnswer(
    t,
    (stream) =>
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '5' }, { endStream: true }),
    { method: 'acme.Cart/Get' },
    { status: { oneOf: ['OK', 'NOT_FOUND'] } },
  );
  assert.equal(result.detail, null);
});

test('an answer without a status is a broken protocol', async (t) => {
  const result = await checkAnswer(t, (stream) => answer(stream, SERVING, {}));
  assert.deepEqual([result.reason, result.detail], ['protocol', 'the answer has no grpc-status']);
});

test('an HTTP error fails with its status', async (t) => {
  const result = await checkAnswer(t, (stream) => {
    stream.respond({ ':status': 503 });
    stream.end('down');
  });
  assert.deepEqual([result.reason, result.status, result.detail], ['status', 503, 'expected HTTP status 200, got 503']);
});

test('a message that is too large is not read', async (t) => {
  const result = await checkAnswer(t, (stream) => answer(stream, Buffer.alloc(100_000)), { maxMessageBytes: 1_000 });
  assert.equal(result.reason, 'too-large');
});

test('headers without end are bounded', async (t) => {
  const result = await checkAnswer(t, (stream) => {
    const many = Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`x-${i}`, 'y'.repeat(60)]));
    stream.respond({ ':status': 200, ...many });
    stream.end();
  });
  assert.deepEqual([result.outcome, result.reason], ['failed', 'protocol']);
});

const BROKEN: readonly [string, (stream: ServerHttp2Stream) => void][] = [
  ['a stream that is reset', (stream) => stream.close(7)],
  ['a session that is broken off', (stream) => stream.session?.goaway(2)],
  ['a connection that ends', (stream) => stream.session?.destroy()],
];

for (const [what, breakOff] of BROKEN) {
  test(`${what} before an answer is a broken protocol`, async (t) => {
    const result = await checkAnswer(t, breakOff);
    assert.deepEqual([result.outcome, result.reason], ['failed', 'protocol']);
  });
}

test('a server that speaks HTTP/1.1 is a broken protocol', async (t) => {
  const port = await serveTcp(t, (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
  const { outcome, reason } = await check(port);
  assert.deepEqual([outcome, reason], ['failed', 'protocol']);
});

test('a server that refuses fails in connect', async (t) => {
  assert.equal((await check(await refusingPort(t))).reason, 'connect');
});

test('TLS has its phase and certificate', async (t) => {
  const port = await serveHttp2(t, (stream) => answer(stream, SERVING), 'good');
  const result = await check(port, { url: `https://127.0.0.1:${port}` }, { certificate: { validFor: '1d' } });
  assert.equal(result.detail, null);
  assert.ok(result.phases.tlsMs !== null && result.certificateDaysLeft !== null);
});

test('TLS without HTTP/2 is a broken protocol', async (t) => {
  const port = await serveHttps(t, 'good', (_, response) => response.end());
  const { reason, detail } = await check(port, { url: `https://127.0.0.1:${port}` });
  assert.match(`${reason}: ${detail}`, /^(protocol: the server does not offer HTTP\/2|tls: )/);
});

test('a peer that has not proved who it is is not called', async (t) => {
  const port = await serveHttp2(t, () => assert.fail('was called'), 'wrong-host');
  assert.equal((await check(port, { url: `https://127.0.0.1:${port}` })).reason, 'tls');
});

test('silence times out while waiting for the answer', async (t) => {
  const called = Promise.withResolvers<void>();
  const port = await serveHttp2(t, () => called.resolve());
  const { clock, strike } = clockWithDeadline();
  const running = checkWritten({ type: 'grpc', grpc: { url: `http://127.0.0.1:${port}` } }, { prober: { clock } });
  await called.promise;
  strike();
  const { reason, failedPhase } = await running;
  assert.deepEqual([reason, failedPhase], ['timeout', 'firstByte']);
});

test('a secret in metadata is sent, and not shown where it comes back', async (t) => {
  const port = await serveHttp2(t, (stream, headers) =>
    answer(stream, Buffer.alloc(0), { 'grpc-status': '16', 'grpc-message': `not ${headers.authorization}` }),
  );
  const { detail } = await checkWritten(
    { type: 'grpc', grpc: { url: `http://127.0.0.1:${port}`, metadata: { authorization: 'Bearer ${secret:token}' } } },
    { secrets: { token: { value: 'hunter2' } } },
  );
  assert.match(detail ?? '', /got "UNAUTHENTICATED": not Bearer \[secret\]/);
});

test('a secret with a line break cannot be sent: inconclusive, and its value stays out', async (t) => {
  const port = await serveHttp2(t, () => assert.fail('was called'));
  const { outcome, detail } = await checkWritten(
    { type: 'grpc', grpc: { url: `http://127.0.0.1:${port}`, metadata: { authorization: '${secret:token}' } } },
    { secrets: { token: { value: 'hunter2\n' } } },
  );
  assert.equal(outcome, 'inconclusive');
  assert.doesNotMatch(detail ?? '', /hunter2/);
});
