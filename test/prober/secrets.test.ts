import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { isFailure } from '../../functions/prober/failure.ts';
import { Redaction } from '../../functions/prober/redaction.ts';
import { withSecrets } from '../../functions/prober/secrets.ts';
import type { HttpRequest } from '../../shared/monitor.ts';
import type { Secret } from '../../shared/secret-member.ts';
import { serveHttp } from '../servers/loopback.ts';
import { checkOf, monitor } from './build.ts';

test('stands in the url, headers and body that are sent', async (t) => {
  let body = '';
  const { port, request } = await recorder(t, (text) => {
    body = text;
  });
  await checkOf({
    url: `http://127.0.0.1:${port}/?key=\${secret:key}`,
    request: { method: 'POST', headers: { authorization: 'Bearer ${secret:token}' }, body: 'a=${secret:token}' },
    secrets: { key: { value: 'a+b/c=' }, token: { value: 'hunter2' } },
  });
  const { url, headers } = await request;
  assert.deepEqual([url, headers.authorization, body], ['/?key=a%2Bb%2Fc%3D', 'Bearer hunter2', 'a=hunter2']);
});

test('can be the whole url', () => {
  const filled = withSecrets(requestOf({ url: '${secret:hook}' }), secretsOf({ hook: 'https://acme.example/a?b=c' }));
  assert.ok(!isFailure(filled));
  assert.equal(filled.url.href, 'https://acme.example/a?b=c');
});

test('in the url’s user part becomes basic credentials', () => {
  const filled = withSecrets(
    requestOf({ url: 'https://me:${secret:pw}@acme.example/' }),
    secretsOf({ pw: 'p@ss:w/rd' }),
  );
  assert.ok(!isFailure(filled));
  assert.equal(filled.headers.authorization, `Basic ${Buffer.from('me:p@ss:w/rd').toString('base64')}`);
  assert.equal(filled.url.href, 'https://acme.example/');
});

test('does not break out of a JSON text', () => {
  const json = { headers: { 'content-type': 'application/json' }, body: '{"pw":"${secret:pw}"}' };
  const filled = withSecrets(requestOf(json), secretsOf({ pw: 'a"b\nc' }));
  assert.ok(!isFailure(filled) && filled.body !== null);
  assert.deepEqual(JSON.parse(filled.body), { pw: 'a"b\nc' });
});

test('with another placeholder in its value is not filled in twice', () => {
  const filled = withSecrets(
    requestOf({ headers: { a: '${secret:one}' } }),
    secretsOf({ one: '${secret:two}', two: 'hunter2' }),
  );
  assert.ok(!isFailure(filled));
  assert.equal(filled.headers.a, '${secret:two}');
});

test('that is missing makes the check inconclusive, with its name, and nothing is sent', async () => {
  const result = await checkOf({
    url: 'http://127.0.0.1:9/',
    request: { headers: { authorization: '${secret:token}' } },
    secrets: { token: { missing: 'secret "token" does not exist' } },
  });
  assert.deepEqual(
    [result.outcome, result.reason, result.detail, result.totalMs],
    ['inconclusive', 'prober', 'secret "token" does not exist', null],
  );
});

test('with a line break cannot be sent in a header: inconclusive, and its value stays out of the detail', async (t) => {
  const { port } = await recorder(t);
  const result = await checkOf({
    url: `http://127.0.0.1:${port}/`,
    request: { headers: { authorization: 'Bearer ${secret:token}' } },
    secrets: { token: { value: 'hunter2\n' } },
  });
  assert.deepEqual([result.outcome, result.reason], ['inconclusive', 'prober']);
  assert.match(result.detail ?? '', /authorization.*line breaks/);
  assert.doesNotMatch(result.detail ?? '', /hunter2/);
});

test('that a target echoes does not come out, however it is written', async (t) => {
  const token = 'hunter2 "&+/';
  const port = await serveHttp(t, (_, response) =>
    response.end(
      [token, encodeURIComponent(token), Buffer.from(token).toString('base64'), JSON.stringify(token)].join(' | '),
    ),
  );
  const result = await checkOf({
    url: `http://127.0.0.1:${port}/`,
    request: { headers: { 'x-token': '${secret:token}' } },
    expect: { body: [{ op: 'equals', value: 'fine' }] },
    secrets: { token: { value: token } },
  });
  assert.equal(result.detail, 'body expected "fine", got "[secret] | [secret] | [secret] | \\"[secret]\\""');
});

