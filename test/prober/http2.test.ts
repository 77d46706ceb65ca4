import assert from 'node:assert/strict';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { systemClock } from '../../functions/prober/clock.ts';
import type { Result } from '../../shared/result.ts';
import { chatEvents } from '../servers/ai-streams.ts';
import { verdictOn } from '../servers/aws-service.ts';
import { serveHttp2 } from '../servers/grpc.ts';
import {
  END_HEADERS,
  http2Frame,
  literalHeader,
  SETTINGS,
  STATUS_200,
  settingsOf,
  uint32,
} from '../servers/http2-frames.ts';
import { serveHttp, serveHttps, serveTls } from '../servers/loopback.ts';
import { type CheckCase, checkOf, checkWritten } from './build.ts';

/** What the server was asked, and its address. */
async function serve(
  t: TestContext,
  onCall: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, body: Buffer) => void,
) {
  const seen: IncomingHttpHeaders[] = [];
  const port = await serveHttp2(
    t,
    (stream, headers, body) => {
      seen.push(headers);
      onCall(stream, headers, body);
    },
    'good',
  );
  return { url: `https://127.0.0.1:${port}/`, seen };
}

const says =
  (text: string, headers = {}) =>
  (stream: ServerHttp2Stream) => {
    stream.respond({ ':status': 200, ...headers });
    stream.end(text);
  };

const check = ({ request = {}, ...stated }: CheckCase): Promise<Result> =>
  checkOf({ ...stated, request: { http2: true, ...request } });

test('HTTP/2 is spoken where the target chooses it, with every phase', async (t) => {
  const { url, seen } = await serve(t, says('hello', { 'x-a': '1' }));
  const { detail, status, protocol, bodyBytes, phases } = await check({
    url: `${url}a?b=c`,
    request: { headers: { 'x-own': 'yes', host: 'good.test' } },
    expect: {
      protocol: [{ op: 'equals', value: 'h2' }],
      body: [{ op: 'equals', value: 'hello' }],
      headers: [{ name: 'x-a', conditions: [{ op: 'equals', value: '1' }] }],
    },
  });
  assert.deepEqual([detail, status, protocol, bodyBytes], [null, 200, 'h2', 5]);
  assert.deepEqual(
    Object.entries(phases)
      .filter(([, ms]) => ms === null)
      .map(([phase]) => phase),
    ['dnsMs'],
  );
  const { ':method': method, ':authority': authority, ':path': path, ':scheme': scheme } = seen[0] ?? {};
  assert.deepEqual([method, scheme, authority, path], ['GET', 'https', 'good.test', '/a?b=c']);
  assert.deepEqual([seen[0]?.['x-own'], seen[0]?.connection, seen[0]?.host], ['yes', undefined, undefined]);
});

test('HTTP/1.1 is spoken where the target does not offer HTTP/2, and can be refused', async (t) => {
  const port = await serveHttps(t, 'good', (_, response) => response.end('ok'));
  const result = await check({ url: `https://127.0.0.1:${port}/` });
  assert.deepEqual([result.detail, result.protocol], [null, 'http/1.1']);
  const strict = await check({
    url: `https://127.0.0.1:${port}/`,
    expect: { protocol: [{ op: 'equals', value: 'h2' }] },
  });
  assert.equal(strict.detail, 'the protocol expected "h2", got "http/1.1"');
});

test('HTTP/2 is not offered unless it was asked for', async (t) => {
  const offered: (string | false | null)[] = [];
  const port = await serveTls(
    t,
    'good',
    (socket) => {
      offered.push(socket.alpnProtocol);
      socket.end();
    },
    { ALPNProtocols: ['h2', 'http/1.1'] },
  );
  await checkOf({ url: `https://127.0.0.1:${port}/` });
  await check({ url: `https://127.0.0.1:${port}/` });
  assert.deepEqual(offered, ['http/1.1', 'h2']);
});

test('a body is sent, and larger ones than a window', async (t) => {
  const { url } = await serve(t, (stream, _, body) => says(String(body.length))(stream));
  for (const [method, body] of [
    ['POST', 'x'.repeat(300_000)],
    ['GET', 'y'],
    ['DELETE', 'z'],
    ['POST', null],
  ] as const) {
    const expect = { body: [{ op: 'equals', value: String(body?.length ?? 0) }] } as const;
    assert.equal((await check({ url, request: { method, body }, expect })).detail, null);
  }
});

