import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AnswerStream } from '../../functions/prober/answer-stream.ts';
import type { Price, StreamFormat } from '../../shared/monitor.ts';
import { chatEvents, event, messagesEvents, responsesEvents, type StreamCase } from '../servers/ai-streams.ts';

const FORMATS = [
  ['openai-chat', chatEvents],
  ['openai-responses', responsesEvents],
  ['anthropic-messages', messagesEvents],
] as const satisfies readonly (readonly [StreamFormat, (stated: StreamCase) => readonly string[]])[];

const PRICE: Price = { input: 2, cachedInput: 0.5, cacheWrite: 4, output: 10 };

/** Each event comes at its own instant: 100 ms after the request, then every 10 ms. */
function streamed(format: StreamFormat, events: readonly string[]) {
  const stream = new AnswerStream(format, 1_000);
  const outcomes = events.map((one, index) => stream.take(Buffer.from(one), 1_100 + index * 10));
  return { stream, last: outcomes.at(-1), failure: outcomes.find((one) => typeof one === 'object') ?? stream.end() };
}

for (const [format, eventsOf] of FORMATS) {
  test(`${format}: text and stop reason are read`, () => {
    const { stream } = streamed(format, eventsOf({ text: ['Par', 'al', 'lax'], stopReason: null, usage: null }));
    assert.equal(stream.answer.text, 'Parallax');
    const { stream: whole, last } = streamed(format, eventsOf({ text: ['Par', 'al', 'lax'] }));
    assert.equal(whole.answer.text, 'Parallax');
    assert.match(whole.answer.stopReason ?? '', /^(stop|completed|end_turn)$/);
    assert.equal(last, 'whole');
  });

  test(`${format}: usage is counted and priced`, () => {
    const { stream } = streamed(
      format,
      eventsOf({ text: ['4', '2'], usage: { input: 1_000, cached: 400, output: 20 } }),
    );
    const { inputTokens, cachedInputTokens, outputTokens, cost } = stream.metrics(PRICE);
    assert.deepEqual([inputTokens, cachedInputTokens, outputTokens], [1_000, 400, 20]);
    // 600 × 2 + 400 × 0.5 + 20 × 10 dollars per million
    assert.equal(cost, 0.0016);
  });

  test(`${format}: without usage, tokens are events, and no cost is guessed`, () => {
    const { stream } = streamed(format, eventsOf({ text: ['4', '2'] }));
    const { outputTokens, inputTokens, cost } = stream.metrics(PRICE);
    assert.deepEqual([outputTokens, inputTokens, cost], [2, undefined, undefined]);
  });

  test(`${format}: a stream that closes before its answer ended is broken`, () => {
    const events = eventsOf({ text: ['4', '2'], stopReason: null });
    const { failure } = streamed(format, events);
    assert.deepEqual(
      [failure?.reason, failure?.detail],
      ['protocol', `the stream ended after ${events.length} events, before the answer did`],
    );
  });

  test(`${format}: data that is no JSON object is malformed`, () => {
    for (const data of ['{"choices":[', '[]', 'null', '"text"']) {
      assert.equal(streamed(format, [event(data)]).failure?.reason, 'protocol', data);
    }
  });

  test(`${format}: members of another kind than expected say nothing`, () => {
    const odd = [
      { choices: 'none', type: 7 },
      { choices: [null], type: 'response.output_text.delta', delta: {} },
      { choices: [{ delta: { content: 5 }, finish_reason: [] }], usage: { prompt_tokens: -1, completion_tokens: '9' } },
      { type: 'content_block_delta', delta: { type: 'text_delta' } },
      { type: 'message_start', message: null },
      { type: 'message_delta', usage: { input_tokens: Number.MAX_VALUE * 2 } },
    ];
    const { stream } = streamed(
      format,
      odd.map((one) => event(one)),
    );
    assert.deepEqual(
      [stream.answer, Object.keys(stream.metrics(PRICE))],
      [{ text: undefined, stopReason: undefined }, ['timeToFirstEvent']],
    );
  });
}