test('that a redirect echoes does not come out', async (t) => {
  const port = await serveHttp(t, (_, response) => response.writeHead(302, { location: 'ftp://x/hunter2' }).end());
  const result = await checkOf({
    url: `http://127.0.0.1:${port}/`,
    request: { headers: { 'x-token': '${secret:token}' } },
    secrets: { token: { value: 'hunter2' } },
  });
  assert.equal(result.detail, 'redirected to "ftp://x/[secret]", which is neither http nor https');
});

test('is not left in half where a value is cut short', async (t) => {
  const token = 'k'.repeat(500);
  const port = await serveHttp(t, (_, response) => response.end(`${'-'.repeat(70)}${token}`));
  const result = await checkOf({
    url: `http://127.0.0.1:${port}/`,
    request: { headers: { 'x-token': '${secret:token}' } },
    expect: { body: [{ op: 'equals', value: 'fine' }] },
    secrets: { token: { value: token } },
  });
  assert.doesNotMatch(result.detail ?? '', /kk/);
});

test('that is one key of a JSON secret is sent and hidden by itself', async (t) => {
  const { port, request } = await recorder(t);
  await checkOf({
    url: `http://127.0.0.1:${port}/`,
    request: { headers: { 'x-user': '${secret:db#user}', 'x-password': '${secret:db#password}' } },
    secrets: { 'db#user': { value: 'probe' }, 'db#password': { value: 'hunter2' } },
  });
  const { headers } = await request;
  assert.deepEqual([headers['x-user'], headers['x-password']], ['probe', 'hunter2']);
});

test('that is JSON is hidden in each of its parts', () => {
  const { redact } = new Redaction(
    secretsOf({ db: '{"password":"hunter2","deep":[{"pin":"9376"}],"tls":true,"n":1}' }),
  );
  assert.equal(redact('hunter2, 9376, aHVudGVyMg, true, 1'), '[secret], [secret], [secret], true, 1');
});

test('of several lines is hidden in each of its lines, and without the last break', () => {
  const { redact } = new Redaction(
    secretsOf({ pem: '-----BEGIN-----\nMIIEvQIBADAN\r\nBgkqhkiG9w0B\n', key: ' hunter2\n' }),
  );
  assert.equal(redact('MIIEvQIBADAN BgkqhkiG9w0B, hunter2!'), '[secret] [secret], [secret]!');
});

test('that is JSON of endless parts costs no more than a hundred', () => {
  const many = JSON.stringify(Array.from({ length: 5_000 }, (_, index) => `part-${index}-`));
  const { redact } = new Redaction(secretsOf({ many }));
  assert.equal(redact('part-99- part-100-'), '[secret] part-100-');
});

test('of any value is redacted from any text around it', () => {
  const value = fc.string({ minLength: 8, unit: 'grapheme' });
  fc.assert(
    fc.property(fc.string(), value, fc.string(), (before, secret, after) => {
      const secrets = secretsOf({ token: secret });
      assert.ok(!new Redaction(secrets).redact(`${before}${secret}${after}`).includes(secret));
    }),
  );
});

function requestOf(stated: Partial<HttpRequest>): HttpRequest {
  return monitor({ request: stated }).request;
}

function secretsOf(values: Readonly<Record<string, string>>): ReadonlyMap<string, Secret> {
  return new Map(Object.entries(values).map(([name, value]) => [name, { value }]));
}

async function recorder(
  t: TestContext,
  onBody: (text: string) => void = () => {},
): Promise<{ readonly port: number; readonly request: Promise<IncomingMessage> }> {
  const arrived = Promise.withResolvers<IncomingMessage>();
  const port = await serveHttp(t, (request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      onBody(text);
      response.end();
      arrived.resolve(request);
    });
  });
  return { port, request: arrived.promise };
}
