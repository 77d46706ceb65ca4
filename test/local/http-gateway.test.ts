import assert from 'node:assert/strict';
import { request } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { startHttpGateway } from '../../local/http-gateway.ts';
import { LocalError } from '../../local/local-error.ts';

interface Gateway {
  readonly url: string;
  readonly events: APIGatewayProxyEventV2[];
  readonly reported: string[];
}

async function start(t: TestContext, result: () => unknown = () => ({ statusCode: 200 })): Promise<Gateway> {
  const events: APIGatewayProxyEventV2[] = [];
  const reported: string[] = [];
  const gateway = await startHttpGateway({
    port: 0,
    invoke: async (event) => {
      events.push(event);
      return result();
    },
    nowEpochMs: () => Date.UTC(2026, 10, 22),
    report: (line) => reported.push(line),
  });
  t.after(() => gateway.close());
  return { url: gateway.url, events, reported };
}

/** `fetch` does not let the host header be chosen. */
async function statusWithHost(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describe('the HTTP gateway', () => {
  it('hands the path and the query on as they came', async (t) => {
    const gateway = await start(t);
    await fetch(`${gateway.url}/api/monitors/a%2Fb?range=1h&tag=x&tag=y`);
    assert.partialDeepStrictEqual(gateway.events[0], {
      version: '2.0',
      rawPath: '/api/monitors/a%2Fb',
      rawQueryString: 'range=1h&tag=x&tag=y',
      queryStringParameters: { range: '1h', tag: 'x,y' },
      requestContext: { http: { method: 'GET', path: '/api/monitors/a%2Fb' } },
    });
  });

  it('hands headers on with lower-case names', async (t) => {
    const gateway = await start(t);
    await fetch(gateway.url, { headers: { 'X-Some': 'one' } });
    assert.equal(gateway.events[0]?.headers['x-some'], 'one');
  });

  it('answers as the result says', async (t) => {
    const gateway = await start(t, () => ({ statusCode: 404, headers: { 'x-some': 'one' }, body: '{"a":1}' }));
    const response = await fetch(gateway.url);
    assert.deepEqual(
      [response.status, response.headers.get('x-some'), response.headers.get('content-type'), await response.text()],
      [404, 'one', 'application/json', '{"a":1}'],
    );
  });

  it('takes a result without a status code as the body of a 200', async (t) => {
    const gateway = await start(t, () => ({ a: 1 }));
    const response = await fetch(gateway.url);
    assert.deepEqual([response.status, await response.json()], [200, { a: 1 }]);
  });

  it('decodes a body in base64', async (t) => {
    const body = Buffer.from('bytes').toString('base64');
    const gateway = await start(t, () => ({ statusCode: 200, body, isBase64Encoded: true }));
    assert.equal(await (await fetch(gateway.url)).text(), 'bytes');
  });

  it('answers 502 where the function fails, and goes on', async (t) => {
    const outcomes = [
      () => {
        throw new Error('broken');
      },
      () => ({ statusCode: 200 }),
    ];
    const gateway = await start(t, () => outcomes.shift()?.());
    const statuses = [(await fetch(gateway.url)).status, (await fetch(gateway.url)).status];
    assert.deepEqual(statuses, [502, 200]);
  });

  it('does not tell its caller why the function failed', async (t) => {
    const gateway = await start(t, () => {
      throw new Error('internal matter');
    });
    assert.doesNotMatch(await (await fetch(gateway.url)).text(), /internal matter/);
  });

  it('is for reading only', async (t) => {
    const gateway = await start(t);
    const response = await fetch(gateway.url, { method: 'POST', body: '{}' });
    assert.deepEqual([response.status, response.headers.get('allow'), gateway.events.length], [405, 'GET', 0]);
  });

  it('refuses a name that somebody else points here', async (t) => {
    const { url } = await start(t);
    const port = new URL(url).port;
    const hosts = [`evil.example:${port}`, `localhost.evil.example`, `localhost:${port}`, `[::1]:${port}`];
    const statuses = await Promise.all(hosts.map((host) => statusWithHost(url, host)));
    assert.deepEqual(statuses, [403, 403, 200, 200]);
  });

  it('says what to do about a port that is taken', async (t) => {
    const { url } = await start(t);
    const again = startHttpGateway({
      port: Number(new URL(url).port),
      invoke: async () => null,
      nowEpochMs: () => 0,
      report: () => {},
    });
    await assert.rejects(again, (error) => error instanceof LocalError && error.message.includes('--port'));
  });
});
