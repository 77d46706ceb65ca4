import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { type TestContext, test } from 'node:test';
import { runCheck } from '../../functions/prober/check.ts';
import { systemClock } from '../../functions/prober/clock.ts';
import type { RequestAuth } from '../../shared/monitor.ts';
import type { Result } from '../../shared/result.ts';
import { refusingPort, serveBytes, serveHttp } from '../servers/loopback.ts';
import { checkOf, checkWritten, monitor, prober, SLOT_MS } from './build.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** An API that answers as told (200), and what it was asked with. */
async function api(t: TestContext, status: () => number = () => 200) {
  const seen: IncomingMessage['headers'][] = [];
  const port = await serveHttp(t, (request, response) => {
    seen.push(request.headers);
    response.writeHead(status()).end(`you are ${request.headers.authorization}`);
  });
  return { url: `http://127.0.0.1:${port}/`, seen };
}

interface Asked {
  readonly line: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** A token endpoint, and what it was asked. */
async function tokens(t: TestContext, answer: () => { readonly status?: number; readonly body: unknown }) {
  const asked: Asked[] = [];
  const port = await serveHttp(t, (request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const { url, method, headers } = request;
      asked.push({ line: `${method} ${url} ${headers['content-type']}`, authorization: headers.authorization, body });
      const { status = 200, body: json } = answer();
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
    });
  });
  return { tokenUrl: `http://127.0.0.1:${port}/token`, asked };
}

const oauth2 = (tokenUrl: string, scope: string | null = null): RequestAuth => ({
  kind: 'oauth2',
  tokenUrl,
  clientId: 'parallax',
  clientSecret: '${secret:client}',
  scope,
});

const SECRETS = { client: { value: 's3cret/+ä' } };

const good = { access_token: 'token-1', token_type: 'Bearer', expires_in: 3_600 };

test('basic sends user and password, and neither they nor both together come out', async (t) => {
  const { url, seen } = await api(t);
  const result = await checkOf({
    url,
    request: { auth: { kind: 'basic', user: 'probe', password: '${secret:pass}' } },
    expect: { body: [{ op: 'equals', value: 'fine' }] },
    secrets: { pass: { value: 'pässword' } },
  });
  assert.equal(seen[0]?.authorization, `Basic ${base64('probe:pässword')}`);
  assert.equal(result.detail, 'body expected "fine", got "you are Basic [secret]"');
});

test('basic credentials do not follow a redirect to another origin', async (t) => {
  const other = await api(t);
  const port = await serveHttp(t, (_, response) => response.writeHead(302, { location: other.url }).end());
  await checkOf({
    url: `http://127.0.0.1:${port}/`,
    request: { auth: { kind: 'basic', user: 'probe', password: 'x' } },
  });
  assert.deepEqual(
    other.seen.map(({ authorization }) => authorization),
    [undefined],
  );
});

test('oauth2 asks for a token with the client credentials, and sends it', async (t) => {
  const { url, seen } = await api(t);
  const { tokenUrl, asked } = await tokens(t, () => ({ body: good }));
  const result = await checkOf({ url, request: { auth: oauth2(tokenUrl, 'read write') }, secrets: SECRETS });
  assert.equal(result.detail, null);
  assert.deepEqual(asked, [
    {
      line: 'POST /token application/x-www-form-urlencoded',
      authorization: `Basic ${base64('parallax:s3cret%2F%2B%C3%A4')}`,
      body: 'grant_type=client_credentials&scope=read+write',
    },
  ]);
  assert.equal(seen[0]?.authorization, 'Bearer token-1');
});

test('a token that is echoed does not come out', async (t) => {
  const { url } = await api(t);
  const { tokenUrl } = await tokens(t, () => ({ body: good }));
  const expect = { body: [{ op: 'equals', value: 'fine' }] } as const;
  const { detail } = await checkOf({ url, request: { auth: oauth2(tokenUrl) }, secrets: SECRETS, expect });
  assert.equal(detail, 'body expected "fine", got "you are Bearer [secret]"');
});

test('the time that a token takes is not the check’s', async (t) => {
  const { url } = await api(t);
  // A clock that jumps ahead by a minute with each token.
  let aheadMs = 0;
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs };
  const { tokenUrl } = await tokens(t, () => {
    aheadMs += 60_000;
    return { body: good };
  });
  const result = await checkOf({ url, request: { auth: oauth2(tokenUrl) }, secrets: SECRETS, prober: { clock } });
  assert.equal(result.outcome, 'passed');
  assert.ok(result.totalMs !== null && result.totalMs < 60_000, `${result.totalMs} ms`);
});

