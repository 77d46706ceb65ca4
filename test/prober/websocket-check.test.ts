import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Result } from '../../shared/result.ts';
import { serveHttp, serveTcp } from '../servers/loopback.ts';
import { readClientFrame, serverFrame, serveWebSocket, type WebSocketOptions } from '../servers/websocket.ts';
import { checkWritten, clockWithDeadline } from './build.ts';

const TEXT = 1;
const HELLO = { message: { contains: 'hello' } };

function check(port: number, websocket: object = {}, expect: object = {}, rest: object = {}): Promise<Result> {
  return checkWritten({
    type: 'websocket',
    websocket: { url: `ws://127.0.0.1:${port}/ws?x=1`, ...websocket },
    expect,
    ...rest,
  });
}

/** Checks a server that writes these bytes once open. */
async function checkFrames(
  t: TestContext,
  frames: Buffer,
  expect: object = HELLO,
  websocket: object = {},
): Promise<Result> {
  return check(await serveWebSocket(t, (socket) => socket.write(frames)), websocket, expect);
}

test('a connection that opens passes, with its phases', async (t) => {
  const result = await check(await serveWebSocket(t, () => {}));
  assert.equal(result.detail, null);
  assert.deepEqual([result.outcome, result.status], ['passed', 101]);
  const { connectMs, tlsMs, firstByteMs } = result.phases;
  assert.ok(connectMs !== null && firstByteMs !== null);
  assert.equal(tlsMs, null);
});

test('asks as the definition says, and says who asks', async (t) => {
  const asked = Promise.withResolvers<IncomingMessage>();
  const port = await serveWebSocket(t, (_, request) => asked.resolve(request));
  await check(port, { headers: { 'X-Team': 'a' }, protocols: ['chat.v2', 'chat.v1'] });
  const { url, headers } = await asked.promise;
  assert.equal(url, '/ws?x=1');
  assert.deepEqual([headers['x-team'], headers['sec-websocket-protocol']], ['a', 'chat.v2, chat.v1']);
  assert.match(headers['user-agent'] ?? '', /^Parallax/);
});

test('the first message is looked at, and a goodbye said', async (t) => {
  const goodbye = Promise.withResolvers<Buffer>();
  const port = await serveWebSocket(t, (socket) => {
    socket.write(serverFrame(TEXT, 'hello'));
    socket.once('data', goodbye.resolve);
  });
  const result = await check(port, {}, HELLO);
  assert.equal(result.detail, null);
  assert.equal(result.bodyBytes, 5);
  assert.ok(result.phases.downloadMs !== null);
  const { opcode, isMasked } = readClientFrame(await goodbye.promise);
  assert.deepEqual([opcode, isMasked], [8, true]);
});

test('what is sent arrives masked, and its answer is looked at', async (t) => {
  const port = await serveWebSocket(t, (socket) =>
    socket.once('data', (data: Buffer) => {
      const { opcode, text, isMasked } = readClientFrame(data);
      socket.write(serverFrame(TEXT, JSON.stringify({ opcode, text, isMasked })));
    }),
  );
  const json = { '$.opcode': 1, '$.text': 'ping', '$.isMasked': true };
  assert.equal((await check(port, { send: 'ping' }, { json })).detail, null);
});

test('a message in parts, with a ping between them, is put together, and the ping answered', async (t) => {
  const pong = Promise.withResolvers<Buffer>();
  const port = await serveWebSocket(t, (socket) => {
    socket.once('data', (data: Buffer) => {
      pong.resolve(data);
      socket.write(serverFrame(0, 'lo'));
    });
    socket.write(Buffer.concat([serverFrame(TEXT, 'hel', TEXT), serverFrame(9, 'are you there')]));
  });
  assert.equal((await check(port, {}, { message: 'hello' })).detail, null);
  assert.deepEqual(readClientFrame(await pong.promise), { opcode: 10, text: 'are you there', isMasked: true });
});

