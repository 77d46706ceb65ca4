import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { startDemo } from '../../local/demo.ts';
import { createDemoApi } from '../../local/demo-api.ts';
import { FaultSwitchboard } from '../../local/demo-faults.ts';
import { demoLatencyMs } from '../../local/demo-latency.ts';
import { closeServer, listenOnLoopback } from '../../local/loopback-server.ts';

/** Without jitter: `random` of 0 makes the normal deviate 0. */
const MEDIAN = (): number => 0;

async function start(t: TestContext): Promise<string> {
  const server = createDemoApi(MEDIAN);
  const url = await listenOnLoopback(server, 0, '');
  t.after(() => closeServer(server, 0));
  return url;
}

function from(region: string): RequestInit {
  return { headers: { 'user-agent': `Parallax/0.1 (region=${region})` } };
}

async function breakIt(url: string, query: string): Promise<void> {
  const response = await fetch(`${url}/_faults?${query}`, { method: 'POST' });
  assert.equal(response.status, 200, await response.text());
}

describe('the demo API', () => {
  const answers: readonly [string, RequestInit, number, unknown][] = [
    ['/checkout', {}, 200, { status: 'ok', queue: { depth: 12 } }],
    ['/search?q=bell', {}, 200, { results: ['bicycle bell'], tookMs: 65 }],
    ['/login', { method: 'POST', body: '{"user":"demo"}' }, 200, { token: 'demo-session-token' }],
    ['/login', { method: 'POST', body: 'user=demo' }, 400, { error: 'send a JSON object' }],
    ['/account', {}, 401, { error: 'send authorization: Bearer <token>' }],
    ['/account', { headers: { authorization: 'Bearer x' } }, 200, { name: 'Demo Customer', orders: 3 }],
    ['/nothing', {}, 404, { error: 'there is no GET /nothing' }],
  ];
  for (const [path, init, status, json] of answers) {
    it(`answers ${init.method ?? 'GET'} ${path} with ${status}`, async (t) => {
      const response = await fetch((await start(t)) + path, init);
      assert.deepEqual([response.status, await response.json()], [status, json]);
    });
  }

  it('answers GET /health with 204 and nothing', async (t) => {
    const response = await fetch(`${await start(t)}/health`);
    assert.deepEqual([response.status, await response.text()], [204, '']);
  });

  it('fails in the one region that was broken, and not in another', async (t) => {
    const url = await start(t);
    await breakIt(url, 'path=/checkout&region=us-east-1&fault=error');
    const statuses = [
      (await fetch(`${url}/checkout`, from('us-east-1'))).status,
      (await fetch(`${url}/checkout`, from('us-east-2'))).status,
      (await fetch(`${url}/health`, from('us-east-1'))).status,
    ];
    assert.deepEqual(statuses, [503, 200, 204]);
  });

  it('fails everywhere without a region, on every path without a path', async (t) => {
    const url = await start(t);
    await breakIt(url, 'fault=error');
    assert.equal((await fetch(`${url}/health`, from('us-east-1'))).status, 503);
  });

  it('heals', async (t) => {
    const url = await start(t);
    await breakIt(url, 'fault=error');
    await fetch(`${url}/_faults`, { method: 'DELETE' });
    assert.equal((await fetch(`${url}/health`)).status, 204);
  });

  it('answers a page that is not JSON where it is wrong', async (t) => {
    const url = await start(t);
    await breakIt(url, 'fault=wrong');
    const response = await fetch(`${url}/checkout`);
    assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'text/html']);
  });

  for (const fault of ['reset', 'garbage']) {
    it(`breaks the exchange on ${fault}`, async (t) => {
      const url = await start(t);
      await breakIt(url, `fault=${fault}`);
      await assert.rejects(fetch(`${url}/checkout`), TypeError);
    });
  }

  it('does not answer while it hangs', async (t) => {
    const url = await start(t);
    await breakIt(url, 'fault=hang');
    await assert.rejects(fetch(`${url}/checkout`, { signal: AbortSignal.timeout(200) }), { name: 'TimeoutError' });
  });

  it('explains its faults', async (t) => {
    const text = await (await fetch(`${await start(t)}/_faults`)).text();
    assert.match(text, /curl -X POST 'http:\/\/127\.0\.0\.1:\d+\/_faults\?path=/);
  });

  it('names the faults that there are', async (t) => {
    const response = await fetch(`${await start(t)}/_faults?fault=explode`, { method: 'POST' });
    assert.match(await response.text(), /one of error, slow, hang, reset, garbage, wrong/);
  });

  it('is not broken by a page in a browser', async (t) => {
    const init = { method: 'POST', headers: { origin: 'https://evil.example' } };
    assert.equal((await fetch(`${await start(t)}/_faults?fault=error`, init)).status, 403);
  });
});

describe('the demo API in its thread', () => {
  it('takes another port where its own is taken', async (t) => {
    const first = await startDemo(0);
    t.after(() => first.close());
    const second = await startDemo(Number(new URL(first.url).port));
    t.after(() => second.close());
    assert.equal((await fetch(`${second.url}/health`)).status, 204);
  });

  it('is broken and healed by hand', async (t) => {
    const demo = await startDemo(0);
    t.after(() => demo.close());
    const status = async (): Promise<number> => (await fetch(`${demo.url}/checkout`)).status;
    await demo.switchOn({ path: '/checkout', region: null, fault: 'error' });
    const broken = await status();
    await demo.healAll();
    assert.deepEqual([broken, await status()], [503, 200]);
  });
});

describe('FaultSwitchboard', () => {
  it('lets the last fault win', () => {
    const board = new FaultSwitchboard();
    board.switchOn({ path: '/a', region: null, fault: 'error' });
    board.switchOn({ path: null, region: null, fault: 'hang' });
    assert.equal(board.faultFor('/a', 'us-east-1'), 'hang');
  });

  it('replaces the fault of the same scope', () => {
    const board = new FaultSwitchboard();
    board.switchOn({ path: '/a', region: null, fault: 'error' });
    board.switchOn({ path: '/a', region: null, fault: 'slow' });
    assert.equal(board.faults.length, 1);
  });

  it('heals only what lies in the scope', () => {
    const board = new FaultSwitchboard();
    board.switchOn({ path: '/a', region: 'us-east-1', fault: 'error' });
    board.switchOn({ path: '/b', region: 'us-east-1', fault: 'error' });
    board.heal({ path: '/a', region: null });
    assert.deepEqual(
      board.faults.map(({ path }) => path),
      ['/b'],
    );
  });
});

describe('demoLatencyMs', () => {
  it('differs by region', () => {
    const medians = ['us-east-1', 'eu-west-1', 'ap-southeast-2'].map((region) =>
      demoLatencyMs('/health', region, MEDIAN),
    );
    assert.deepEqual(medians, [21, 91, 211]);
  });

  it('gives a region that it does not know its own, always the same', () => {
    assert.equal(demoLatencyMs('/health', 'il-central-1', MEDIAN), demoLatencyMs('/health', 'il-central-1', MEDIAN));
  });
});
