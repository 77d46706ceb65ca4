import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Clock, systemClock } from '../../functions/prober/clock.ts';
import type { Result } from '../../shared/result.ts';
import { chatEvents, event, messagesEvents } from '../servers/ai-streams.ts';
import { serveHttp } from '../servers/loopback.ts';
import { checkWritten, clockWithDeadline } from './build.ts';

const STREAM = { 'content-type': 'text/event-stream; charset=utf-8' };
const USAGE = { input: 1_000, output: 20 };

interface Stated {
  readonly request?: object;
  readonly monitor?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status?: number;
}

/** Checks a server that begins to answer with these headers and goes on as told. */
async function checkStream(
  t: TestContext,
  answer: (response: ServerResponse) => void,
  { request = {}, monitor = {}, headers = STREAM, status = 200 }: Stated = {},
  context: Parameters<typeof checkWritten>[1] = {},
): Promise<Result> {
  const port = await serveHttp(t, (_, response) => {
    response.writeHead(status, headers);
    answer(response);
  });
  const url = `http://127.0.0.1:${port}/`;
  return checkWritten({ request: { url, stream: 'openai-chat', ...request }, ...monitor }, context);
}

const sends = (events: readonly string[]) => (response: ServerResponse) => response.end(events.join(''));

test('a streamed answer passes with its times, tokens and cost as metrics', async (t) => {
  const { outcome, metrics } = await checkStream(t, sends(chatEvents({ text: ['4', '2'], usage: USAGE })), {
    monitor: { price: { input: 2, output: 10 }, expect: { answer: '42', stopReason: 'stop' } },
  });
  assert.equal(outcome, 'passed');
  assert.deepEqual(
    Object.keys(metrics).filter((name) => name !== 'tokensPerSecond'),
    ['timeToFirstEvent', 'timeToFirstToken', 'inputTokens', 'cachedInputTokens', 'outputTokens', 'cost'],
  );
  assert.equal(metrics['cost'], 0.0022);
});

/** A clock that stands still, but for what the test adds, and tells when the first piece of a body was looked at. */
function watchedClock(clock: Clock) {
  const looked = Promise.withResolvers<void>();
  let reads: number | null = null;
  let addedMs = 0;
  return {
    clock: {
      ...clock,
      monotonicMs: () => {
        // After the request: once for the answer's first byte, once for the body's first piece.
        if (reads !== null) reads += 1;
        if (reads === 2) looked.resolve();
        return 1_000 + addedMs;
      },
    },
    requestArrived: () => {
      reads = 0;
    },
    looked: looked.promise,
    add: (durationMs: number) => {
      addedMs += durationMs;
    },
  };
}

test('the first event is timed as it comes, and not with the rest', async (t) => {
  const events = chatEvents({ text: ['4', '2'] });
  const { clock, requestArrived, looked, add } = watchedClock(systemClock);
  const { metrics, totalMs } = await checkStream(
    t,
    async (response) => {
      requestArrived();
      add(30);
      response.write(events[0]);
      await looked;
      add(200);
      response.end(events.slice(1).join(''));
    },
    {},
    { prober: { clock } },
  );
  const { timeToFirstEvent, timeToFirstToken } = metrics;
  assert.deepEqual([timeToFirstEvent, timeToFirstToken, totalMs], [30, 230, 230]);
});

test('bytes that come one by one are the same answer', async (t) => {
  const { outcome, metrics } = await checkStream(
    t,
    async (response) => {
      for (const byte of Buffer.from(messagesEvents({ text: ['né', '🙂'], usage: USAGE }).join(''))) {
        if (!response.write(Buffer.from([byte]))) await new Promise((resolve) => response.once('drain', resolve));
      }
      response.end();
    },
    { request: { stream: 'anthropic-messages' }, monitor: { expect: { answer: 'né🙂', stopReason: 'end_turn' } } },
  );
  assert.deepEqual([outcome, metrics['outputTokens']], ['passed', 20]);
});

test('the check ends with the answer, though the server keeps the connection', async (t) => {
  const { outcome } = await checkStream(t, (response) => response.write(chatEvents({ text: ['42'] }).join('')));
  assert.equal(outcome, 'passed');
});

const ANSWERS: readonly (readonly [
  what: string,
  answer: object | string,
  text: readonly string[],
  detail: string | null,
])[] = [
  ['the golden answer', { matches: '^\\s*42\\.?\\s*$' }, ['42', '.'], null],
  ['another answer', { contains: '42' }, ['forty-', 'two'], 'the answer expected to contain "42", got "forty-two"'],
  ['the canary stays inside', { excludes: 'CANARY-7f3a' }, ['I cannot', ' say.'], null],
  [
    'the canary comes out, cut over two tokens',
    { excludes: 'CANARY-7f3a' },
    ['It is CANARY', '-7f3a'],
    'the answer expected not to contain "CANARY-7f3a", got "It is CANARY-7f3a"',
  ],
  [
    'no text at all',
    { excludes: 'CANARY-7f3a' },
    [],
    'the answer expected not to contain "CANARY-7f3a", but no text came',
  ],
];
for (const [what, answer, text, detail] of ANSWERS) {
  test(`${what}: ${detail ?? 'passed'}`, async (t) => {
    const result = await checkStream(t, sends(chatEvents({ text, usage: USAGE })), { monitor: { expect: { answer } } });
    assert.deepEqual([result.reason, result.detail], [detail === null ? null : 'expectation', detail]);
    assert.equal(result.metrics['outputTokens'], 20, 'what was spent is known all the same');
  });
}

