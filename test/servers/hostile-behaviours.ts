import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { HTTP2_EXCHANGES } from './hostile-http2.ts';
import { type Behaviour, bytes, floods, type Random, repeated, says } from './hostile-moves.ts';

const MIME_JSON = 'content-type: application/json\r\n';
const OK = 'HTTP/1.1 200 OK\r\n';

/** A byte, and after a while another. */
const drips =
  (text: string, everyMs: number): Behaviour =>
  (socket) => {
    let at = 0;
    const timer = setInterval(() => socket.write(text[at++ % text.length] ?? ''), everyMs);
    socket.once('close', () => clearInterval(timer));
  };

/** Resets once it has written `text`. */
const resetsAfter =
  (text: string): Behaviour =>
  (socket) => {
    socket.once('data', () => {
      if (text === '') reset(socket);
      else socket.write(text, () => reset(socket));
    });
  };

const answers = (headers: string, body: string | Uint8Array): Behaviour =>
  says(() => [`${OK}${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n`, body]);

/** What lies below TLS. */
const below = new WeakMap<Socket, Socket>();

function reset(socket: Socket): void {
  const raw = below.get(socket) ?? socket;
  if (!raw.destroyed) raw.resetAndDestroy();
}

/** A sound answer in which a few bytes are changed, doubled or gone. */
function mutated(random: Random): Buffer {
  const sound =
    random() < 0.5
      ? `${OK}${MIME_JSON}transfer-encoding: chunked\r\ntrailer: x\r\n\r\nf\r\n{"status": "ok"}\r\n0\r\nx: y\r\n\r\n`
      : `${OK}${MIME_JSON}content-length: 16\r\nset-cookie: a=b\r\n\r\n{"status": "ok"}`;
  const all = [...Buffer.from(sound)];
  for (let times = 1 + Math.floor(random() * 6); times > 0; times -= 1) {
    const at = Math.floor(random() * all.length);
    const kind = random();
    if (kind < 0.4) all[at] = Math.floor(random() * 256);
    else if (kind < 0.7) all.splice(at, 1 + Math.floor(random() * 8));
    else all.splice(at, 0, ...all.slice(at, at + Math.floor(random() * 30)));
  }
  return Buffer.from(all);
}

const zeros = Buffer.alloc(20 * 1024 * 1024);
const BOMBS: Readonly<Record<string, Uint8Array>> = {
  gzip: gzipSync(zeros),
  br: brotliCompressSync(zeros.subarray(0, 1024 * 1024)),
  deflate: deflateSync(zeros),
  zstd: zstdCompressSync(zeros),
  'gzip, gzip': gzipSync(gzipSync(zeros)),
};

const JSON_BODIES: readonly string[] = [
  '['.repeat(50_000) + ']'.repeat(50_000),
  `{"status":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
  `{"status":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`,
  '{"__proto__": {"status": "ok"}, "constructor": 1, "status": {"toJSON": 1, "toString": null}}',
  `{"status": 1e999, "queue": -1e999, "depth": ${'9'.repeat(5_000)}}`,
  `{"status": "\\ud800\\u0000\\u001b[2J", "queue": "${'😀'.repeat(20_000)}"}`,
  `[${'{"status":"ok"},'.repeat(5_000)}1]`,
  '{"status": "ok"',
  `{${Array.from({ length: 3_000 }, (_, i) => `"k${i}":${i}`).join(',')}}`,
  '"\u2028"',
];

const EVENTS: readonly string[] = [
  'data',
  `data: ${'x'.repeat(2_000)}\nretry: -1\nid\u0000:\n\n`,
  'data: [DONE]\r\r\n\n',
  '\ufeffdata: {"choices": [{"delta": {"content": "4"}}]}\n\n',
  'data: {"choices": [{"delta": {"content": {"a": 1}}, "finish_reason": 7}], "usage": {"prompt_tokens": -1e999}}\n\n',
  'data: {"choices": "none", "usage": [1, 2]}\n\n',
  'data: {"error": {"message": {"toString": null}, "code": []}}\n\n',
  `data: {"error": ${'['.repeat(20_000)}${']'.repeat(20_000)}}\n\n`,
  `data: ${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}\n\n`,
  'data: {"type": "message_delta", "usage": null, "delta": "x"}\n\n',
  'event: __proto__\ndata: {"__proto__": {"choices": 1}}\n\n',
  ':\n'.repeat(2_000),
  'data:\ndata:\n'.repeat(1_000),
  '\xff\xfe\n\n',
];

function maze(random: Random, request: string): string {
  const host = /host: ([^\r]+)/i.exec(request)?.[1] ?? '127.0.0.1:1';
  const depth = Number(/[?&]n=(\d+)/.exec(request)?.[1] ?? 0) + 1;
  const ways = [
    `/?n=${depth}`,
    `http://${host}/?n=${depth}`,
    `https://${host}/`,
    `//${host}/${'../'.repeat(500)}`,
    'javascript:alert(1)',
    'file:///etc/passwd',
    'http://',
    'http://[::1',
    `http://user:pw@${host}/`,
    `/${'x'.repeat(20_000)}`,
    '\u0000\u0001',
    'http://127.0.0.1:99999/',
    'http://127.0.0.1:1/',
    `?${'%'.repeat(200)}`,
    '',
  ];
  const way = ways[Math.floor(random() * ways.length)] ?? '/';
  const status = [301, 302, 303, 307, 308][Math.floor(random() * 5)];
  return `HTTP/1.1 ${status} Moved\r\nlocation: ${way}\r\ncontent-length: 5\r\n\r\nmoved`;
}

