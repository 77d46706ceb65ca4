import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';
import { gunzip, gzipSync } from 'node:zlib';
import { runCheck } from '../../functions/prober/check.ts';
import { openTcpSocket } from '../../functions/prober/connection.ts';
import type { ProbedMonitor } from '../../shared/monitor.ts';
import { type Result, traceId } from '../../shared/result.ts';
import { refusingPort, serveHttp } from '../servers/loopback.ts';
import { checkWritten, clockWithDeadline, prober, SLOT_MS, writtenMonitor } from './build.ts';

/** Answers by `METHOD /path`; what is not there is a 404. Gives its address, and what it was asked, in order. */
async function api(
  t: TestContext,
  answers: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>>,
): Promise<{ readonly url: string; readonly asked: string[]; readonly headers: IncomingMessage['headers'][] }> {
  const asked: string[] = [];
  const headers: IncomingMessage['headers'][] = [];
  const port = await serveHttp(t, (request, response) => {
    const line = `${request.method} ${request.url}`;
    asked.push(line);
    headers.push(request.headers);
    const answer = answers[line];
    if (answer === undefined) response.writeHead(404).end();
    else answer(request, response);
  });
  return { url: `http://127.0.0.1:${port}`, asked, headers };
}

const ok = (_: IncomingMessage, response: ServerResponse) => response.end('{}');
const json = (value: object) => (_: IncomingMessage, response: ServerResponse) => response.end(JSON.stringify(value));

function flow(steps: readonly object[], more: object = {}): Promise<Result> {
  return checkWritten({ type: 'flow', steps, ...more });
}

/** One monitor, for several checks. */
function flowMonitor(steps: readonly object[], more: object = {}): ProbedMonitor {
  return writtenMonitor({ type: 'flow', steps, ...more });
}

function runFlow(monitor: ProbedMonitor): Promise<Result> {
  return runCheck(prober(), { monitor, slotEpochMs: SLOT_MS, secrets: new Map() });
}

const login = (url: string, more: object = {}) => ({
  name: 'login',
  request: { method: 'POST', url: `${url}/login` },
  capture: { token: { json: '$.access_token' } },
  ...more,
});

test('a step uses what an earlier one captured: in its url, its headers and its body', async (t) => {
  let body = '';
  const { url, asked, headers } = await api(t, {
    'POST /login': json({ access_token: 'opaque-"token"' }),
    'POST /orders/opaque-%22token%22': (request, response) => {
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => response.end());
    },
  });
  const orders = {
    request: {
      method: 'POST',
      url: `${url}/orders/\${token}`,
      headers: { authorization: 'Bearer ${token}' },
      json: { token: '${token}' },
    },
  };
  const result = await flow([login(url), orders]);
  assert.deepEqual([result.outcome, result.detail], ['passed', null]);
  assert.deepEqual(asked, ['POST /login', 'POST /orders/opaque-%22token%22']);
  assert.equal(headers[1]?.authorization, 'Bearer opaque-"token"');
  assert.equal(body, '{"token":"opaque-\\"token\\""}');
});

test('a number, a header and a match in the body can be captured', async (t) => {
  const { url, asked } = await api(t, {
    'GET /': (_, response) => response.setHeader('x-id', 'seven').end('{"id":7} csrf=abc;'),
    'GET /seven/abc': json({ id: 7 }),
    'GET /7': ok,
  });
  const capture = { id: { header: 'X-Id' }, csrf: { body: 'csrf=(\\w+)' } };
  const result = await flow([
    { request: { url }, capture },
    { request: { url: `${url}/\${id}/\${csrf}` }, capture: { id: { json: '$.id' } } },
    { request: { url: `${url}/\${id}` } },
  ]);
  assert.equal(result.detail, null);
  assert.deepEqual(asked, ['GET /', 'GET /seven/abc', 'GET /7']);
});

