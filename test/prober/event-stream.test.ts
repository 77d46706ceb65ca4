import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EventStream, type StreamEvent } from '../../functions/prober/event-stream.ts';

function eventsOf(text: string): readonly (readonly [type: string, data: string])[] {
  return new EventStream().push(Buffer.from(text)).map(({ type, data }) => [type, data]);
}

const READ: readonly (readonly [what: string, text: string, events: readonly (readonly [string, string])[]])[] = [
  ['an event is its data', 'data: one\n\n', [['message', 'one']]],
  ['a name is the event’s type', 'event: ping\ndata: one\n\n', [['ping', 'one']]],
  ['lines of data are joined by line feeds', 'data: one\ndata: two\n\n', [['message', 'one\ntwo']]],
  [
    'only one space is taken off',
    'data:  one\n\ndata:two\n\n',
    [
      ['message', ' one'],
      ['message', 'two'],
    ],
  ],
  [
    'lines end in CR',
    'data: one\r\rdata: two\r\r',
    [
      ['message', 'one'],
      ['message', 'two'],
    ],
  ],
  ['lines end in CR LF', 'data: one\r\n\r\n', [['message', 'one']]],
  ['comments are passed over', ': keep-alive\n\ndata: one\n\n', [['message', 'one']]],
  ['fields that nobody knows are passed over', 'id: 1\nretry: 9\nfoo: bar\nfoo\ndata: one\n\n', [['message', 'one']]],
  ['a field without a colon is empty', 'data\n\n', [['message', '']]],
  ['an event without data is none, and its type is forgotten', 'event: ping\n\ndata: one\n\n', [['message', 'one']]],
  ['an event that no blank line ends is none', 'data: one\n', []],
  ['a byte order mark is no part of the first field', '\uFEFFdata: one\n\n', [['message', 'one']]],
];
for (const [what, text, events] of READ) test(what, () => assert.deepEqual(eventsOf(text), events));

test('an event that has begun and not ended is unfinished', () => {
  const states = ['data: one\n\n', 'data: one\n', 'dat', ': comment\n'].map((text) => {
    const stream = new EventStream();
    stream.push(Buffer.from(text));
    return stream.isUnfinished;
  });
  assert.deepEqual(states, [false, true, true, false]);
});

test('law: pieces of any size are the same events', () => {
  const line = fc.constantFrom('data: a', 'data: é🙂', 'event: x', ': c', 'data', '', '', 'data:{"a":1}');
  const ending = fc.constantFrom('\n', '\r', '\r\n');
  fc.assert(
    fc.property(fc.array(fc.tuple(line, ending)), fc.array(fc.nat(7), { minLength: 1 }), (lines, sizes) => {
      const bytes = Buffer.from(lines.flat().join(''));
      const stream = new EventStream();
      const pieced: StreamEvent[] = [];
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const size = (sizes[turn % sizes.length] ?? 0) + 1;
        pieced.push(...stream.push(bytes.subarray(at, at + size)));
        at += size;
      }
      assert.deepEqual(pieced, new EventStream().push(bytes));
    }),
  );
});