const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Agrees to a WebSocket, then sends these frames. */
const frames = (make: (random: Random) => readonly Uint8Array[]): Behaviour =>
  says((random, request) => {
    const key = /sec-websocket-key: ([^\r]+)/i.exec(request)?.[1] ?? '';
    const accept = createHash('sha1').update(`${key}${WEBSOCKET_GUID}`).digest('base64');
    const head = `HTTP/1.1 101 Switching\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`;
    return [head, ...make(random)];
  }, false);

const frame = (...start: readonly number[]) => Uint8Array.from(start);

/** What may happen in an exchange, over plain TCP or inside of TLS. */
const EXCHANGES: Readonly<Record<string, Behaviour>> = {
  'random bytes': says((random) => [bytes(random, Math.floor(random() * 4_000))]),
  'random bytes that stay': says((random) => [bytes(random, 1 + Math.floor(random() * 40))], false),
  'mutated answer': says((random) => [mutated(random)]),
  'mutated answer in pieces': says((random) => [...mutated(random)].map((byte) => Uint8Array.of(byte))),
  'says nothing': () => {},
  'never reads': (socket) => socket.pause(),
  'slow headers': drips(`${OK}x: ${'y'.repeat(9_000)}\r\n`, 15),
  'slow nonsense': drips('\r\n', 10),
  'endless headers': floods(OK, 'x: y\r\n'.repeat(100)),
  'endless header': floods(`${OK}x: `, 'y'.repeat(4_000)),
  'endless status line': floods('HTTP/1.1 200 ', 'O'.repeat(4_000)),
  'endless body': floods(`${OK}\r\n`, 'z'.repeat(16_384)),
  'endless chunks': floods(`${OK}transfer-encoding: chunked\r\n\r\n`, '1\r\nz\r\n'.repeat(1_000)),
  'endless chunk extension': floods(`${OK}transfer-encoding: chunked\r\n\r\n5;`, 'e=e;'.repeat(1_000)),
  'endless trailers': floods(`${OK}transfer-encoding: chunked\r\n\r\n0\r\n`, 'x: y\r\n'.repeat(500)),
  'flood of 100': floods('', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(50)),
  'flood of 103': floods('', `HTTP/1.1 103 Early Hints\r\nlink: <${'x'.repeat(300)}>\r\n\r\n`.repeat(10)),
  'chunk sizes': says((random) => {
    const sizes = ['FFFFFFFFFFFFFFFFFF', '-1', 'xyz', '7fffffffffffffff', '', '0x5', ' 5', '5 5', '80000000', '\u0000'];
    return [
      `${OK}transfer-encoding: chunked\r\n\r\n${sizes[Math.floor(random() * sizes.length)]}\r\nhello\r\n0\r\n\r\n`,
    ];
  }),
  'chunk framing': says((random) => {
    const framings = [
      '5\r\nhelloX0\r\n\r\n',
      '5\nhello\n0\n\n',
      '5\r\nhel',
      '5\r\nhello\r\n',
      '3\r\nhello\r\n0\r\n\r\n',
    ];
    return [`${OK}transfer-encoding: chunked\r\n\r\n`, framings[Math.floor(random() * framings.length)] ?? ''];
  }),
  'content lengths': says((random) => {
    const lengths = ['-1', '99999999999999999999', '5, 6', 'x', '', '3', '100', '5\r\ncontent-length: 6', '0'];
    return [`${OK}content-length: ${lengths[Math.floor(random() * lengths.length)]}\r\n\r\nhello`];
  }),
  'length and chunks': says(() => [
    `${OK}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  ]),
  'status lines': says((random) => {
    const lines = [
      'HTTP/1.1 999 X',
      'HTTP/1.1 000 X',
      'HTTP/1.1 20',
      'HTTP/9.9 200 OK',
      'ICY 200 OK',
      'HTTP/1.1 99999 X',
    ];
    const more = [
      'HTTP/1.1 204 No',
      'HTTP/1.1 304 Not',
      'HTTP/1.1 101 Up',
      'HTTP/1.0 200',
      'PRI * HTTP/2.0',
      'HTTP/1.1 1',
    ];
    const all = [...lines, ...more];
    return [`${all[Math.floor(random() * all.length)]}\r\ncontent-length: 5\r\nupgrade: x\r\n\r\nhello`];
  }),
  'redirect maze': says((random, request) => [maze(random, request)]),
  'json bodies': says((random) => {
    const body = JSON_BODIES[Math.floor(random() * JSON_BODIES.length)] ?? '';
    return [`${OK}${MIME_JSON}content-length: ${Buffer.byteLength(body)}\r\n\r\n`, body];
  }),
  'odd charsets': says((random) => {
    const charsets = ['utf-16le', 'utf-7', 'x'.repeat(5_000), '"', 'iso-2022-jp', 'replacement'];
    const charset = charsets[Math.floor(random() * charsets.length)];
    return [`${OK}content-type: text/html; charset=${charset}\r\n\r\n`, bytes(random, 2_000)];
  }),
  'lying encodings': says((random) => {
    const names = [
      'gzip',
      'br',
      'deflate',
      'zstd',
      'x-gzip',
      'toString',
      'gzip, br',
      ','.repeat(2_000),
      'gzip,'.repeat(50),
    ];
    return [`${OK}content-encoding: ${names[Math.floor(random() * names.length)]}\r\n\r\n`, bytes(random, 3_000)];
  }),
  'cut encodings': says((random) => {
    const [name, bomb] = Object.entries(BOMBS)[Math.floor(random() * 5)] ?? ['gzip', zeros];
    return [`${OK}content-encoding: ${name}\r\n\r\n`, bomb.subarray(0, Math.floor(random() * 300))];
  }),
  'raw deflate bomb': answers('content-encoding: deflate\r\n', deflateRawSync(zeros)),
  ...Object.fromEntries(
    Object.entries(BOMBS).map(([name, bomb]) => [`${name} bomb`, answers(`content-encoding: ${name}\r\n`, bomb)]),
  ),
  'half-closed at once': (socket) => socket.end(),
  'half-closed after the request': (socket) => socket.once('data', () => socket.end()),
  'half-closed in the headers': says(() => [`${OK}content-le`]),
  'half-closed in the body': says(() => [`${OK}content-length: 50\r\n\r\nhel`]),
  'reset after the request': resetsAfter(''),
  'reset in the status line': resetsAfter('HTTP/1.'),
  'reset in the headers': resetsAfter(`${OK}x: `),
  'reset in the body': resetsAfter(`${OK}content-length: 50\r\n\r\nhel`),
  'reset after the answer': resetsAfter(`${OK}content-length: 2\r\n\r\nok`),
  'two answers': says(() => [`${OK}content-length: 2\r\n\r\nok`.repeat(3)]),
  'malformed events': says((random) => [
    `${OK}content-type: text/event-stream\r\n\r\n`,
    ...Array.from({ length: 20 }, () => EVENTS[Math.floor(random() * EVENTS.length)] ?? ''),
    bytes(random, Math.floor(random() * 50)),
  ]),
  'events in single bytes': says((random) => {
    const text = EVENTS[Math.floor(random() * EVENTS.length)] ?? '';
    const pieces = [...Buffer.from(text.slice(0, 300))].map((byte) => Uint8Array.of(byte));
    return [`${OK}content-type: text/event-stream\r\n\r\n`, ...pieces];
  }),
  'tiny events without end': floods(`${OK}content-type: text/event-stream\r\n\r\n`, 'data:\n\n'.repeat(500)),
  'endless event': floods(`${OK}content-type: text/event-stream\r\n\r\ndata: `, 'x'.repeat(8_000)),
  'frames at random': frames((random) => [bytes(random, 1 + Math.floor(random() * 300))]),
  'frame of 2^63 bytes': frames(() => [
    frame(0x81, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255),
    zeros.subarray(0, 1e6),
  ]),
  'frames that break rules': frames((random) => {
    const rules = [
      frame(0xf1, 2, 65, 65),
      frame(0x81, 0x82, 1, 2, 3, 4, 65, 65),
      frame(0x89, 126, 1, 0, ...new Uint8Array(256)),
      frame(0x80, 1, 65),
      frame(0x81, 2, 0xc3, 0x28),
      frame(0x88, 1, 3),
      frame(0x88, 2, 0, 0),
      frame(0x83, 0),
      frame(0x09, 0),
      frame(0x01, 1, 65, 0x81, 1, 65),
    ];
    return [rules[Math.floor(random() * rules.length)] ?? frame()];
  }),
  'flood of pings': frames(() => [repeated(frame(0x89, 2, 65, 65), 100_000)]),
  'fragments without end': frames(() => [frame(0x01, 1, 65), repeated(frame(0x00, 0), 200_000)]),
  ...HTTP2_EXCHANGES,
  'greetings without end': floods('220-hello\r\n', `220-${'x'.repeat(500)}\r\n`),
  greetings: (socket, random) => {
    const texts = [
      '220 ok\r\n',
      '* OK\r\n',
      '+OK\r\n',
      '* BYE\r\n',
      '-ERR\r\n',
      '554 no\r\n',
      '220',
      '\r\n',
      '220 \u001b[2J\r\n',
    ];
    socket.write(texts[Math.floor(random() * texts.length)] ?? '');
    const replies = [
      '250-x\r\n',
      '250 STARTTLS\r\n',
      '220 go\r\n',
      'a1 OK\r\n',
      '+OK\r\n',
      '234 go\r\n',
      'S',
      'N',
      'SS',
      '500 no\r\n',
    ];
    socket.on('data', () => socket.write(replies[Math.floor(random() * replies.length)] ?? ''));
  },
};

/** What is said in place of a ServerHello. */
const HANDSHAKES: Readonly<Record<string, Behaviour>> = {
  'reset on accepting': reset,
  'talks first': (socket, random) => socket.write(bytes(random, 1 + Math.floor(random() * 2_000))),
  'TLS alerts': says((random) => [frame(21, 3, 3, 0, 2, random() < 0.5 ? 1 : 2, Math.floor(random() * 256))]),
  'TLS alerts without end': floods('', repeated(frame(21, 3, 3, 0, 2, 1, 100), 500)),
  'TLS garbage': says((random) => [frame(22, 3, 3, 1, 0), bytes(random, 256)]),
  'TLS records at random': says(
    (random) => [frame(20 + Math.floor(random() * 5), 3, 3, 0, 40), bytes(random, 40)],
    false,
  ),
  'TLS record too long': says(() => [frame(22, 3, 3, 255, 255), zeros.subarray(0, 65_535)]),
  'TLS empty records': floods('', repeated(frame(22, 3, 3, 0, 0), 500)),
  'TLS handshake cut': says((random) => [
    frame(22, 3, 3, 0, 80, 2, 0, 0, 76),
    bytes(random, Math.floor(random() * 76)),
  ]),
};

const CERTIFICATES = ['good', 'expired', 'not-yet-valid', 'wrong-host', 'unknown-authority', 'self-signed'] as const;

function overTls(certificate: (typeof CERTIFICATES)[number], inner: Behaviour): Behaviour {
  const pem = (file: string) => readFileSync(new URL(`./certificates/${file}`, import.meta.url));
  const secureContext = createSecureContext({ key: pem(`${certificate}.key.pem`), cert: pem(`${certificate}.pem`) });
  return (socket, random) => {
    const tls = new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: ['h2', 'http/1.1'] });
    tls.on('error', () => {});
    below.set(tls, socket);
    inner(tls, random);
  };
}

/** By name; `TLS: …` are those that begin with a sound handshake. */
export const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  ...EXCHANGES,
  ...HANDSHAKES,
  ...Object.fromEntries(Object.entries(EXCHANGES).map(([name, inner]) => [`TLS: ${name}`, overTls('good', inner)])),
  ...Object.fromEntries(
    CERTIFICATES.slice(1).map((certificate) => [`TLS: ${certificate}`, overTls(certificate, answers('', 'ok'))]),
  ),
};

/** What a hostile name server sends back for a query; null: nothing. */
export function nameAnswer(query: Buffer, random: Random): Buffer | null {
  const kind = Math.floor(random() * 9);
  const header = Buffer.from(query.subarray(0, 12));
  if (header.length < 12) return null;
  header.writeUInt16BE(0x8180, 2);
  const question = query.subarray(12);
  switch (kind) {
    case 0:
      return bytes(random, Math.floor(random() * 600));
    case 1:
      return Buffer.concat([header.subarray(0, 2), bytes(random, 100)]);
    case 2: // a name that points at itself
      header.writeUInt16BE(5, 6);
      return Buffer.concat([header, question, Buffer.from([0xc0, 12 + question.length, 0, 1, 0, 1])]);
    case 3: // more records than there are bytes
      header.writeUInt16BE(65_535, 6);
      return Buffer.concat([header, question]);
    case 4: // somebody else's answer
      header.writeUInt16BE(header.readUInt16BE(0) ^ 1, 0);
      return Buffer.concat([header, question]);
    case 5: // cut off: ask by TCP
      header.writeUInt16BE(0x8380, 2);
      return Buffer.concat([header, question]);
    case 6:
      return header.subarray(0, Math.floor(random() * 12));
    case 7: // any code there is
      header.writeUInt16BE(0x8180 | Math.floor(random() * 16), 2);
      return Buffer.concat([header, question]);
    default:
      return null;
  }
}
