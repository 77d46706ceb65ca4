import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, type TestContext, test } from 'node:test';
import { checkVerb } from '../../cli/check.ts';
import { checkJson } from '../../cli/check-json.ts';
import { checkJunit } from '../../cli/check-junit.ts';
import { SKIPPED_BECAUSE } from '../../cli/check-run.ts';
import { checkTable } from '../../cli/check-table.ts';
import { dispatch } from '../../cli/dispatch.ts';
import type { FlowMonitor } from '../../shared/monitor.ts';
import { NO_PHASES, type StepResult, traceId } from '../../shared/result.ts';
import { monitor } from '../prober/build.ts';
import { serveHttp } from '../servers/loopback.ts';
import { failureOf, heartbeatOf, resultOf } from '../shared/build.ts';
import { fakeIo } from './process.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'check-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function write(file: string, content: unknown): void {
  writeFileSync(join(cwd, file), typeof content === 'string' ? content : JSON.stringify(content));
}

async function check(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const io = fakeIo({ cwd, env });
  const code = await dispatch(['check', ...argv], { check: async () => checkVerb }, io);
  return { code, ...io.said };
}

test('all passed: 0', async (t) => {
  write('a.json', { id: 'a', request: { url: await target(t, 200) } });
  const { code, err } = await check(['a.json']);
  assert.deepEqual([code, err], [0, '1 monitor: 1 passed, 0 failed, 0 inconclusive.\n']);
});

test('any failed: 1, with the reason beneath the monitor', async (t) => {
  write('a.json', [
    { id: 'a', request: { url: await target(t, 200) } },
    { id: 'b', request: { url: await target(t, 503) } },
  ]);
  const { code, out, err } = await check(['a.json']);
  assert.deepEqual([code, err], [1, '2 monitors: 1 passed, 1 failed, 0 inconclusive.\n']);
  assert.match(out, /\n✓ +a +200 .*\n✗ +b +503 .*\n +status: expected status .*, got 503\n$/);
});

test('inconclusive is no success: 1, and says which variable a secret needs', async () => {
  write('a.json', { id: 'a', request: { url: 'https://a.dev', headers: { authorization: '${secret:api-token}' } } });
  const { code, out } = await check(['a.json']);
  assert.equal(code, 1);
  assert.match(out, /prober: secret "api-token" has no value here: set PARALLAX_SECRET_API_TOKEN/);
});

test('secrets come from the environment', async (t) => {
  const arrived = Promise.withResolvers<string | undefined>();
  const port = await serveHttp(t, (request, response) => {
    arrived.resolve(request.headers.authorization);
    response.end();
  });
  const headers = { authorization: 'Bearer ${secret:api-token}' };
  write('a.json', { id: 'a', request: { url: `http://127.0.0.1:${port}/`, headers } });
  await check(['a.json'], { PARALLAX_SECRET_API_TOKEN: 'hunter2' });
  assert.equal(await arrived.promise, 'Bearer hunter2');
});

test('one key of a JSON secret comes from its variable', async (t) => {
  const arrived = Promise.withResolvers<string | undefined>();
  const port = await serveHttp(t, (request, response) => {
    arrived.resolve(request.headers.authorization);
    response.end();
  });
  const headers = { authorization: 'Bearer ${secret:api#token}' };
  write('a.json', { id: 'a', request: { url: `http://127.0.0.1:${port}/`, headers } });
  await check(['a.json'], { PARALLAX_SECRET_API: '{"token":"hunter2"}' });
  assert.equal(await arrived.promise, 'Bearer hunter2');
});

test('a key that its variable lacks says which variable', async () => {
  write('a.json', { id: 'a', request: { url: 'https://a.dev', headers: { authorization: '${secret:api#token}' } } });
  const { out } = await check(['a.json'], { PARALLAX_SECRET_API: '{}' });
  assert.match(out, /secret "api" has no key "token": add it to PARALLAX_SECRET_API/);
});

test('--env completes definitions', async (t) => {
  write('a.json', { id: 'a', request: { url: '${env:base}/health' } });
  assert.equal((await check(['a.json', '--env', `base=${await target(t, 200)}`])).code, 0);
});