test('the first step that does not pass ends the flow, and is named', async (t) => {
  const { url, asked } = await api(t, { 'POST /login': json({ access_token: 'x' }) });
  const result = await flow([
    login(url),
    { name: 'orders', request: { url: `${url}/orders` } },
    login(url, { name: 'c' }),
  ]);
  assert.deepEqual([result.outcome, result.reason, result.status], ['failed', 'status', 404]);
  assert.equal(result.detail, 'step 2 "orders": expected status between 200 and 299, got 404');
  assert.deepEqual(asked, ['POST /login', 'GET /orders']);
});

const UNCAPTURED: readonly [string, object, string][] = [
  ['missing', {}, 'it is missing'],
  ['null', { access_token: null }, 'it is null'],
  ['empty', { access_token: '' }, 'it is empty'],
  ['an object', { access_token: {} }, 'it is neither a text nor a number'],
  ['broken over lines', { access_token: 'a\r\nb' }, 'it has control characters in it'],
  ['endless', { access_token: 'x'.repeat(8_193) }, 'it is longer than 8192 characters'],
];
for (const [what, answer, why] of UNCAPTURED) {
  test(`a value that is ${what} is not captured, and fails its step`, async (t) => {
    const { url } = await api(t, { 'POST /login': json(answer) });
    const result = await flow([login(url)]);
    assert.deepEqual([result.outcome, result.reason], ['failed', 'expectation']);
    assert.equal(result.detail, `step 1 "login": cannot capture token from $.access_token: ${why}`);
  });
}

const create = (url: string) => ({
  name: 'create',
  request: { method: 'POST', url: `${url}/orders` },
  capture: { id: { json: '$.id' }, version: { header: 'etag' } },
});

test('a step is compared with what an earlier one captured, a number as a number', async (t) => {
  const { url } = await api(t, {
    'POST /orders': (_, response) => response.setHeader('etag', 'v-7').end('{"id":4711}'),
    'GET /orders/4711': (_, response) =>
      response.setHeader('etag', '4711').end('{"id":4711,"self":"/orders/4711","all":[1,4711],"version":"v-7"}'),
  });
  const expect = {
    header: { etag: '${id}' },
    body: { contains: '"id":${id},' },
    json: {
      '$.id': '${id}',
      '$.self': '/orders/${id}',
      '$.all': { contains: '${id}' },
      '$.version': { oneOf: ['${version}', 'latest'] },
    },
  };
  const { outcome, detail } = await flow([create(url), { request: { url: `${url}/orders/\${id}` }, expect }]);
  assert.deepEqual([outcome, detail], ['passed', null]);
});

for (const [what, answer, detail] of [
  ['another one', '{"id":4712}', 'step 2 "read": $.id expected [secret], got 4712'],
  ['a text of it', '{"id":"4711"}', 'step 2 "read": $.id expected [secret], got "[secret]"'],
  ['none', '{}', 'step 2 "read": $.id expected [secret], but it is missing'],
] as const) {
  test(`${what} in place of the number that was captured fails its step`, async (t) => {
    const { url } = await api(t, {
      'POST /orders': (_, response) => response.setHeader('etag', 'v-7').end('{"id":4711}'),
      'GET /orders': (_, response) => response.end(answer),
    });
    const read = { name: 'read', request: { url: `${url}/orders` }, expect: { json: { '$.id': '${id}' } } };
    const result = await flow([create(url), read]);
    assert.deepEqual([result.outcome, result.reason, result.detail], ['failed', 'expectation', detail]);
  });
}

test('each check compares with what it captured itself', async (t) => {
  let id = 1;
  const { url } = await api(t, {
    'POST /orders': (_, response) => response.setHeader('etag', 'v-7').end(JSON.stringify({ id })),
    'GET /orders': (_, response) => response.end(JSON.stringify({ id })),
  });
  const steps = [create(url), { request: { url: `${url}/orders` }, expect: { json: { '$.id': '${id}' } } }];
  const resolved = flowMonitor(steps);
  for (id of [1, 2]) assert.equal((await runFlow(resolved)).detail, null);
});