test('an answer that was cut short is told by its stop reason', async (t) => {
  const { detail } = await checkStream(t, sends(chatEvents({ text: ['4'], stopReason: 'length' })), {
    monitor: { expect: { stopReason: 'stop' } },
  });
  assert.equal(detail, 'the stop reason expected "stop", got "length"');
});

test('JSON in the answer is looked into, in expectations and metrics', async (t) => {
  const { outcome, metrics } = await checkStream(t, sends(chatEvents({ text: ['{"score":', '0.9}'] })), {
    monitor: { expect: { json: { '$.score': { above: 0.5 } } }, metrics: { score: { json: '$.score' } } },
  });
  assert.deepEqual([outcome, metrics['score']], ['passed', 0.9]);
});

const BROKEN: readonly (readonly [what: string, (response: ServerResponse) => void, Stated, reason: string, RegExp])[] =
  [
    [
      'cut off by a reset',
      (response) => {
        response.write(event({ choices: [] }), () => response.destroy());
      },
      {},
      'protocol',
      /^the connection broke off after \d+ bytes of the body$/,
    ],
    [
      'closed before its end',
      sends(chatEvents({ text: ['4'], stopReason: null })),
      {},
      'protocol',
      /^the stream ended after 2 events, before the answer did$/,
    ],
    [
      'not JSON',
      sends(['data: {"choices"\n\n']),
      {},
      'protocol',
      /^the data of an event \("message"\) is not a JSON object$/,
    ],
    ['not a stream', sends(['hello']), {}, 'protocol', /^the stream ended without a single event$/],
    [
      'answered as a whole',
      sends(['{}']),
      { headers: { 'content-type': 'application/json' } },
      'protocol',
      /^expected a stream \(content-type text\/event-stream\), got content-type "application\/json"$/,
    ],
    [
      'compressed all the same',
      (response) => response.end(gzipSync(chatEvents({ text: ['4'] }).join(''))),
      { headers: { ...STREAM, 'content-encoding': 'gzip' } },
      'protocol',
      /^the stream has content-encoding "gzip"/,
    ],
    [
      'refused',
      sends(['{"error":{"message":"slow down"}}']),
      { status: 429, headers: { 'content-type': 'application/json' } },
      'status',
      /got 429$/,
    ],
    [
      'an error in the stream',
      sends([...chatEvents({ text: ['4'] }).slice(0, 2), event({ error: { type: 'server_error', message: 'Oh no' } })]),
      {},
      'expectation',
      /^the stream carried an error: server_error: Oh no$/,
    ],
    [
      'without end',
      (response) => {
        const more = () => response.write(chatEvents({ text: ['again and again'] })[1] ?? '', () => setImmediate(more));
        more();
      },
      { request: { maxBodyBytes: 20_000 } },
      'too-large',
      /^the body is larger than 20000 bytes$/,
    ],
  ];
for (const [what, answer, stated, reason, detail] of BROKEN) {
  test(`${what}: ${reason}`, async (t) => {
    const result = await checkStream(t, answer, stated);
    assert.equal(result.reason, reason);
    assert.match(result.detail ?? '', detail);
  });
}

test('the deadline says how far the stream had come', async (t) => {
  const { clock, strike } = clockWithDeadline();
  const watched = watchedClock(clock);
  const running = checkStream(
    t,
    (response) => {
      watched.requestArrived();
      response.write(
        chatEvents({ text: ['4', '2'] })
          .slice(0, 3)
          .join(''),
      );
    },
    {},
    { prober: { clock: watched.clock } },
  );
  await watched.looked;
  strike();
  const { reason, detail } = await running;
  assert.equal(reason, 'timeout');
  assert.match(detail ?? '', /reading the answer, 3 events so far/);
});

test('a stream that broke keeps the times it had, and has no count and no cost', async (t) => {
  const events = messagesEvents({ text: ['4', '2'], usage: USAGE }).slice(0, 4);
  const { reason, metrics } = await checkStream(t, sends(events), {
    request: { stream: 'anthropic-messages' },
    monitor: { price: { input: 2, output: 10 } },
  });
  assert.deepEqual([reason, Object.keys(metrics)], ['protocol', ['timeToFirstEvent', 'timeToFirstToken']]);
});

test('a key that an error repeats is not told', async (t) => {
  const error = event({ error: { code: 'invalid_api_key', message: 'Incorrect API key provided: sk-hunter2' } });
  const { detail } = await checkStream(
    t,
    sends([error]),
    { request: { headers: { authorization: 'Bearer ${secret:key}' } } },
    { secrets: { key: { value: 'sk-hunter2' } } },
  );
  assert.equal(detail, 'the stream carried an error: invalid_api_key: Incorrect API key provided: [secret]');
});

test('a stream is asked for uncompressed', async (t) => {
  const asked = Promise.withResolvers<unknown>();
  const port = await serveHttp(t, (request, response) => {
    asked.resolve(request.headers['accept-encoding']);
    response.writeHead(200, STREAM).end(event('a'));
  });
  await checkWritten({ request: { url: `http://127.0.0.1:${port}/`, stream: 'sse' } });
  assert.equal(await asked.promise, 'identity');
});