test('--only checks that monitor alone', async (t) => {
  const url = await target(t, 200);
  write('a.json', [
    { id: 'a', request: { url } },
    { id: 'b', request: { url: await target(t, 503) } },
  ]);
  const { code, err } = await check(['a.json', '--only', 'a']);
  assert.deepEqual([code, err], [0, '1 monitor: 1 passed, 0 failed, 0 inconclusive.\n']);
});

test('--only with an id that is not there: 2, and names those that are', async () => {
  write('a.json', { id: 'a', request: { url: 'https://a.dev' } });
  const { code, err } = await check(['a.json', '--only', 'b']);
  assert.equal(code, 2);
  assert.match(err, /There is no monitor "b" in these files\. They have: a\./);
});

test('a bad file: 2, all problems on stderr, nothing on stdout, nothing requested', async (t) => {
  const port = await serveHttp(t, () => assert.fail('requested'));
  write('good.json', { id: 'a', request: { url: `http://127.0.0.1:${port}/` } });
  write('bad.json', { id: 'b', request: {}, tags: 5 });
  const { code, out, err } = await check(['good.json', 'bad.json']);
  assert.deepEqual([code, out], [2, '']);
  assert.match(err, /bad\.json.*\$\.request/);
  assert.match(err, /bad\.json.*\$\.tags/);
});

test('a file that is not there: 2', async () => {
  const { code, err } = await check(['none.json']);
  assert.deepEqual([code, err], [2, 'parallax check: There is no file none.json.\n']);
});

test('without files checks all of the deployment’s monitors, named by their files', async (t) => {
  const url = await target(t, 200);
  write('parallax.json', {
    name: 'acme',
    home: 'us-east-1',
    regions: ['us-east-1', 'eu-west-1'],
    monitors: ['m-*.json'],
    notify: [{ email: 'oncall@acme.example' }],
  });
  write('m-1.json', { id: 'a', request: { url } });
  write('m-2.json', { id: 'b', request: { url } });
  const { code, out } = await check(['--json']);
  assert.equal(code, 0);
  assert.deepEqual(
    JSON.parse(out).results.map((result: { file: string; id: string }) => [result.file, result.id]),
    [
      ['m-1.json', 'a'],
      ['m-2.json', 'b'],
    ],
  );
});

const HEARTBEAT = { id: 'nightly', type: 'heartbeat', heartbeat: { every: '1d', token: '${secret:nightly}' } };

test('heartbeats beside others are skipped, which fails nothing', async (t) => {
  write('mixed.json', [{ id: 'a', request: { url: await target(t, 200) } }, HEARTBEAT]);
  const { code, out, err } = await check(['mixed.json']);
  assert.equal(code, 0);
  assert.match(out, /– {2}nightly\n +not checked: a heartbeat is received from its job/);
  assert.match(err, /^1 monitor: 1 passed, 0 failed, 0 inconclusive\. 1 heartbeat skipped: its job calls\.$/m);
});

test('heartbeats alone: 2, since nothing was checked', async () => {
  write('jobs.json', HEARTBEAT);
  const { code, out } = await check(['jobs.json', '--json']);
  assert.equal(code, 2);
  assert.equal(JSON.parse(out).ok, false);
});

test('--json and --junit together: 2', async () => {
  assert.equal((await check(['a.json', '--json', '--junit'])).code, 2);
});

const CHECKED = [
  {
    file: 'monitors/a.json',
    checked: [
      { monitor: monitor({ id: 'a' }), result: resultOf({ monitorId: 'a', totalMs: 100 }) },
      {
        monitor: monitor({ id: 'b' }),
        result: failureOf({ monitorId: 'b', totalMs: 50, detail: 'body expected "<a>", got "&\u0001"' }),
      },
      {
        monitor: monitor({ id: 'c' }),
        result: resultOf({ monitorId: 'c', outcome: 'inconclusive', reason: 'prober', detail: 'ours', totalMs: null }),
      },
    ],
    skipped: [heartbeatOf({ id: 'd', name: 'Nightly' })],
  },
];

