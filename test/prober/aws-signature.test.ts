import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { regionOfHost } from '../../functions/prober/aws-signature.ts';
import { systemClock } from '../../functions/prober/clock.ts';
import type { RequestAuth } from '../../shared/monitor.ts';
import { serveAws, verdictOn } from '../servers/aws-service.ts';
import { serveHttp } from '../servers/loopback.ts';
import { checkOf, checkWritten } from './build.ts';

const EXAMPLE_KEY = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const KEYS = { AKIDROLE: 'role-secret', AKIDEXAMPLE: EXAMPLE_KEY };

type SigV4 = Extract<RequestAuth, { readonly kind: 'sigv4' }>;

const sigv4 = (stated: Partial<SigV4> = {}): SigV4 => ({
  kind: 'sigv4',
  service: 'execute-api',
  region: null,
  accessKeyId: null,
  secretAccessKey: null,
  sessionToken: null,
  ...stated,
});

const api = (t: TestContext, service = 'execute-api', region = 'eu-west-1') =>
  serveAws(t, { service, region, secretKeys: KEYS });

/** @see https://docs.aws.amazon.com/general/latest/gr/signature-v4-test-suite.html */
const PUBLISHED: readonly [string, string, string][] = [
  ['get-vanilla', '/', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  [
    'get-vanilla-query-order-key-case',
    '/?Param2=value2&Param1=value1',
    'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  ],
];
for (const [name, target, signature] of PUBLISHED) {
  test(`the verifier agrees with AWS on ${name}`, () => {
    const headers = {
      host: 'example.amazonaws.com',
      'x-amz-date': '20150830T123600Z',
      authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signature}`,
    };
    const stated = { service: 'service', region: 'us-east-1', secretKeys: KEYS };
    assert.equal(verdictOn({ method: 'GET', target, headers, body: Buffer.alloc(0) }, stated), 'ok');
  });
}

const PATHS: readonly string[] = [
  '/',
  '/items/a%20b',
  "/items/(a)!*'~,:;@=+$&",
  '/ümläut/%e2%82%ac/%7e/%2F',
  '/a/../b/./c/',
  '/a//b',
  '/?b=2&a=1&a=0&A=x',
  '/?q=a+b%20c&empty=&bare&u=ü%26%3d',
  "/?filter=a:b,(c)'*!~/?&=x",
];
for (const service of ['execute-api', 's3']) {
  for (const path of PATHS) {
    test(`${service} accepts the signature of ${path}`, async (t) => {
      const { url } = await api(t, service);
      const auth = sigv4({ service });
      const result = await checkOf({
        url: `${url}${path}`,
        request: { auth },
        expect: { body: [{ op: 'equals', value: 'ok' }] },
      });
      assert.equal(result.detail, null);
    });
  }
}

test('a body, and headers of the definition, are signed', async (t) => {
  const { url, seen } = await api(t);
  const headers = { 'content-type': 'application/json', 'x-own': '  two   blanks ' };
  const result = await checkOf({ url, request: { auth: sigv4(), method: 'POST', body: '{"ä": 1}', headers } });
  assert.equal(result.detail, null);
  assert.match(
    seen[0]?.headers['authorization'] ?? '',
    /SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-own,/,
  );
});

test('keys of the definition sign in the role’s stead, with their session token', async (t) => {
  const { url, seen } = await api(t, 'lambda', 'us-west-2');
  const auth = sigv4({
    service: 'lambda',
    region: 'us-west-2',
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: '${secret:key}',
    sessionToken: '${secret:session}',
  });
  const secrets = { key: { value: EXAMPLE_KEY }, session: { value: 'session//token==' } };
  const result = await checkOf({ url, request: { auth }, secrets });
  assert.equal(result.detail, null);
  assert.equal(seen[0]?.headers['x-amz-security-token'], 'session//token==');
});

test('neither the role’s secrets nor a signature come out when a target echoes them', async (t) => {
  const port = await serveHttp(t, (request, response) => {
    const { authorization, 'x-amz-security-token': token } = request.headers;
    response.end(`${/Signature=.*/.exec(authorization ?? '')} ${encodeURIComponent(String(token))} role-secret`);
  });
  const credentials = async () => ({
    accessKeyId: 'AKIDROLE',
    secretAccessKey: 'role-secret',
    sessionToken: 'a/b+c==',
  });
  const { detail } = await checkOf({
    url: `http://127.0.0.1:${port}/`,
    request: { auth: sigv4() },
    expect: { body: [{ op: 'equals', value: 'fine' }] },
    prober: { aws: { region: 'eu-west-1', credentials } },
  });
  assert.equal(detail, 'body expected "fine", got "Signature=[secret] [secret] [secret]"');
});

test('a redirect within the origin is signed anew', async (t) => {
  const { url, seen } = await api(t);
  const port = await serveHttp(t, (request, response) => {
    if (request.url === '/from') response.writeHead(307, { location: '/to?x=1' }).end();
    else
      fetch(`${url}/to?x=1`, { method: 'POST', body: 'b', headers: passed(request.headers) }).then((answer) =>
        response.writeHead(answer.status).end(),
      );
  });
  const passed = (headers: NodeJS.Dict<string | string[]>) =>
    Object.fromEntries(
      Object.entries(headers).flatMap(([name, value]) =>
        /^(x-amz|authorization)/.test(name) ? [[name, String(value)]] : [],
      ),
    );
  // The signature is for the first server's own name, which the second is told.
  const host = new URL(url).host;
  const request = { auth: sigv4(), method: 'POST', body: 'b', headers: { host } };
  const result = await checkOf({ url: `http://127.0.0.1:${port}/from`, request });
  assert.deepEqual([result.detail, result.redirects, seen.length], [null, 1, 1]);
});

test('a redirect to another origin carries no signature, and none of what belongs to it', async (t) => {
  const other = await api(t);
  const port = await serveHttp(t, (_, response) => response.writeHead(302, { location: `${other.url}/` }).end());
  const credentials = async () => ({ accessKeyId: 'AKIDROLE', secretAccessKey: 'role-secret', sessionToken: 'token' });
  const aws = { region: 'eu-west-1', credentials };
  await checkOf({ url: `http://127.0.0.1:${port}/`, request: { auth: sigv4() }, prober: { aws } });
  const names = Object.keys(other.seen[0]?.headers ?? {});
  assert.ok(names.includes('user-agent'));
  assert.deepEqual(
    names.filter((name) => name === 'authorization' || name.startsWith('x-amz-')),
    [],
  );
});

test('without credentials the check is inconclusive, says what to do, and sends nothing', async (t) => {
  const { url, seen } = await api(t);
  const credentials = () => Promise.reject(new Error('Could not load credentials from any providers'));
  const aws = { region: 'eu-west-1', credentials };
  const { outcome, detail } = await checkOf({ url, request: { auth: sigv4() }, prober: { aws } });
  assert.deepEqual([outcome, seen.length], ['inconclusive', 0]);
  assert.match(detail ?? '', /^no AWS credentials to sign with: Could not load .*; give the prober a role/);
});

test('credentials that do not come are not the target’s slowness', async (t) => {
  const { url } = await api(t);
  const aws = { region: 'eu-west-1', credentials: () => new Promise<never>(() => {}) };
  const { outcome, detail } = await checkOf({ url, timeoutMs: 300, request: { auth: sigv4() }, prober: { aws } });
  assert.equal(outcome, 'inconclusive');
  assert.match(detail ?? '', /were found in 150 ms/);
});

test('a machine in no region asks for one', async (t) => {
  const { url } = await api(t);
  const aws = { region: null, credentials: async () => ({ accessKeyId: 'a', secretAccessKey: 'b' }) };
  const { outcome, detail } = await checkOf({ url, request: { auth: sigv4() }, prober: { aws } });
  assert.equal(outcome, 'inconclusive');
  assert.match(detail ?? '', /^no region to sign for: set AWS_REGION here/);
});

test('the time that credentials take is not the check’s', async (t) => {
  const { url } = await api(t);
  let aheadMs = 0;
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs };
  const credentials = async () => {
    aheadMs += 60_000;
    return { accessKeyId: 'AKIDROLE', secretAccessKey: 'role-secret' };
  };
  const prober = { clock, aws: { region: 'eu-west-1', credentials } };
  const result = await checkOf({ url, request: { auth: sigv4() }, prober });
  assert.equal(result.outcome, 'passed');
  assert.ok(result.totalMs !== null && result.totalMs < 60_000, `${result.totalMs} ms`);
});