test('an answer without a body is whole', async (t) => {
  const { url } = await serve(t, (stream, headers) =>
    stream.respond({ ':status': headers[':method'] === 'HEAD' ? 200 : 204 }, { endStream: true }),
  );
  for (const method of ['HEAD', 'GET']) {
    const expect = { status: [{ op: 'between', low: 200, high: 204 }] } as const;
    assert.equal((await check({ url, request: { method }, expect })).detail, null);
  }
});

test('a redirect is followed, to HTTP/1.1 too', async (t) => {
  const plain = await serveHttp(t, (_, response) => response.end('fine'));
  const { url } = await serve(t, (stream, headers) =>
    stream.respond(
      { ':status': 302, location: headers[':path'] === '/' ? '/next' : `http://127.0.0.1:${plain}/` },
      { endStream: true },
    ),
  );
  const { detail, redirects, protocol } = await check({ url });
  assert.deepEqual([detail, redirects, protocol], [null, 2, 'http/1.1']);
});

test('an encoded body is decoded, within its bound', async (t) => {
  const { url } = await serve(t, (stream) => {
    stream.respond({ ':status': 200, 'content-encoding': 'gzip' });
    stream.end(gzipSync('x'.repeat(500_000)));
  });
  assert.equal((await check({ url, request: { maxBodyBytes: 600_000 } })).detail, null);
  assert.equal((await check({ url })).reason, 'too-large');
});

test('a body over its bound is not read on', async (t) => {
  let sent = 0;
  const { url } = await serve(t, (stream) => {
    stream.respond({ ':status': 200 });
    const more = () => {
      while (!stream.destroyed && stream.write(Buffer.alloc(16_384))) sent += 16_384;
    };
    stream.on('drain', more);
    more();
  });
  const { reason, failedPhase } = await check({ url });
  assert.deepEqual([reason, failedPhase], ['too-large', 'download']);
  assert.ok(sent < 5_000_000, `${sent} bytes`);
});

test('a stream of events is timed', async (t) => {
  const { url } = await serve(t, (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'text/event-stream' });
    stream.end(chatEvents({ text: ['4', '2'], usage: { input: 1, output: 2 } }).join(''));
  });
  const { detail, metrics } = await checkWritten({
    request: { url, http2: true, stream: 'openai-chat' },
    expect: { answer: '42', protocol: 'h2' },
  });
  assert.equal(detail, null);
  assert.ok('timeToFirstToken' in metrics);
});

test('cookies and captures of a flow go along', async (t) => {
  const { url, seen } = await serve(t, says('{"id": "a-7"}', { 'set-cookie': ['a=1', 'b=2; path=/'] }));
  const request = { url, http2: true };
  const { detail } = await checkWritten({
    type: 'flow',
    steps: [{ request, capture: { id: { json: '$.id' } } }, { request: { ...request, url: `${url}\${id}` } }],
  });
  assert.deepEqual([detail, seen[1]?.cookie, seen[1]?.[':path']], [null, 'a=1; b=2', '/a-7']);
});

test('a request is signed for AWS', async (t) => {
  const secretKeys = { AKIDROLE: 'role-secret' };
  const { url } = await serve(t, (stream, headers, body) => {
    const { ':method': method = '', ':path': target = '', ':authority': host = '', ...rest } = headers;
    const lines = Object.entries(rest).map(([name, value]) => [name, String(value)] as const);
    const request = { method, target, body, headers: { ...Object.fromEntries(lines), host } };
    says(verdictOn(request, { service: 'execute-api', region: 'eu-west-1', secretKeys }))(stream);
  });
  const keys = { region: null, accessKeyId: null, secretAccessKey: null, sessionToken: null };
  const result = await check({
    url: `${url}?a=(b)`,
    request: { auth: { kind: 'sigv4', service: 'execute-api', ...keys }, method: 'POST', body: 'ä' },
    expect: { body: [{ op: 'equals', value: 'ok' }] },
  });
  assert.equal(result.detail, null);
});