test('--json says all that was found', () => {
  const { results, ...summary } = JSON.parse(checkJson(CHECKED));
  const skipped = [{ file: 'monitors/a.json', id: 'd', name: 'Nightly', detail: SKIPPED_BECAUSE }];
  assert.deepEqual(summary, { ok: false, passed: 1, failed: 1, inconclusive: 1, skipped });
  const { slotEpochMs, phases } = resultOf();
  assert.deepEqual(results[0], {
    file: 'monitors/a.json',
    id: 'a',
    name: 'a',
    outcome: 'passed',
    reason: null,
    failedPhase: null,
    detail: null,
    blame: null,
    attempts: 1,
    status: 200,
    protocol: null,
    totalMs: 100,
    phases: { ...phases },
    redirects: 0,
    bodyBytes: 512,
    address: null,
    certificateDaysLeft: null,
    metrics: {},
    steps: null,
    startedAtEpochMs: slotEpochMs,
    traceId: traceId('a', 'local', slotEpochMs),
  });
});

test('--junit is a suite a file, failures and errors apart, escaped', () => {
  assert.equal(
    checkJunit(CHECKED),
    [
      '<?xml version="1.0" encoding="UTF-8"?>',
      '<testsuites name="parallax check" tests="4" failures="1" errors="1" skipped="1" time="0.150000">',
      '  <testsuite name="monitors/a.json" tests="4" failures="1" errors="1" skipped="1" time="0.150000">',
      '    <testcase classname="monitors/a.json" name="a" time="0.100000"/>',
      '    <testcase classname="monitors/a.json" name="b" time="0.050000">',
      '      <failure type="status" message="body expected &quot;&lt;a&gt;&quot;, got &quot;&amp;\uFFFD&quot;"/>',
      '    </testcase>',
      '    <testcase classname="monitors/a.json" name="c" time="0.000000">',
      '      <error type="prober" message="ours"/>',
      '    </testcase>',
      '    <testcase classname="monitors/a.json" name="d" time="0.000000">',
      `      <skipped message="${SKIPPED_BECAUSE}"/>`,
      '    </testcase>',
      '  </testsuite>',
      '</testsuites>',
      '',
    ].join('\n'),
  );
});

test('the table lines up, and a phase that did not happen is a dash', () => {
  assert.equal(
    checkTable([
      {
        file: 'a.json',
        checked: CHECKED.flatMap(({ checked }) => checked).slice(0, 2),
        skipped: [heartbeatOf({ id: 'd' })],
      },
    ]),
    [
      '   monitor  status  total  dns  connect  tls  first byte  download   (ms)',
      '',
      'a.json',
      '✓  a           200  100.0    —     10.0    —        85.0       5.0',
      '✗  b           503   50.0    —     10.0    —        85.0       5.0',
      '     status: body expected "<a>", got "&\u0001"',
      '–  d',
      `     ${SKIPPED_BECAUSE}`,
      '',
    ].join('\n'),
  );
});

const FLAKE = 'passed at attempt 2; the first failed after 21 ms: expected status 200, got 503';
const FLAKED = [
  {
    file: 'a.json',
    skipped: [],
    checked: [{ monitor: monitor({ id: 'a' }), result: resultOf({ detail: FLAKE, blame: 'target', attempts: 2 }) }],
  },
];

test('a flake says what came first, as no failure', () => {
  assert.deepEqual(checkTable(FLAKED).split('\n').slice(4), [`     ${FLAKE}`, '']);
  assert.match(
    checkJunit(FLAKED),
    new RegExp(`<testcase [^/]*>\n +<system-out>\n${FLAKE}\n +</system-out>\n +</testcase>`),
  );
  const [{ outcome, blame, attempts }] = JSON.parse(checkJson(FLAKED)).results;
  assert.deepEqual({ outcome, blame, attempts }, { outcome: 'passed', blame: 'target', attempts: 2 });
});

/** Of its steps the second failed, the third was not made, and clean-up was. */
const FLOWED = [
  {
    file: 'a.json',
    skipped: [],
    checked: [
      {
        monitor: flowOf(['login', 'order', 'pay'], ['cancel']),
        result: failureOf({
          monitorId: 'shop',
          detail: 'step 2 "order": expected status 201, got 503',
          totalMs: 22.5,
          steps: [
            stepOf('login', { totalMs: 12.5, status: 201 }),
            stepOf('order', { totalMs: 10, status: 503, outcome: 'failed', reason: 'status' }),
            stepOf('cancel', { isCleanup: true, totalMs: 5, status: 204 }),
          ],
        }),
      },
    ],
  },
];