test('the signature has the time of the prober’s clock', async (t) => {
  const { url, seen } = await api(t);
  const clock = { ...systemClock, epochMs: () => Date.UTC(2026, 5, 1, 12, 0, 7) };
  await checkOf({ url, request: { auth: sigv4() }, prober: { clock } });
  assert.equal(seen[0]?.headers['x-amz-date'], '20260601T120007Z');
});

/** What the target answers, and what is made of that. */
const REFUSALS: readonly [
  string,
  { status: number; headers?: Record<string, string>; body?: string },
  string,
  RegExp,
][] = [
  [
    'a clock that is off',
    { status: 403, headers: { date: new Date(Date.now() - 10 * 60_000).toUTCString() } },
    'inconclusive',
    /^the target refused the signature \(403\), and the two clocks differ by 10 min \(the prober is ahead\)/,
  ],
  [
    'an expired signature',
    { status: 403, body: '{"message":"Signature expired: 20260601T120000Z is now earlier than 20260601T121000Z"}' },
    'inconclusive',
    /the two clocks differ: set the one that is wrong/,
  ],
  [
    'expired credentials',
    { status: 403, headers: { 'x-amzn-errortype': 'ExpiredTokenException' } },
    'inconclusive',
    /403 ExpiredTokenException\): the credentials have expired/,
  ],
  [
    'a wrong key, in the XML of S3',
    { status: 403, body: '<Error><Code>SignatureDoesNotMatch</Code></Error>' },
    'inconclusive',
    /403 SignatureDoesNotMatch\): look at secretAccessKey, service and region/,
  ],
  [
    'what the role may not do',
    { status: 403, headers: { 'x-amzn-errortype': 'AccessDeniedException' } },
    'failed',
    /^expected status 200, got 403$/,
  ],
  ['its own fault', { status: 500, body: 'ExpiredToken' }, 'failed', /^expected status 200, got 500$/],
];
for (const [what, { status, headers = {}, body = '' }, outcome, detail] of REFUSALS) {
  test(`a target that refuses because of ${what} makes the check ${outcome}`, async (t) => {
    const port = await serveHttp(t, (_, response) => response.writeHead(status, headers).end(body));
    const result = await checkOf({ url: `http://127.0.0.1:${port}/`, request: { auth: sigv4() } });
    assert.equal(result.outcome, outcome);
    assert.match(result.detail ?? '', detail);
  });
}