test('waiting for the first byte ends with the answer’s headers, interim ones aside', async (t) => {
  // A clock that the server moves on, by far more than the machine can take.
  let aheadMs = 0;
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs };
  const { url } = await serve(t, (stream) => {
    aheadMs += 1_000;
    stream.additionalHeaders({ ':status': 103 });
    setTimeout(() => {
      aheadMs += 10_000;
      stream.respond({ ':status': 200 });
      stream.write('a');
      setTimeout(() => {
        aheadMs += 100_000;
        stream.end('b');
      }, 20);
    }, 20);
  });
  const { phases } = await check({ url, timeoutMs: 60_000, prober: { clock } });
  const seconds = (ms: number | null) => Math.round((ms ?? 0) / 1_000);
  assert.deepEqual([seconds(phases.firstByteMs), seconds(phases.downloadMs)], [11, 100]);
});

test('the time that it takes to write the request is not the target’s', async (t) => {
  let aheadMs = 0;
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs };
  const randomHex = (bytes: number) => {
    // The last that is asked for before the request is handed over: this runs between that and its being written.
    process.nextTick(() => {
      aheadMs += 10_000;
    });
    return 'ab'.repeat(bytes);
  };
  const { url } = await serve(t, says('ok'));
  const { phases } = await check({ url, timeoutMs: 60_000, prober: { clock, randomHex } });
  assert.ok(phases.firstByteMs !== null && phases.firstByteMs < 5_000, `${phases.firstByteMs} ms`);
});

const cut = (code: number) => (stream: ServerHttp2Stream) => stream.close(code);

const BROKEN: readonly [string, (stream: ServerHttp2Stream) => void, Result['reason'], string, RegExp][] = [
  [
    'resets the stream',
    cut(2),
    'protocol',
    'firstByte',
    /^the HTTP\/2 stream was broken off \(INTERNAL_ERROR\) while waiting/,
  ],
  ['refuses the stream', cut(7), 'protocol', 'firstByte', /\(REFUSED_STREAM\)/],
  [
    'cancels the stream',
    cut(8),
    'protocol',
    'firstByte',
    /^the server reset the stream \(HTTP\/2 error 8\) without an answer$/,
  ],
  [
    'ends the stream without an answer',
    cut(0),
    'protocol',
    'firstByte',
    /^the server closed the stream without an answer$/,
  ],
  ['wants HTTP/1.1', cut(0xd), 'protocol', 'firstByte', /HTTP_1_1_REQUIRED: it wants HTTP\/1.1 here/],
  [
    'says goodbye',
    (stream) => stream.session?.goaway(2),
    'protocol',
    'firstByte',
    /^the server broke off the HTTP\/2 session \(code 2\)/,
  ],
  ['goes away', (stream) => stream.session?.destroy(), 'protocol', 'firstByte', /without an answer$/],
  [
    'sends less than announced',
    says('hel', { 'content-length': '100' }),
    'protocol',
    'download',
    /^the HTTP\/2 stream was broken off \(PROTOCOL_ERROR\) after 3 bytes of the body$/,
  ],
  [
    'sends too many headers',
    (stream) =>
      stream.respond({ ':status': 200, ...Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`x-${i}`, 'y'])) }),
    'protocol',
    'firstByte',
    /ENHANCE_YOUR_CALM: it is asked too often, or sends too many headers/,
  ],
  [
    'sends headers that are too large',
    (stream) => stream.respond({ ':status': 200, 'x-large': 'y'.repeat(40_000) }),
    'too-large',
    'firstByte',
    /^the answer's headers are larger than 32 KiB$/,
  ],
];
for (const [what, onCall, reason, phase, detail] of BROKEN) {
  test(`a server that ${what} fails the check`, async (t) => {
    const { url } = await serve(t, onCall);
    const result = await check({ url });
    assert.deepEqual([result.outcome, result.reason, result.failedPhase], ['failed', reason, phase]);
    assert.match(result.detail ?? '', detail);
  });
}