test('for a person: a flow’s steps stand beneath it, each with its numbers', () => {
  assert.equal(
    checkTable(FLOWED),
    [
      '   monitor                status  total  dns  connect  tls  first byte  download   (ms)',
      '',
      'a.json',
      '✗  shop                      503   22.5    —     10.0    —        85.0       5.0',
      '     ✓ login                 201   12.5    —      1.0    —         2.0         —',
      '     ✗ order                 503   10.0    —      1.0    —         2.0         —',
      '     · pay                     —      —    —        —    —           —         —',
      '     ✓ cancel (clean-up)     204    5.0    —      1.0    —         2.0         —',
      '     status: step 2 "order": expected status 201, got 503',
      '',
    ].join('\n'),
  );
});

test('--json tells every step of a flow, also those that were not made', () => {
  const { results } = JSON.parse(checkJson(FLOWED));
  const none = {
    outcome: null,
    reason: null,
    failedPhase: null,
    status: null,
    totalMs: null,
    phases: { ...NO_PHASES },
  };
  const made = {
    outcome: 'passed',
    reason: null,
    failedPhase: null,
    phases: { ...NO_PHASES, connectMs: 1, firstByteMs: 2 },
  };
  assert.deepEqual(results[0].steps, [
    { ...made, name: 'login', cleanup: false, status: 201, totalMs: 12.5 },
    { ...made, name: 'order', cleanup: false, outcome: 'failed', reason: 'status', status: 503, totalMs: 10 },
    { ...none, name: 'pay', cleanup: false },
    { ...made, name: 'cancel', cleanup: true, status: 204, totalMs: 5 },
  ]);
});

test('--junit tells what the steps of a flow came to', () => {
  const [, said = ''] = /<system-out>\n(.*)\n *<\/system-out>/s.exec(checkJunit(FLOWED)) ?? [];
  assert.deepEqual(said.split('\n'), [
    'login: passed: 201, 12.5 ms',
    'order: failed: status, 503, 10.0 ms',
    'pay: not made',
    'clean-up cancel: passed: 204, 5.0 ms',
  ]);
});

test('for a person: a stream’s numbers stand beneath it, as far as they are known', () => {
  const streamed = {
    ...monitor({ id: 'a' }),
    stream: { format: 'sse', answer: [], stopReason: [], price: null },
  } as const;
  const metrics = { timeToFirstToken: 412, tokensPerSecond: 45.25, outputTokens: 20, cost: 0.0022 };
  const checked = [metrics, {}].map((numbers) => ({ monitor: streamed, result: resultOf({ metrics: numbers }) }));
  const lines = checkTable([{ file: 'a.json', checked, skipped: [] }]).split('\n');
  assert.deepEqual(
    lines.filter((line) => line.includes('token')),
    ['     first token 412.0 · 45.3 tokens/s · 20 tokens · $0.0022', '     first token —'],
  );
});

/** A server that gives this status; its URL. */
async function target(t: TestContext, status: number): Promise<string> {
  return `http://127.0.0.1:${await serveHttp(t, (_, response) => response.writeHead(status).end())}`;
}

function flowOf(steps: readonly string[], cleanup: readonly string[]): FlowMonitor {
  const { request, expect, type: _, ...base } = monitor({ id: 'shop' });
  const stepsOf = (names: readonly string[]) =>
    names.map((name) => ({ name, request, expect, capture: [], metrics: [] }));
  return { ...base, type: 'flow', steps: stepsOf(steps), cleanup: stepsOf(cleanup), expect: { responseTimeMs: [] } };
}

function stepOf(name: string, over: Partial<StepResult>): StepResult {
  return {
    name,
    isCleanup: false,
    outcome: 'passed',
    reason: null,
    failedPhase: null,
    totalMs: null,
    phases: { ...NO_PHASES, connectMs: 1, firstByteMs: 2 },
    status: null,
    ...over,
  };
}