const ERRORS: readonly (readonly [StreamFormat, unknown, string])[] = [
  ['openai-chat', { error: { message: 'Too busy', type: 'server_error', code: null } }, 'server_error: Too busy'],
  ['openai-chat', { error: 'Too busy' }, 'Too busy'],
  ['openai-chat', { error: {} }, 'no word of which'],
  ['openai-responses', { type: 'error', code: 'rate_limit', message: 'Too busy' }, 'rate_limit: Too busy'],
  [
    'openai-responses',
    { type: 'response.failed', response: { status: 'failed', error: { code: 'server_error', message: 'Too busy' } } },
    'server_error: Too busy',
  ],
  [
    'anthropic-messages',
    { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
    'overloaded_error: Overloaded',
  ],
];
for (const [format, data, words] of ERRORS) {
  test(`${format}: ${JSON.stringify(data)} ends the check in the API’s words`, () => {
    const { failure } = streamed(format, [event(data)]);
    assert.deepEqual([failure?.reason, failure?.detail], ['expectation', `the stream carried an error: ${words}`]);
  });
}

test('times are from the request, and gaps between tokens', () => {
  // role, 21 × text, stop, [DONE]: the first token is the second event.
  const { stream } = streamed('openai-chat', chatEvents({ text: Array<string>(21).fill('a') }));
  const { timeToFirstEvent, timeToFirstToken, interTokenP95, tokensPerSecond } = stream.metrics(null);
  assert.deepEqual([timeToFirstEvent, timeToFirstToken, interTokenP95, tokensPerSecond], [100, 110, 10, 100]);
});

test('a percentile that the gaps cannot support is absent', () => {
  const { stream } = streamed('openai-chat', chatEvents({ text: Array<string>(20).fill('a') }));
  assert.equal(stream.metrics(null)['interTokenP95'], undefined);
});

test('reasoning that is not sent is no part of the speed', () => {
  const { stream } = streamed(
    'openai-chat',
    chatEvents({ text: ['a', 'b', 'c'], usage: { input: 1, output: 103, reasoning: 100 } }),
  );
  assert.equal(stream.metrics(null)['tokensPerSecond'], 100);
});

test('reasoning that is sent is part of the speed, and is not the first token', () => {
  const thinking = (text: string) =>
    event({ type: 'content_block_delta', delta: { type: 'thinking_delta', thinking: text } });
  const [start = '', ...rest] = messagesEvents({ text: ['a', 'b'], usage: null });
  const { stream } = streamed('anthropic-messages', [start, thinking('hm'), thinking('so'), ...rest]);
  const { timeToFirstToken, outputTokens } = stream.metrics(null);
  assert.deepEqual([timeToFirstToken, outputTokens, stream.answer.text], [150, 4, 'ab']);
});

test('writing to a cache has its own price', () => {
  const { stream } = streamed(
    'anthropic-messages',
    messagesEvents({ text: ['a'], usage: { input: 100, cacheWrite: 100, output: 0 } }),
  );
  assert.equal(stream.metrics(PRICE)['cost'], 0.0004);
});

test('events of any kind: the data is the text, up to [DONE]', () => {
  const { stream, last } = streamed('sse', [event('a'), event('b', 'tick'), event('[DONE]')]);
  assert.deepEqual([stream.answer.text, last], ['ab', 'whole']);
  assert.equal(stream.metrics(null)['outputTokens'], 2);
});

test('events of any kind may end without a word', () => assert.equal(streamed('sse', [event('a')]).failure, null));

test('no event at all, or half of one, is broken', () => {
  assert.equal(streamed('sse', [': hello\n\n']).failure?.detail, 'the stream ended without a single event');
  assert.equal(
    streamed('sse', [event('a'), 'data: b\n']).failure?.detail,
    'the stream ended in the middle of an event',
  );
});

test('a chat that leaves [DONE] out is whole once it said why it stopped', () => {
  assert.equal(streamed('openai-chat', chatEvents({ text: ['a'] }).slice(0, -1)).failure, null);
});

test('what is nested deeper than any stack is an event like another', () => {
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  for (const [format] of FORMATS) {
    for (const data of [
      deep,
      `{"error":${deep}}`,
      `{"choices":${deep}}`,
      `{"type":"message_start","message":${deep}}`,
    ]) {
      assert.doesNotThrow(() => streamed(format, [event(data)]));
    }
  }
});

test('law: whatever comes, there is an answer or a failure, and every number is finite', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    fc.json({ maxDepth: 3 }).map((json) => event(json)),
    fc.constantFrom(...FORMATS.flatMap(([, eventsOf]) => eventsOf({ text: ['a'], usage: { input: 9, output: 1 } }))),
  );
  fc.assert(
    fc.property(fc.constantFrom(...FORMATS, ['sse'] as const), fc.array(piece), ([format], pieces) => {
      const { stream, failure } = streamed(format, pieces);
      assert.ok(failure === null || failure.outcome === 'failed');
      for (const value of Object.values(stream.metrics(PRICE))) assert.ok(Number.isFinite(value) && value >= 0);
    }),
  );
});