test('clean-up that is compared with what was never captured is left out', async (t) => {
  const { url, asked } = await api(t, {});
  const cleanup = [{ request: { url: `${url}/gone` }, expect: { body: { contains: '${id}' } } }];
  const { metrics } = await flow([create(url)], { cleanup });
  assert.deepEqual([asked, metrics['cleanup-failures']], [['POST /orders'], 0]);
});

test('what no header can carry is the fault of the one that sent it', async (t) => {
  const { url } = await api(t, { 'POST /login': json({ access_token: '→' }) });
  const result = await flow([login(url), { request: { url, headers: { authorization: '${token}' } } }]);
  assert.equal(result.outcome, 'failed');
  assert.match(result.detail ?? '', /^step 2 "step-2": header authorization cannot carry/);
});

test('what was captured is hidden where an answer echoes it', async (t) => {
  const { url } = await api(t, {
    'POST /login': json({ access_token: 'opaque-token' }),
    'GET /': json({ you: 'are opaque-token' }),
  });
  const result = await flow([login(url), { request: { url }, expect: { json: { '$.you': 'nobody' } } }]);
  assert.equal(result.detail, 'step 2 "step-2": $.you expected "nobody", got "are [secret]"');
});

test('a captured placeholder is not filled in', async (t) => {
  const { url, headers } = await api(t, { 'POST /login': json({ access_token: '${secret:key}' }), 'GET /': ok });
  await checkWritten(
    { type: 'flow', steps: [login(url), { request: { url, headers: { 'x-a': '${token}', 'x-b': '${secret:key}' } } }] },
    { secrets: { key: { value: 'the-key' } } },
  );
  assert.deepEqual([headers[1]?.['x-a'], headers[1]?.['x-b']], ['${secret:key}', 'the-key']);
});

test('a header with a captured value does not follow a redirect to another origin', async (t) => {
  const other = await api(t, { 'GET /': ok });
  const { url } = await api(t, {
    'POST /login': json({ access_token: 'opaque-token' }),
    'GET /': (_, response) => response.writeHead(302, { location: other.url }).end(),
  });
  const result = await flow([login(url), { request: { url, headers: { 'x-token': '${token}' } } }]);
  assert.equal(result.outcome, 'passed');
  assert.equal(other.headers[0]?.['x-token'], undefined);
});

test('cookies are kept from step to step, also those of a redirect, and not from check to check', async (t) => {
  const { url, headers } = await api(t, {
    'POST /login': (_, response) =>
      response
        .writeHead(303, { location: '/home', 'set-cookie': ['sid=s1; Path=/; HttpOnly', 'lang=en; Path=/'] })
        .end(),
    'GET /home': ok,
  });
  const steps = [
    { request: { method: 'POST', url: `${url}/login` } },
    { request: { url: `${url}/home`, headers: { cookie: 'own=1' } } },
  ];
  await flow(steps);
  await flow(steps);
  const jar = 'sid=s1; lang=en';
  const once = [undefined, jar, `own=1; ${jar}`];
  assert.deepEqual(
    headers.map(({ cookie }) => cookie),
    [...once, ...once],
  );
});

test('each step that passed has its time, and the total is theirs together', async (t) => {
  const { url } = await api(t, { 'POST /login': json({ access_token: 'x' }), 'GET /': ok });
  const { metrics, totalMs } = await flow([login(url), { request: { url } }, { request: { url: `${url}/404` } }]);
  assert.deepEqual(Object.keys(metrics), ['login-ms', 'step-2-ms']);
  const passedMs = Object.values(metrics).reduce((sum, ms) => sum + ms, 0);
  assert.ok(totalMs !== null && totalMs > passedMs, `${totalMs} ms in total, ${passedMs} ms in the first two steps`);
});

test('phases, redirects and status are of the last step', async (t) => {
  const { url } = await api(t, {
    'GET /there': (_, response) => response.writeHead(302, { location: '/' }).end(),
    'GET /': ok,
    'GET /last': (_, response) => response.writeHead(204).end(),
  });
  const { phases, redirects, status } = await flow([
    { request: { url: `${url.replace('127.0.0.1', 'localhost')}/there` } },
    { request: { url: `${url}/last` } },
  ]);
  assert.deepEqual([redirects, status, phases.dnsMs], [0, 204, null]);
});

