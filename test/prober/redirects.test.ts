import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { type TestContext, test } from 'node:test';
import { isFailure } from '../../functions/prober/failure.ts';
import type { Outgoing } from '../../functions/prober/outgoing.ts';
import { redirected } from '../../functions/prober/redirect.ts';
import { serveHttp, serveHttps } from '../servers/loopback.ts';
import { checkOf } from './build.ts';

test('is followed to the last answer, whose phases count', async (t) => {
  const port = await serveHttps(t, 'good', (_, response) => response.end('fine'));
  const first = await redirectTo(t, `https://127.0.0.1:${port}/`);
  const { outcome, redirects, phases, status } = await checkOf({ url: `http://localhost:${first}/` });
  assert.deepEqual([outcome, redirects, status], ['passed', 1, 200]);
  assert.equal(phases.dnsMs, null, 'the last hop is an address, the first was a name');
  assert.notEqual(phases.tlsMs, null, 'the last hop is https, the first was not');
});

test('the total covers all hops', async (t) => {
  const port = await redirectTo(t, '/next');
  const { totalMs, phases } = await checkOf({ url: `http://127.0.0.1:${port}/` });
  const lastHopMs = Object.values(phases).reduce((sum: number, ms: number | null) => sum + (ms ?? 0), 0);
  assert.ok(totalMs !== null && totalMs > lastHopMs, `${totalMs} ms in total, ${lastHopMs} ms in the last hop`);
});

test('is the answer where none may be followed', async (t) => {
  const port = await redirectTo(t, '/next');
  const result = await checkOf({
    url: `http://127.0.0.1:${port}/`,
    request: { maxRedirects: 0 },
    expect: {
      status: [{ op: 'equals', value: 302 }],
      headers: [{ name: 'location', conditions: [{ op: 'equals', value: '/next' }] }],
    },
  });
  assert.deepEqual([result.outcome, result.detail, result.redirects], ['passed', null, 0]);
});

test('without a location is the answer', async (t) => {
  const port = await serveHttp(t, (_, response) => response.writeHead(302).end());
  assert.equal((await checkOf({ url: `http://127.0.0.1:${port}/` })).detail, 'expected status 200, got 302');
});

test('in a loop ends at the bound', async (t) => {
  let requests = 0;
  const port = await serveHttp(t, (_, response) => {
    requests += 1;
    response.writeHead(302, { location: '/' }).end();
  });
  const result = await checkOf({ url: `http://127.0.0.1:${port}/`, request: { maxRedirects: 3 } });
  assert.deepEqual([result.reason, result.redirects, result.status, requests], ['protocol', 3, 302, 4]);
  assert.equal(result.detail, 'redirected more than 3 times, the last time to /');
});

test('to an address that is not allowed goes nowhere', async (t) => {
  const port = await redirectTo(t, 'http://169.254.169.254/latest/meta-data/');
  const result = await checkOf({ url: `http://127.0.0.1:${port}/` });
  assert.deepEqual([result.outcome, result.reason, result.redirects], ['failed', 'blocked-address', 1]);
  assert.equal(result.detail, '169.254.169.254 is a cloud metadata service, where no check may go');
});

for (const [location, detail] of [
  ['file:///etc/passwd', 'redirected to "file:///etc/passwd", which is neither http nor https'],
  ['http://[', 'redirected to "http://[", which is not a valid URL'],
] as const) {
  test(`to ${location} goes nowhere`, async (t) => {
    const port = await redirectTo(t, location);
    const result = await checkOf({ url: `http://127.0.0.1:${port}/` });
    assert.deepEqual([result.reason, result.detail], ['protocol', detail]);
  });
}

test('cannot make the prober fill in a secret', async (t) => {
  const arrived = Promise.withResolvers<string | undefined>();
  const port = await serveHttp(t, (request, response) => {
    if (request.url === '/') return response.writeHead(302, { location: '/?q=${secret:token}' }).end();
    arrived.resolve(request.url);
    return response.end();
  });
  await checkOf({
    url: `http://127.0.0.1:${port}/`,
    request: { headers: { authorization: 'Bearer ${secret:token}' } },
    secrets: { token: { value: 'hunter2' } },
  });
  assert.equal(await arrived.promise, '/?q=${secret:token}');
});

