import { gzipSync } from 'node:zlib';
import { type Behaviour, bytes, type Random, repeated, says } from './hostile-moves.ts';
import {
  END_HEADERS,
  END_STREAM,
  http2Frame,
  literalHeader,
  SETTINGS,
  STATUS_200,
  settingsOf,
  uint32,
} from './http2-frames.ts';

const pick = <T>(random: Random, from: readonly [T, ...T[]]): T => from[Math.floor(random() * from.length)] ?? from[0];

const HEADERS = http2Frame('headers', END_HEADERS, 1, STATUS_200);
const data = (body: string | Uint8Array, flags = 0) => http2Frame('data', flags, 1, Buffer.from(body));
const zeros = (count: number) => new Uint8Array(count);

function answerOf(body: Uint8Array, ...headers: readonly (readonly [string, string])[]): readonly Buffer[] {
  const block = Buffer.concat([STATUS_200, ...headers.map(([name, value]) => literalHeader(name, value))]);
  return [SETTINGS, http2Frame('headers', END_HEADERS, 1, block), data(body, END_STREAM)];
}

/** A sound answer in which a few bytes are changed, doubled or gone. */
function mutated(random: Random): Buffer {
  const all = [...Buffer.concat([...answerOf(Buffer.from('{"status": "ok"}'), ['content-type', 'application/json'])])];
  for (let times = 1 + Math.floor(random() * 5); times > 0; times -= 1) {
    const at = Math.floor(random() * all.length);
    if (random() < 0.6) all[at] = Math.floor(random() * 256);
    else if (random() < 0.5) all.splice(at, 1 + Math.floor(random() * 8));
    else all.splice(at, 0, ...all.slice(at, at + Math.floor(random() * 20)));
  }
  return Buffer.from(all);
}

/** One large header put into HPACK's table, and then named again and again. */
const HPACK_BOMB = Buffer.concat([
  STATUS_200,
  Buffer.from([0x40, 1, 0x78, 0x7f, 0xa0, 0x1e]),
  Buffer.alloc(127 + 0xf20, 0x79),
  Buffer.alloc(12_000, 0xbe),
]);

const CODES = [0, 1, 2, 3, 5, 7, 8, 9, 11, 13, 0xffffffff] as const;

const FLOODS: readonly [Buffer, ...Buffer[]] = [
  SETTINGS,
  settingsOf([1, 0], [1, 4_096], [5, 16_384]),
  http2Frame('ping', 0, 0, zeros(8)),
  http2Frame('ping', 1, 0, zeros(8)),
  http2Frame('continuation', 0, 1, zeros(100)),
  http2Frame('priority', 0, 1, zeros(5)),
  http2Frame('window', 0, 1, uint32(1)),
  http2Frame('reset', 0, 1, uint32(8)),
  http2Frame('goaway', 0, 0, zeros(8)),
  http2Frame(0xee, 0, 0, zeros(8)),
  http2Frame('push', END_HEADERS, 1, Buffer.concat([uint32(2), STATUS_200])),
  HEADERS,
  data(''),
];