test('a step has metrics of its own', async (t) => {
  const { url } = await api(t, { 'POST /login': json({ access_token: 'x', left: 3 }) });
  const { metrics } = await flow([login(url, { metrics: { left: { json: '$.left' } } })]);
  assert.equal(metrics['left'], 3);
});

test('the flow as a whole can be too slow', async (t) => {
  const { url } = await api(t, { 'GET /': ok });
  const result = await flow([{ request: { url } }], { expect: { responseTime: { above: '10s' } } });
  assert.match(result.detail ?? '', /^expected a response time above 10000 ms, took/);
});

test('clean-up runs after steps that passed, and its time does not count', async (t) => {
  const { url, asked } = await api(t, { 'POST /login': json({ access_token: 'abcd' }), 'DELETE /abcd': ok });
  const { outcome, metrics, totalMs } = await flow([login(url)], {
    cleanup: [{ name: 'logout', request: { method: 'DELETE', url: `${url}/\${token}` } }],
  });
  assert.equal(outcome, 'passed');
  assert.deepEqual(asked, ['POST /login', 'DELETE /abcd']);
  assert.deepEqual([metrics['cleanup-failures'], totalMs], [0, metrics['login-ms']]);
  assert.notEqual(metrics['logout-ms'], undefined);
});

test('clean-up runs after a step that failed, but not with what was never captured', async (t) => {
  const { url, asked } = await api(t, { 'POST /login': json({ access_token: 'abcd' }), 'DELETE /abcd': ok });
  const remove = (name: string) => ({ request: { method: 'DELETE', url: `${url}/\${${name}}` } });
  const { metrics } = await flow(
    [login(url), { request: { url: `${url}/404` }, capture: { order: { json: '$.id' } } }],
    { cleanup: [remove('order'), remove('token')] },
  );
  assert.deepEqual(asked, ['POST /login', 'GET /404', 'DELETE /abcd']);
  assert.equal(metrics['cleanup-failures'], 0);
});

test('clean-up that fails does not fail the check, and is counted', async (t) => {
  const { url } = await api(t, { 'GET /': ok });
  const cleanup = [
    { request: { url: `${url}/404` } },
    { request: { url: `http://127.0.0.1:${await refusingPort(t)}` } },
  ];
  const { outcome, detail, attempts, metrics, status } = await flow([{ request: { url } }], { cleanup });
  assert.deepEqual([outcome, detail, attempts, status, metrics['cleanup-failures']], ['passed', null, 1, 200, 2]);
});

test('a name that is dead in clean-up is no flake of what is cleaned up elsewhere', async (t) => {
  const { url } = await api(t, { 'GET /': ok });
  const dead = await refusingPort(t);
  const cleanup = [{ request: { url: `http://dead.test:${dead}` } }, { request: { url } }];
  const { outcome, attempts, blame } = await checkWritten(
    { type: 'flow', steps: [{ request: { url } }], cleanup },
    { prober: { resolveName: async () => ['127.0.0.2'], openSocket: (_, port) => openTcpSocket('127.0.0.1', port) } },
  );
  assert.deepEqual([outcome, attempts, blame], ['passed', 1, null]);
});

test('clean-up that fails after a step that failed is noted with that', async (t) => {
  const { url } = await api(t, {});
  const cleanup = [{ name: 'logout', request: { url } }];
  const { detail } = await flow([{ name: 'home', request: { url } }], { cleanup });
  assert.equal(
    detail,
    'step 1 "home": expected status between 200 and 299, got 404; clean-up "logout" failed too: expected status between 200 and 299, got 404',
  );
});