test('to another origin loses credentials and headers with secrets, and keeps the others', async (t) => {
  const arrived = Promise.withResolvers<IncomingMessage>();
  const other = await serveHttp(t, (request, response) => {
    arrived.resolve(request);
    response.end();
  });
  const port = await redirectTo(t, `http://127.0.0.1:${other}/`);
  await checkOf({
    url: `http://127.0.0.1:${port}/`,
    request: { headers: { authorization: 'Bearer x', cookie: 'a=b', 'x-key': '${secret:key}', 'x-plain': 'kept' } },
    secrets: { key: { value: 'hunter2' } },
  });
  const { headers } = await arrived.promise;
  assert.deepEqual(
    [headers.authorization, headers.cookie, headers['x-key'], headers['x-plain'], headers.host],
    [undefined, undefined, undefined, 'kept', `127.0.0.1:${other}`],
  );
});

test('credentials stay lost when redirects lead back', () => {
  const start = outgoing({ headers: { authorization: 'Bearer x' } });
  const away = follow(start, 302, 'http://elsewhere.example/');
  assert.deepEqual(follow(away, 302, 'https://api.acme.example/').headers, {});
});

for (const location of ['http://api.acme.example/', 'https://api.acme.example:8443/', 'https://www.acme.example/']) {
  test(`from https://api.acme.example/ to ${location} is to another origin`, () => {
    assert.deepEqual(follow(outgoing({ headers: { authorization: 'Bearer x' } }), 302, location).headers, {});
  });
}

test('within the origin keeps credentials', () => {
  const start = outgoing({ headers: { authorization: 'Bearer x' } });
  assert.deepEqual(follow(start, 302, '/login').headers, start.headers);
});

test('does not choose whom we claim to be', () => {
  assert.equal(
    follow(outgoing({}), 302, 'https://mallory:pw@api.acme.example/#x').url.href,
    'https://api.acme.example/',
  );
});

test('to another origin is not followed with a secret in the body', () => {
  const start = outgoing({ method: 'POST', body: 'hunter2', bodyHasSecret: true });
  const next = redirected(start, 307, 'https://elsewhere.example/');
  assert.ok(isFailure(next) && next.reason === 'protocol');
});

const METHODS: readonly [number, string, string, string | null][] = [
  [301, 'POST', 'GET', null],
  [302, 'POST', 'GET', null],
  [303, 'POST', 'GET', null],
  [303, 'PUT', 'GET', null],
  [303, 'HEAD', 'HEAD', 'body'],
  [301, 'PUT', 'PUT', 'body'],
  [307, 'POST', 'POST', 'body'],
  [308, 'POST', 'POST', 'body'],
];
for (const [status, method, becomes, body] of METHODS) {
  test(`${status} turns ${method} into ${becomes}`, () => {
    const next = follow(outgoing({ method, body: 'body', headers: { 'content-type': 'text/plain' } }), status, '/next');
    assert.deepEqual(
      [next.method, next.body, Object.keys(next.headers).length],
      [becomes, body, body === null ? 0 : 1],
    );
  });
}

/** A server that redirects `/` there, and answers anything else. */
function redirectTo(t: TestContext, location: string): Promise<number> {
  return serveHttp(t, (request, response) =>
    request.url === '/' ? response.writeHead(302, { location }).end('moved') : response.end(),
  );
}

function outgoing(stated: Partial<Outgoing>): Outgoing {
  return {
    method: 'GET',
    url: new URL('https://api.acme.example/start'),
    headers: {},
    headersWithSecrets: [],
    body: null,
    bodyHasSecret: false,
    ...stated,
  };
}

function follow(from: Outgoing, status: number, location: string): Outgoing {
  const next = redirected(from, status, location);
  if (isFailure(next)) assert.fail(next.detail);
  return next;
}