/** What may happen once HTTP/2 was agreed on, to a client that speaks it, and to one that does not. */
export const HTTP2_EXCHANGES: Readonly<Record<string, Behaviour>> = {
  'http/2 at random': says((random) => [SETTINGS, bytes(random, 500)], false),
  'http/2 frames at random': says((random) => {
    const frame = () => {
      const body = bytes(random, Math.floor(random() * 60));
      return http2Frame(Math.floor(random() * 12), Math.floor(random() * 256), Math.floor(random() * 4), body);
    };
    return [SETTINGS, ...Array.from({ length: 20 }, frame)];
  }, false),
  'http/2 mutated answer': says((random) => [mutated(random)]),
  'http/2 answer in pieces': says((random) => [...mutated(random)].map((byte) => Uint8Array.of(byte))),
  'http/2 floods': says((random) => [SETTINGS, repeated(pick(random, FLOODS), 5_000)], false),
  'http/2 floods in an answer': says((random) => [SETTINGS, HEADERS, repeated(pick(random, FLOODS), 5_000)], false),
  'http/2 settings': says((random) => {
    const setting = () => [Math.floor(random() * 8), Math.floor(random() * 2 ** 32)] as const;
    return [settingsOf(...Array.from({ length: Math.floor(random() * 2_500) }, setting))];
  }, false),
  'http/2 continuations without end': says((random) => {
    const more = http2Frame('continuation', 0, 1, random() < 0.5 ? literalHeader('x-a', 'y') : zeros(0));
    return [SETTINGS, http2Frame('headers', 0, 1, STATUS_200), repeated(more, 20_000)];
  }, false),
  'http/2 header bomb': says(() => [SETTINGS, http2Frame('headers', END_HEADERS, 1, HPACK_BOMB)], false),
  'http/2 many headers': says((random) => {
    const block = Buffer.concat([
      STATUS_200,
      ...Array.from({ length: 900 }, () => literalHeader('x-y', 'z'.repeat(10))),
    ]);
    return [SETTINGS, http2Frame('headers', END_HEADERS | (random() < 0.5 ? END_STREAM : 0), 1, block)];
  }, false),
  'http/2 interim answers without end': says(() => {
    const interim = http2Frame('headers', END_HEADERS, 1, literalHeader(':status', '103'));
    return [SETTINGS, repeated(interim, 5_000)];
  }, false),
  'http/2 goodbyes': says((random) => {
    const goodbye = random() < 0.5 ? http2Frame('goaway', 0, 0, zeros(8)) : http2Frame('reset', 0, 1, zeros(4));
    return [SETTINGS, goodbye];
  }),
  'http/2 resets': says((random) => {
    const reset = http2Frame('reset', 0, 1, uint32(pick(random, CODES)));
    return [SETTINGS, ...(random() < 0.5 ? [HEADERS, data('hel')] : []), reset];
  }, false),
  'http/2 goes away': says((random) => {
    const away = http2Frame('goaway', 0, 0, Buffer.concat([uint32(0), uint32(pick(random, CODES)), bytes(random, 20)]));
    return [SETTINGS, ...(random() < 0.5 ? [HEADERS, data('hel')] : []), away];
  }, false),
  'http/2 cut in the body': says((random) => [
    SETTINGS,
    HEADERS,
    data('hel').subarray(0, 6 + Math.floor(random() * 7)),
  ]),
  'http/2 no window': says((random) => {
    const narrow = settingsOf([4, Math.floor(random() * 3)]);
    return [narrow, ...(random() < 0.5 ? [repeated(http2Frame('window', 0, 1, uint32(1)), 50)] : [])];
  }, false),
  'http/2 windows': says(
    (random) => [
      SETTINGS,
      repeated(http2Frame('window', 0, random() < 0.5 ? 0 : 1, uint32(pick(random, [0, 0x7fffffff, 0x80000001]))), 3),
    ],
    false,
  ),
  'http/2 more than its window': says(() => [SETTINGS, HEADERS, repeated(data(zeros(16_384)), 200)], false),
  'http/2 lengths': says((random) => {
    const length = pick(random, ['-1', '99999999999999999999', '3', '100', 'x']);
    return answerOf(Buffer.from('hello'), ['content-length', length]);
  }),
  'http/2 bomb': says(() =>
    answerOf(gzipSync(zeros(8 * 1024 * 1024)).subarray(0, 16_000), ['content-encoding', 'gzip']),
  ),
  'http/2 events': says((random) => [
    ...answerOf(Buffer.from('data: {"choices": 1}\n\n'), ['content-type', 'text/event-stream']).slice(0, 2),
    ...Array.from({ length: 30 }, () => data(bytes(random, 40))),
    data('', random() < 0.5 ? END_STREAM : 0),
  ]),
  'http/2 calls': says((random) => {
    const trailers = literalHeader('grpc-status', pick(random, ['0', '-1', '99', 'x', '']));
    return [SETTINGS, HEADERS, data(bytes(random, Math.floor(random() * 20))), http2Frame('headers', 5, 1, trailers)];
  }),
};