test('a refusal that is expected passes', async (t) => {
  const port = await serveHttp(t, (_, response) =>
    response.writeHead(403, { 'x-amzn-errortype': 'ExpiredToken' }).end(),
  );
  const expect = { status: [{ op: 'equals', value: 403 }] } as const;
  const result = await checkOf({ url: `http://127.0.0.1:${port}/`, request: { auth: sigv4() }, expect });
  assert.equal(result.outcome, 'passed');
});

test('a step of a flow is signed as its definition says', async (t) => {
  const { url } = await api(t);
  const result = await checkWritten({
    type: 'flow',
    steps: [{ request: { url, auth: { sigv4: { service: 'execute-api' } } } }],
  });
  assert.equal(result.detail, null);
});

const HOSTS: readonly [string, string | null][] = [
  ['abc.execute-api.eu-west-1.amazonaws.com', 'eu-west-1'],
  ['search-x.us-gov-west-1.es.amazonaws.com', 'us-gov-west-1'],
  ['bucket-eu-west-1.s3.dualstack.ap-southeast-2.amazonaws.com', 'ap-southeast-2'],
  ['x.lambda-url.eu-central-1.on.aws', 'eu-central-1'],
  ['sqs.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
  ['bucket.s3.amazonaws.com', null],
  ['api.eu-west-1.acme.dev', null],
];
for (const [host, region] of HOSTS) {
  test(`the name ${host} tells ${region ?? 'no region'}`, () => assert.equal(regionOfHost(host), region));
}