/** Writes these frames once the client has said something, and then ends the connection, or leaves it open. */
async function serveFrames(t: TestContext, frames: readonly Uint8Array[], ends = false): Promise<string> {
  const port = await serveTls(
    t,
    'good',
    (socket) =>
      socket.once('data', () => {
        for (const frame of frames) socket.write(frame);
        if (ends) socket.end();
      }),
    { ALPNProtocols: ['h2'] },
  );
  return `https://127.0.0.1:${port}/`;
}

const HEADERS = http2Frame('headers', END_HEADERS, 1, STATUS_200);
const flood = (frame: Uint8Array, times = 20_000) => Buffer.concat(Array.from({ length: times }, () => frame));

test('a connection that ends within a body without a length is told', async (t) => {
  const url = await serveFrames(t, [SETTINGS, HEADERS, http2Frame('data', 0, 1, Buffer.from('hel'))], true);
  const { outcome, reason, detail } = await check({ url });
  assert.deepEqual([outcome, reason, detail], ['failed', 'protocol', 'the server broke off after 3 bytes of the body']);
});

const FLOODS: readonly [string, readonly Uint8Array[]][] = [
  ['unknown frames', [SETTINGS, flood(http2Frame(0xee, 0, 0, new Uint8Array(8)))]],
  ['bytes at random', [SETTINGS, Buffer.alloc(4_000, 0x5a)]],
  ['something that is no HTTP/2', [Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')]],
  ['settings', [flood(SETTINGS)]],
  ['one huge frame of settings', [settingsOf(...Array.from({ length: 2_000 }, (_, i) => [i % 100, i] as const))]],
  ['pings', [SETTINGS, flood(http2Frame('ping', 0, 0, new Uint8Array(8)))]],
  [
    'continuations',
    [
      SETTINGS,
      http2Frame('headers', 0, 1, STATUS_200),
      flood(http2Frame('continuation', 0, 1, literalHeader('x-a', 'b'))),
    ],
  ],
  ['interim answers', [SETTINGS, flood(http2Frame('headers', END_HEADERS, 1, literalHeader(':status', '103')), 300)]],
  ['empty data', [SETTINGS, HEADERS, flood(http2Frame('data', 0, 1), 200_000)]],
  ['a window of 2^31', [SETTINGS, flood(http2Frame('window', 0, 0, uint32(0x7fffffff)), 2)]],
  [
    'a header in capitals',
    [SETTINGS, http2Frame('headers', END_HEADERS, 1, Buffer.concat([STATUS_200, literalHeader('X-A', 'b')]))],
  ],
  ['headers without a status', [SETTINGS, http2Frame('headers', END_HEADERS, 1, literalHeader('x-a', 'b'))]],
  ['an answer on another stream', [SETTINGS, http2Frame('headers', END_HEADERS, 3, STATUS_200)]],
];
for (const [what, frames] of FLOODS) {
  test(`a server that sends ${what} fails its own check, before the deadline`, async (t) => {
    const { outcome, reason, detail } = await check({ url: await serveFrames(t, frames) });
    assert.deepEqual([outcome, reason], ['failed', 'protocol'], detail ?? '');
  });
}

const SILENT: readonly [string, readonly Uint8Array[]][] = [
  ['nothing', []],
  ['settings alone', [SETTINGS]],
  ['a push', [SETTINGS, http2Frame('push', END_HEADERS, 1, Buffer.concat([uint32(2), STATUS_200]))]],
  ['no window for the body', [settingsOf([4, 0])]],
];
for (const [what, frames] of SILENT) {
  test(`a server that sends ${what} times out while it is waited for`, async (t) => {
    const url = await serveFrames(t, frames);
    const { reason, failedPhase } = await check({ url, timeoutMs: 400, request: { method: 'POST', body: 'x' } });
    assert.deepEqual([reason, failedPhase], ['timeout', 'firstByte']);
  });
}

test('a line break in a secret is our fault, and is not sent', async (t) => {
  const { url, seen } = await serve(t, says('ok'));
  const request = { headers: { authorization: 'Bearer ${secret:token}' } };
  const { outcome, detail } = await check({ url, request, secrets: { token: { value: 'a\r\nb' } } });
  assert.deepEqual([outcome, seen.length], ['inconclusive', 0]);
  assert.match(detail ?? '', /^the request cannot be sent: .*; look for line breaks in the definition/);
});