test('a message of any length is read, byte by byte too', async (t) => {
  const port = await serveWebSocket(t, async (socket) => {
    socket.setNoDelay(true);
    for (const byte of serverFrame(TEXT, `hello ${'x'.repeat(300)}`)) {
      socket.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
  });
  assert.equal((await check(port, {}, { message: { length: 306 } })).detail, null);
});

test('numbers of a message are metrics', async (t) => {
  const port = await serveWebSocket(t, (socket) => socket.write(serverFrame(TEXT, '{"clients": 12}')));
  const result = await check(port, {}, {}, { metrics: { clients: { json: '$.clients' } } });
  assert.deepEqual(result.metrics, { clients: 12 });
});

const WRONG: readonly [string, object, string][] = [
  ['message', { message: 'hi' }, 'message expected "hi", got "{}"'],
  ['JSON', { json: { '$.type': 'ack' } }, '$.type expected "ack", but it is missing'],
  ['subprotocol', { protocol: 'chat' }, 'subprotocol expected "chat", but the server chose none'],
  ['header', { header: { server: 'acme' } }, 'header server expected "acme", but it is missing'],
];

for (const [what, expect, detail] of WRONG) {
  test(`a wrong ${what} fails the expectation`, async (t) => {
    const result = await checkFrames(t, serverFrame(TEXT, '{}'), expect);
    assert.deepEqual([result.reason, result.detail], ['expectation', detail]);
  });
}

test('a subprotocol that was offered may be chosen', async (t) => {
  const port = await serveWebSocket(t, () => {}, { headers: { 'sec-websocket-protocol': 'chat' } });
  assert.equal((await check(port, { protocols: ['chat'] }, { protocol: 'chat' })).detail, null);
});

const MALFORMED: readonly [string, Buffer, RegExp][] = [
  ['reserved bits', serverFrame(TEXT, 'hello', 0xc1), /reserved bits/],
  ['an unknown opcode', serverFrame(3, 'hello'), /unknown opcode 3/],
  ['a mask', Buffer.from([0x81, 0x85, 1, 2, 3, 4, 0, 0, 0, 0, 0]), /masked/],
  ['a control frame in parts', serverFrame(9, 'x', 9), /control frame/],
  ['a control frame that is too long', serverFrame(9, 'x'.repeat(126)), /control frame/],
  ['a continuation of nothing', serverFrame(0, 'x'), /begins with a continuation/],
  [
    'a message inside of another',
    Buffer.concat([serverFrame(TEXT, 'a', TEXT), serverFrame(TEXT, 'b')]),
    /inside of another/,
  ],
  ['text that is not UTF-8', serverFrame(TEXT, Buffer.from([0xff, 0xfe])), /not UTF-8/],
  ['no end of pings', Buffer.concat(new Array(2_000).fill(serverFrame(9, ''))), /within 1000 frames/],
];

for (const [what, frames, detail] of MALFORMED) {
  test(`${what} is a broken protocol`, async (t) => {
    const result = await checkFrames(t, frames);
    assert.deepEqual([result.outcome, result.reason, result.failedPhase], ['failed', 'protocol', 'download']);
    assert.match(result.detail ?? '', detail);
  });
}

const LARGE: readonly [string, Buffer][] = [
  ['announced', Buffer.from([0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0])],
  ['in parts', Buffer.concat([serverFrame(TEXT, 'x'.repeat(150), TEXT), serverFrame(0, 'x'.repeat(150))])],
];

for (const [what, frames] of LARGE) {
  test(`a message that is too large, ${what}, is not read`, async (t) => {
    assert.equal((await checkFrames(t, frames, HELLO, { maxMessageBytes: 200 })).reason, 'too-large');
  });
}

const UPGRADES: readonly [string, WebSocketOptions['headers'], RegExp][] = [
  ['with a wrong key', { 'sec-websocket-accept': 'x' }, /does not fit the key/],
  ['without a key', { 'sec-websocket-accept': undefined }, /does not fit the key/],
  ['to something else', { upgrade: 'h2c' }, /header upgrade/],
  ['with a subprotocol that was not offered', { 'sec-websocket-protocol': 'x' }, /not offered/],
  ['with extensions', { 'sec-websocket-extensions': 'permessage-deflate' }, /extensions/],
];

for (const [what, headers, detail] of UPGRADES) {
  test(`an upgrade ${what} is a broken protocol`, async (t) => {
    const result = await check(await serveWebSocket(t, () => {}, { headers: headers ?? {} }));
    assert.equal(result.reason, 'protocol');
    assert.match(result.detail ?? '', detail);
  });
}

test('a refusal fails with its status', async (t) => {
  const port = await serveHttp(t, (_, response) => response.writeHead(403).end());
  const result = await check(port);
  assert.deepEqual([result.outcome, result.reason, result.status], ['failed', 'status', 403]);
  assert.equal(result.detail, 'expected an upgrade to WebSocket (status 101), got 403');
});

test('what is not HTTP is a broken protocol', async (t) => {
  const port = await serveTcp(t, (socket) => socket.once('data', () => socket.end('SSH-2.0-x\r\n')));
  assert.equal((await check(port)).reason, 'protocol');
});

test('a goodbye before a message fails the expectation, with its code and reason', async (t) => {
  const result = await checkFrames(
    t,
    serverFrame(8, Buffer.concat([Buffer.from([0x03, 0xf0]), Buffer.from('policy')])),
  );
  assert.deepEqual(
    [result.reason, result.detail],
    ['expectation', 'expected a message, but the server closed with code 1008 "policy"'],
  );
});

const ENDINGS: readonly [string, (socket: Socket) => void][] = [
  ['end without a goodbye', (socket) => socket.end()],
  ['reset', (socket) => socket.resetAndDestroy()],
  ['end inside of a frame', (socket) => socket.end(serverFrame(TEXT, 'hello').subarray(0, 4))],
];

for (const [what, close] of ENDINGS) {
  test(`a ${what} before a message is a broken protocol`, async (t) => {
    // Once the client has sent something, so that the upgrade is over.
    const port = await serveWebSocket(t, (socket) => socket.once('data', () => close(socket)));
    const result = await check(port, { send: 'x' }, HELLO);
    assert.deepEqual([result.outcome, result.reason], ['failed', 'protocol']);
  });
}

test('silence after what was sent times out', async (t) => {
  const heard = Promise.withResolvers<void>();
  const port = await serveWebSocket(t, (socket) => socket.once('data', () => heard.resolve()));
  const { clock, strike } = clockWithDeadline();
  const url = `ws://127.0.0.1:${port}`;
  const running = checkWritten({ type: 'websocket', websocket: { url, send: 'x' } }, { prober: { clock } });
  await heard.promise;
  strike();
  const { reason, failedPhase } = await running;
  assert.deepEqual([reason, failedPhase], ['timeout', 'download']);
});

test('the connection is closed when the check is over', async (t) => {
  const opened = Promise.withResolvers<Socket>();
  const port = await serveWebSocket(t, opened.resolve);
  await check(port);
  const socket = await opened.promise;
  socket.resume();
  if (!socket.readableEnded) await once(socket, 'end');
});

test('wss has its TLS phase and certificate', async (t) => {
  const port = await serveWebSocket(t, (socket) => socket.write(serverFrame(TEXT, 'hello')), { certificate: 'good' });
  const url = `wss://127.0.0.1:${port}`;
  const result = await checkWritten({
    type: 'websocket',
    websocket: { url },
    expect: { ...HELLO, certificate: { validFor: '1d' } },
  });
  assert.equal(result.detail, null);
  assert.ok(result.phases.tlsMs !== null && result.certificateDaysLeft !== null);
});

test('wss to a peer that has not proved who it is fails in TLS', async (t) => {
  const port = await serveWebSocket(t, () => assert.fail('was opened'), { certificate: 'self-signed' });
  const { reason } = await checkWritten({ type: 'websocket', websocket: { url: `wss://127.0.0.1:${port}` } });
  assert.equal(reason, 'tls');
});

test('secrets are sent, and not shown where they come back', async (t) => {
  const port = await serveWebSocket(t, (socket, { headers }) =>
    socket.once('data', (data: Buffer) =>
      socket.write(serverFrame(TEXT, `${headers.authorization} ${readClientFrame(data).text}`)),
    ),
  );
  const { detail } = await checkWritten(
    {
      type: 'websocket',
      websocket: {
        url: `ws://127.0.0.1:${port}`,
        headers: { authorization: 'Bearer ${secret:token}' },
        send: '${secret:token}',
      },
      expect: HELLO,
    },
    { secrets: { token: { value: 'hunter2' } } },
  );
  assert.equal(detail, 'message expected to contain "hello", got "Bearer [secret] [secret]"');
});