test('a step that hangs leaves time for the clean-up, and nothing more of the flow goes out', async (t) => {
  const { url, asked } = await api(t, { 'GET /hang': () => {}, 'GET /clean': ok });
  const result = await flow([{ name: 'hang', request: { url: `${url}/hang` } }, { request: { url } }], {
    timeout: '800ms',
    cleanup: [{ request: { url: `${url}/clean` } }],
  });
  assert.deepEqual([result.outcome, result.reason, result.failedPhase], ['failed', 'timeout', 'firstByte']);
  assert.match(result.detail ?? '', /^step 1 "hang": no answer within 600 ms \(waiting for the first byte/);
  assert.deepEqual(asked, ['GET /hang', 'GET /clean']);
});

test('clean-up that hangs ends with the check, and does not fail it', async (t) => {
  const { url } = await api(t, { 'GET /': ok, 'GET /hang': () => {} });
  const result = await flow([{ request: { url } }], {
    timeout: '800ms',
    cleanup: [{ request: { url: `${url}/hang` } }, { request: { url: `${url}/hang` } }],
  });
  assert.deepEqual([result.outcome, result.metrics['cleanup-failures']], ['passed', 2]);
});

for (const [what, path, captured] of [
  ['..', '/orders/${id}', { id: '..' }],
  ['. at the end', '/orders/${id}', { id: '.' }],
  ['.. before a fragment', '/orders/${id}#it', { id: '..' }],
  ['. behind another', '/orders/.${id}/lines', { id: '.' }],
] as const) {
  test(`a captured value never leads to another path: ${what}`, async (t) => {
    const { url, asked } = await api(t, { 'GET /': json(captured) });
    const { metrics } = await flow([{ request: { url }, capture: { id: { json: '$.id' } } }], {
      cleanup: [{ request: { method: 'DELETE', url: `${url}${path}` } }],
    });
    assert.deepEqual([asked, metrics['cleanup-failures']], [['GET /'], 1]);
  });
}

test('a captured value may hold dots', async (t) => {
  const { url, asked } = await api(t, { 'GET /': json({ id: '...', at: '..' }), 'GET /a/...?b=..': ok });
  const capture = { id: { json: '$.id' }, at: { json: '$.at' } };
  await flow([{ request: { url }, capture }, { request: { url: `${url}/a/\${id}?b=\${at}` } }]);
  assert.deepEqual(asked, ['GET /', 'GET /a/...?b=..']);
});

test('clean-up that hangs leaves time for each of the others', async (t) => {
  const { url, asked } = await api(t, { 'GET /': ok, 'GET /hang': () => {} });
  const cleanup = ['/hang', '/hang', '/'].map((path) => ({ request: { url: `${url}${path}` } }));
  const result = await flow([{ request: { url } }], { timeout: '1500ms', cleanup });
  assert.deepEqual([asked, result.metrics['cleanup-failures']], [['GET /', 'GET /hang', 'GET /hang', 'GET /'], 2]);
});

for (const [what, cleanup] of [
  ['with clean-up', [{ name: 'clean', request: { path: '/clean' } }]],
  ['without clean-up', []],
] as const) {
  test(`a step that ends after its deadline begins no other and changes no result, ${what}`, async (t) => {
    const { clock, strike } = clockWithDeadline();
    let answered = false;
    let opened = 0;
    const { url, asked } = await api(t, {
      'GET /slow': (_, response) => {
        answered = true;
        response.setHeader('content-encoding', 'gzip').end(gzipSync('{"id":"late"}'));
      },
      'GET /clean': ok,
    });
    const decoded = Promise.withResolvers<void>();
    const steps = [
      { name: 'slow', request: { url: `${url}/slow` }, capture: { id: { json: '$.id' } } },
      { name: 'second', request: { url: `${url}/second` } },
    ];
    const written = cleanup.map(({ name, request }) => ({ name, request: { url: `${url}${request.path}` } }));
    const result = await checkWritten(
      { type: 'flow', timeout: '60s', steps, cleanup: written },
      {
        prober: {
          clock: {
            ...clock,
            // The first to ask after the answer is the cookie jar, before the body is decoded on another thread.
            epochMs: () => {
              if (answered) strike();
              if (answered) setImmediate(() => gunzip(gzipSync('later'), () => setImmediate(decoded.resolve)));
              answered = false;
              return clock.epochMs();
            },
          },
          openSocket: (ip, port) => {
            opened += 1;
            return openTcpSocket(ip, port);
          },
        },
      },
    );
    const told = structuredClone(result);
    await decoded.promise;
    assert.deepEqual([result.outcome, result.reason, result.status], ['failed', 'timeout', 200]);
    assert.deepEqual(
      result.steps?.map(({ name, outcome }) => `${name} ${outcome}`),
      ['slow failed', ...cleanup.map(({ name }) => `${name} passed`)],
    );
    assert.equal(result.metrics['slow-ms'], undefined);
    assert.deepEqual(result, told);
    assert.deepEqual([asked, opened], [['GET /slow', ...cleanup.map(() => 'GET /clean')], 1 + cleanup.length]);
  });
}

test('each step that was made is told: its outcome, its times, its status and why', async (t) => {
  const { url } = await api(t, {
    'POST /login': (_, response) => response.writeHead(201).end('{"access_token":"abcd"}'),
    'DELETE /abcd': (_, response) => response.writeHead(500).end(),
  });
  const { steps = [] } = await flow(
    [login(url), { name: 'orders', request: { url: `${url}/404` } }, { name: 'never', request: { url } }],
    { cleanup: [{ name: 'logout', request: { method: 'DELETE', url: `${url}/\${token}` } }] },
  );
  assert.deepEqual(
    steps.map(({ name, isCleanup, outcome, reason, failedPhase, status }) => [
      name,
      isCleanup,
      outcome,
      reason,
      failedPhase,
      status,
    ]),
    [
      ['login', false, 'passed', null, null, 201],
      ['orders', false, 'failed', 'status', null, 404],
      ['logout', true, 'failed', 'status', null, 500],
    ],
  );
  for (const { totalMs, phases } of steps) {
    assert.equal(phases.dnsMs, null);
    assert.ok(totalMs !== null && phases.connectMs !== null && phases.firstByteMs !== null);
    assert.ok(phases.connectMs + phases.firstByteMs <= totalMs);
  }
});

test('the step in which the deadline strikes is told as far as it came', async (t) => {
  const { url } = await api(t, { 'GET /': ok, 'GET /hang': () => {} });
  const { steps } = await flow([{ request: { url } }, { name: 'hang', request: { url: `${url}/hang` } }], {
    timeout: '800ms',
  });
  const [, hung, ...others] = steps ?? [];
  assert.deepEqual(
    [hung?.name, hung?.outcome, hung?.reason, hung?.failedPhase],
    ['hang', 'failed', 'timeout', 'firstByte'],
  );
  assert.deepEqual([hung?.phases.firstByteMs, hung?.status, others], [null, null, []]);
  assert.notEqual(hung?.phases.connectMs, null);
});

test('clean-up for which no time is left is told as such, and nothing is sent', async (t) => {
  const { url, asked } = await api(t, { 'GET /hang': () => {} });
  // 25 ms are kept for clean-up, and 20 of them are margin: too little for any.
  const { steps } = await flow([{ name: 'hang', request: { url: `${url}/hang` } }], {
    timeout: '100ms',
    cleanup: ['late', 'later'].map((name) => ({ name, request: { url: `${url}/${name}` } })),
  });
  assert.deepEqual(
    steps?.map(({ name, reason, totalMs }) => [name, reason, totalMs === null]),
    [
      ['hang', 'timeout', false],
      ['late', 'timeout', true],
      ['later', 'timeout', true],
    ],
  );
  assert.doesNotMatch(asked.join(), /late/);
});

test('all requests of a flow belong to one trace', async (t) => {
  const { url, headers } = await api(t, { 'GET /': ok });
  await flow([{ request: { url } }, { request: { url } }]);
  const ids = headers.map(({ traceparent }) => String(traceparent).split('-')[1]);
  assert.deepEqual(ids, Array(2).fill(traceId('example', 'eu-west-1', SLOT_MS)));
});