/** Checks one monitor again and again, each time a minute later. */
function minutely(url: string, tokenUrl: string): () => Promise<Result> {
  const asked = monitor({ request: { url, auth: oauth2(tokenUrl) } });
  let minutes = 0;
  return () => {
    const laterMs = 60_000 * minutes++;
    const clock = { ...systemClock, epochMs: () => SLOT_MS + laterMs };
    const check = { monitor: asked, slotEpochMs: SLOT_MS + laterMs, secrets: new Map(Object.entries(SECRETS)) };
    return runCheck(prober({ clock }), check);
  };
}

test('a token is used until it expires', async (t) => {
  const { url } = await api(t);
  const { tokenUrl, asked } = await tokens(t, () => ({ body: { ...good, expires_in: 100 } }));
  const check = minutely(url, tokenUrl);
  await check();
  await check();
  assert.equal(asked.length, 1);
  await check();
  assert.equal(asked.length, 2);
});

test('a token that tells no lifetime is used once', async (t) => {
  const { url } = await api(t);
  const { tokenUrl, asked } = await tokens(t, () => ({ body: { access_token: 'token-1' } }));
  const check = minutely(url, tokenUrl);
  await check();
  await check();
  assert.equal(asked.length, 2);
});

test('a token that the target refuses is not used again', async (t) => {
  const statuses = [401, 200];
  const { url } = await api(t, () => statuses.shift() ?? 500);
  const { tokenUrl, asked } = await tokens(t, () => ({ body: good }));
  const check = minutely(url, tokenUrl);
  assert.equal((await check()).status, 401);
  assert.equal((await check()).outcome, 'passed');
  assert.equal(asked.length, 2);
});

const REFUSALS: readonly [string, { status?: number; body: unknown }, Result['outcome'], RegExp][] = [
  [
    'refuses our credentials',
    { status: 401, body: { error: 'invalid_client' } },
    'inconclusive',
    /401 \(invalid_client\); look at/,
  ],
  ['fails', { status: 503, body: {} }, 'failed', /it answered 503$/],
  ['answers without a token', { body: { token: 'x' } }, 'failed', /no access_token/],
  ['answers with a token no header can carry', { body: { access_token: 'a\r\nb' } }, 'failed', /no access_token/],
];
for (const [what, answer, outcome, detail] of REFUSALS) {
  test(`a token endpoint that ${what} makes the check ${outcome}, and the target is not asked`, async (t) => {
    const { url, seen } = await api(t);
    const { tokenUrl } = await tokens(t, () => answer);
    const result = await checkOf({ url, request: { auth: oauth2(tokenUrl) }, secrets: SECRETS });
    assert.deepEqual([result.outcome, result.totalMs, seen.length], [outcome, null, 0]);
    assert.match(result.detail ?? '', /^no token from http:\/\/127\.0\.0\.1:\d+: /);
    assert.match(result.detail ?? '', detail);
  });
}

test('a token endpoint that cannot be reached, or answers nonsense, is named', async (t) => {
  const { url } = await api(t);
  for (const port of [await refusingPort(t), await serveBytes(t, 'nonsense')]) {
    const auth = oauth2(`http://127.0.0.1:${port}/`);
    const { outcome, detail } = await checkOf({ url, request: { auth }, secrets: SECRETS });
    assert.equal(outcome, 'failed');
    assert.match(detail ?? '', new RegExp(`^no token from http://127\\.0\\.0\\.1:${port}: `));
  }
});

test('a token endpoint that hangs is named when the deadline strikes', async (t) => {
  const { url } = await api(t);
  const port = await serveHttp(t, () => {});
  const auth = oauth2(`http://127.0.0.1:${port}/`);
  const { reason, detail } = await checkOf({ url, timeoutMs: 300, request: { auth }, secrets: SECRETS });
  assert.equal(reason, 'timeout');
  assert.match(detail ?? '', new RegExp(`^no token from http://127\\.0\\.0\\.1:${port}: no answer within 300 ms`));
});

test('a step of a flow authenticates as its definition says, with what was captured', async (t) => {
  const { url, seen } = await api(t);
  const basic = { user: '${who}', password: '${secret:pass}' };
  const result = await checkWritten(
    {
      type: 'flow',
      steps: [{ request: { url }, capture: { who: { body: '^(you)' } } }, { request: { url, auth: { basic } } }],
    },
    { secrets: { pass: { value: 'pass' } } },
  );
  assert.equal(result.detail, null);
  assert.equal(seen[1]?.authorization, `Basic ${base64('you:pass')}`);
});
