import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPath } from '../../shared/definition/diagnostics.ts';
import { CONFIG, MONITOR, placesOf, problemOf, problemsOf, resolveTexts } from './definitions.ts';

/** What is wrong, where it must be found, and a part of the remedy. */
const MONITORS: readonly (readonly [string, object, string, RegExp])[] = [
  ['an unknown key', { evry: '1m' }, 'error $.evry', /Did you mean "every"\?/],
  ['an unknown key like none', { zzzzzz: 1 }, 'error $.zzzzzz', /Remove it/],
  ['an unknown key inside', { expect: { stauts: 200 } }, 'error $.expect.stauts', /"status"/],
  ['an unknown operator', { expect: { json: { '$.a': { belw: 1 } } } }, 'error $.expect.json["$.a"].belw', /"below"/],
  [
    'an operator of another property',
    { expect: { status: { matches: '2' } } },
    'error $.expect.status.matches',
    /Remove it/,
  ],
  ['a bare response time', { expect: { responseTime: '800ms' } }, 'error $.expect.responseTime', /\{"below":"800ms"\}/],
  ['no operators', { expect: { body: {} } }, 'error $.expect.body', /contains/],
  ['an id with capitals', { id: 'Checkout' }, 'error $.id', /a–z/],
  ['a missing id', { id: undefined }, 'error $.id', /Add "id"/],
  ['a missing request', { request: undefined }, 'error $.request', /Add "request"/],
  ['a missing url', { request: {} }, 'error $.request.url', /Add "url"/],
  ['a number for a duration', { timeout: 10 }, 'error $.timeout', /text in double quotes/],
  ['a duration without a unit', { timeout: '10' }, 'error $.timeout', /"10ms" or "10s"/],
  ['a timeout of nothing', { timeout: '0s' }, 'error $.timeout', /at least "1ms"/],
  ['a timeout of an hour', { timeout: '1h' }, 'error $.timeout', /at most "1m"/],
  [
    'a frequency that divides nothing',
    { every: '7s' },
    'error $.every',
    /"5s", "6s", "10s", "12s", "15s", "20s", "30s", or whole minutes/,
  ],
  ['a frequency of half minutes', { every: '90s' }, 'error $.every', /whole minutes/],
  ['another type', { type: 'htp' }, 'error $.type', /"http"/],
  ['a method in lower case', { request: { url: 'https://a.dev', method: 'post' } }, 'error $.request.method', /"POST"/],
  ['a relative url', { request: { url: '/health' } }, 'error $.request.url', /https:\/\//],
  ['another scheme', { request: { url: 'ftp://a.dev' } }, 'error $.request.url', /Begin with/],
  [
    'body and json',
    { request: { url: 'https://a.dev', method: 'POST', body: 'a', json: 1 } },
    'error $.request.json',
    /Remove one/,
  ],
  [
    'a header name with a space',
    { request: { url: 'https://a.dev', headers: { 'a b': 'c' } } },
    'error $.request.headers["a b"]',
    /letters/,
  ],
  [
    'a header twice',
    { request: { url: 'https://a.dev', headers: { a: '1', A: '2' } } },
    'error $.request.headers.A',
    /Keep one/,
  ],
  [
    'a header with a line break',
    { request: { url: 'https://a.dev', headers: { a: '1\r\nb: 2' } } },
    'error $.request.headers.a',
    /Remove/,
  ],
  [
    'a header of the prober',
    { request: { url: 'https://a.dev', headers: { 'Content-Length': '1' } } },
    'error $.request.headers["Content-Length"]',
    /Remove it/,
  ],
  [
    'too many redirects',
    { request: { url: 'https://a.dev', redirects: 11 } },
    'error $.request.redirects',
    /at most 10/,
  ],
  [
    'half a redirect',
    { request: { url: 'https://a.dev', redirects: 0.5 } },
    'error $.request.redirects',
    /whole number/,
  ],
  [
    'too large a body',
    { request: { url: 'https://a.dev', maxBodyBytes: 1e9 } },
    'error $.request.maxBodyBytes',
    /at most 10485760/,
  ],
  ['a JSONPath without $', { expect: { json: { status: 'ok' } } }, 'error $.expect.json.status', /Begin it with \$/],
  ['a broken JSONPath', { metrics: { a: { json: '$.a[' } } }, 'error $.metrics.a.json', /Correct the path/],
  [
    'a JSONPath that nests without end',
    { metrics: { a: { json: `$[?${'('.repeat(9_000)}` } } },
    'error $.metrics.a.json',
    /Correct/,
  ],
  [
    'a pattern that is not RE2',
    { expect: { body: { matches: '(?=a)' } } },
    'error $.expect.body.matches',
    /no look-around/,
  ],
  [
    'a metric with a built-in name',
    { metrics: { latency: { json: '$.a' } } },
    'error $.metrics.latency',
    /another name/,
  ],
  ['a metric with a dot', { metrics: { 'a.b': { json: '$.a' } } }, 'error $.metrics["a.b"]', /another name/],
  ['a metric with two sources', { metrics: { a: { json: '$.a', header: 'a' } } }, 'error $.metrics.a', /Keep one/],
  ['a region that is none', { regions: ['eu-wst-1'] }, 'error $.regions[0]', /"eu-west-1"/],
  ['a region of no deployment', { regions: ['eu-west-2'] }, 'error $.regions[0]', /"regions" in parallax.json/],
  ['a region twice', { regions: ['eu-west-1', 'eu-west-1'] }, 'error $.regions[1]', /Remove one/],
  ['no regions', { regions: [] }, 'error $.regions', /at least 1/],
  ['an objective without a budget', { slo: { objective: 1, over: '30d' } }, 'error $.slo.objective', /really promised/],
  ['an objective in percent', { slo: { objective: 99.9, over: '30d' } }, 'error $.slo.objective', /"99.9%"/],
  [
    'an objective longer than data is kept',
    { slo: { objective: 0.9, over: '800d' } },
    'error $.slo.over',
    /at most "730d"/,
  ],
  ['a cap where nothing has a cost', { spendCap: { dollars: 5, per: 'day' } }, 'error $.spendCap', /Add "price"/],
  [
    'a cap that everything reaches',
    { metrics: { cost: { json: '$.a' } }, spendCap: { dollars: 0, per: 'day' } },
    'error $.spendCap.dollars',
    /at least 0.001|0.001/,
  ],
  [
    'a cap per something else',
    { metrics: { cost: { json: '$.a' } }, spendCap: { dollars: 1, per: '1d' } },
    'error $.spendCap.per',
    /allowed values/,
  ],
  ['a runbook that is no URL', { runbook: 'wiki' }, 'error $.runbook', /in full/],
  [
    'a proto key',
    JSON.parse('{"expect": {"json": {"__proto__": {"below": 1}}}}'),
    'error $.expect.json.__proto__',
    /Remove it/,
  ],
  [
    'a token in clear',
    { request: { url: 'https://a.dev', headers: { Authorization: 'Bearer x' } } },
    'warning $.request.headers.Authorization',
    /\$\{secret:name\}/,
  ],
  [
    'an API key in clear',
    { request: { url: 'https://a.dev', headers: { 'X-Api-Key': 'x' } } },
    'warning $.request.headers["X-Api-Key"]',
    /\$\{secret:name\}/,
  ],
  [
    'a cookie in clear',
    { request: { url: 'https://a.dev', headers: { cookie: 'session=x' } } },
    'warning $.request.headers.cookie',
    /\$\{secret:name\}/,
  ],
  [
    'a password in a url',
    { request: { url: 'https://user:pass@a.dev' } },
    'warning $.request.url',
    /\$\{secret:name\}/,
  ],
  ['a host for examples', { request: { url: 'https://api.acme.example' } }, 'warning $.request.url', /real one/],
  ['a body with GET', { request: { url: 'https://a.dev', body: 'a' } }, 'warning $.request.body', /POST/],
];

const CONFIGS: readonly (readonly [string, object, string, RegExp])[] = [
  ['a name with a dot', { name: 'a.b' }, 'error $.name', /a–z/],
  ['a home that is no region', { home: 'us-est-1' }, 'error $.home', /"us-east-1"/],
  ['a standby that is home', { standby: 'us-east-1' }, 'error $.standby', /another region/],
  ['a standby in another partition', { standby: 'cn-north-1' }, 'error $.standby', /deploy twice/],
  ['a region in another partition', { regions: ['us-east-1', 'us-gov-west-1'] }, 'error $.regions[1]', /deploy twice/],
  ['a region twice', { regions: ['us-east-1', 'us-east-1'] }, 'error $.regions[1]', /Remove one/],
  ['no regions', { regions: [] }, 'error $.regions', /at least 1/],
  ['a misspelt key', { region: ['us-east-1'] }, 'error $.region', /"regions"/],
  ['a recipient without an address', { notify: [{ severity: ['critical'] }] }, 'error $.notify[0]', /Add one/],
  ['a recipient with two', { notify: [{ email: 'a@b.dev', sms: '+15555550100' }] }, 'error $.notify[0]', /of its own/],
  ['a phone number with spaces', { notify: [{ sms: '+1 555 555 0100' }] }, 'error $.notify[0].sms', /E\.164/],
  ['a hook over http', { notify: [{ https: 'http://a.dev' }] }, 'error $.notify[0].https', /https:/],
  [
    'a severity that is none',
    { notify: [{ email: 'a@b.dev', severity: ['crit'] }] },
    'error $.notify[0].severity[0]',
    /allowed values/,
  ],
  ['a retention too short', { retention: { hours: '1d' } }, 'error $.retention.hours', /at least "7d"/],
  ['a retention of half a window', { retention: { days: '30.5d' } }, 'error $.retention.days', /"31d"/],
  ['no one to tell', { notify: [] }, 'warning $.notify', /Add a recipient/],
];

for (const [what, monitor, place, remedy] of MONITORS) {
  test(`${what} is found in a monitor`, () => {
    const problem = problemOf({ monitor });
    assert.equal(`${problem.severity} ${problem.path}`, place);
    assert.match(problem.remedy ?? '', remedy);
  });
}

for (const [what, config, place, remedy] of CONFIGS) {
  test(`${what} is found in parallax.json`, () => {
    const problem = problemOf({ config });
    assert.equal(`${problem.severity} ${problem.path}`, place);
    assert.match(problem.remedy ?? '', remedy);
  });
}

test('home and standby need not be regions that checks run from', () => {
  assert.deepEqual(placesOf({ config: { home: 'eu-north-1', standby: 'eu-central-1' } }), []);
});

test('every problem of every file is told at once, in reading order', () => {
  const resolved = resolveTexts(JSON.stringify({ ...CONFIG, home: 'nowhere', nam: 1 }), [
    '{"id": "a", "request": {"url": "x"}, "every": "1x", "alerts": [{"metric": "nope", "above": 1}]}',
    '{"id": "b",',
    '[{"id": "a", "request": {"url": "https://a.dev"}}, 5]',
  ]);
  assert.ok(!resolved.ok);
  assert.deepEqual(
    resolved.problems.map((problem) => `${problem.file} ${problem.path}`),
    [
      'parallax.json $.home',
      'parallax.json $.nam',
      '1.json $.request.url',
      '1.json $.every',
      '1.json $.alerts[0].metric',
      '2.json $',
      '3.json $[0].id',
      '3.json $[1]',
    ],
  );
});

test('an id that is taken names the file that has it', () => {
  const resolved = resolveTexts(JSON.stringify(CONFIG), [JSON.stringify(MONITOR), JSON.stringify([MONITOR])]);
  assert.ok(!resolved.ok);
  const [problem] = resolved.problems;
  assert.equal(problem?.file, '2.json');
  assert.match(problem?.message ?? '', /already taken in 1\.json/);
});

test('an error says what is allowed in the words of the editor', () => {
  assert.match(problemOf({ monitor: { timeout: 10 } }).allowed ?? '', /Deadline of one check.*up to "60s"/);
});

test('a problem is placed by line and column', () => {
  const resolved = resolveTexts(null, [
    '{\n  "id": "a",\n  "request": {"url": "https://a.dev",\n    "methd": "GET"}\n}',
  ]);
  assert.ok(!resolved.ok);
  assert.deepEqual([resolved.problems[0]?.line, resolved.problems[0]?.column], [4, 5]);
});

test('no message repeats what may be secret', () => {
  const secret = 'hunter2-hunter2';
  const texts = problemsOf({
    monitor: {
      request: {
        url: `ftp://user:${secret}@a.dev`,
        body: [secret],
        json: 1,
        headers: { authorization: `Bearer ${secret}\n`, cookie: secret },
      },
    },
  }).map((problem) => JSON.stringify(problem));
  assert.ok(texts.length >= 4);
  for (const text of texts) assert.ok(!text.includes(secret), text);
});

test('regions that are not known are not judged against', () => {
  assert.deepEqual(
    placesOf({
      config: null,
      monitor: { regions: ['eu-west-2'], alerts: [{ metric: 'availability', below: 1, regions: 1 }] },
    }),
    [],
  );
});

test('a path is written as JSONPath', () => {
  assert.equal(formatPath([2, 'expect', 'json', '$.a"b', 'below']), '$[2].expect.json["$.a\\"b"].below');
});
