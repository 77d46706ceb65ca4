import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { dispatch } from '../../cli/dispatch.ts';
import { planVerb } from '../../cli/plan.ts';
import { fakeIo } from './process.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'plan-'));
  write('parallax.json', {
    name: 'acme',
    home: 'us-east-1',
    standby: 'eu-west-1',
    regions: ['us-east-1', 'ap-southeast-2'],
    monitors: ['monitor.json'],
    notify: [{ email: 'oncall@acme.test' }],
  });
  write('monitor.json', { id: 'checkout', request: { url: 'https://${env:host}/' } });
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function write(file: string, content: unknown): void {
  writeFileSync(join(cwd, file), typeof content === 'string' ? content : JSON.stringify(content));
}

async function plan(...argv: readonly string[]) {
  const io = fakeIo({ cwd, env: { host: 'api.parallax.dev' } });
  const code = await dispatch(['plan', ...argv], { plan: async () => planVerb }, io);
  return { code, ...io.said };
}

test('prints what is created, done and paid, and ends with 0', async () => {
  const { code, out } = await plan();
  assert.equal(code, 0);
  assert.match(out, /^ {2}us-east-1 +home, probes +1 +1,769 MB, 71 s +1 +1,024 MB, 180 s +2 +2 +9 +2$/m);
  assert.match(out, /^ {2}eu-west-1 +standby +0 +— +— +1,024 MB, 180 s +1 +1 +5 +1$/m);
  assert.match(out, /^ {2}checks +86,400$/m);
  assert.match(out, /^ {2}alarms +18.00 +\$0.1 \/ alarm +\$1.80/m);
  assert.match(out, /on CloudWatch Synthetics +\$103.68 /);
  assert.match(out, /Prices as of 2026-/);
});

test('says how replicas come and go', async () => {
  const { out } = await plan();
  assert.match(out, /AWS adds or removes one replica with each update/);
});

test('within the budget: 0', async () => {
  const { code, err } = await plan('--budget', '100');
  assert.equal(code, 0);
  assert.match(err, /^Within the budget: \$\d+\.\d\d of \$100\.00 a month\.$/m);
});

test('over the budget: 1, with what costs most', async () => {
  const { code, err } = await plan('--budget', '1.5');
  assert.equal(code, 1);
  assert.match(err, /Over the budget: .* and the limit is \$1\.50\. Most of it is prober time \(\$\d/);
});

test('the budget holds to the cent', async () => {
  const { dollarsPerMonth } = JSON.parse((await plan('--json')).out);
  assert.equal((await plan('--budget', String(dollarsPerMonth))).code, 0);
  assert.equal((await plan('--budget', String(dollarsPerMonth - 0.001))).code, 1);
});

for (const budget of ['much', '', '-5']) {
  test(`a budget of "${budget}" is not understood: 2`, async () => {
    const { code, out } = await plan(`--budget=${budget}`);
    assert.deepEqual([code, out], [2, '']);
  });
}

test('--json says the same in the names that are documented', async () => {
  const { code, out } = await plan('--json', '--budget', '1');
  const document = JSON.parse(out);
  assert.equal(code, 1);
  assert.deepEqual([document.name, document.ok, document.budget, document.checksPerMonth], ['acme', false, 1, 86_400]);
  assert.deepEqual(
    document.regions.map(({ region, home, standby, probed, shards }: Record<string, unknown>) => ({
      region,
      home,
      standby,
      probed,
      shards: Array.isArray(shards) ? shards.length : null,
    })),
    [
      { region: 'us-east-1', home: true, standby: false, probed: true, shards: 1 },
      { region: 'eu-west-1', home: false, standby: true, probed: false, shards: 0 },
      { region: 'ap-southeast-2', home: false, standby: false, probed: true, shards: 1 },
    ],
  );
  const sum = document.lines.reduce((total: number, line: { dollars: number }) => total + line.dollars, 0);
  assert.ok(Math.abs(sum - document.dollarsPerMonth) < 1e-9);
});

test('prices from a file are used, and named', async () => {
  write('prices.json', { asOf: '2027-02-03', prices: { alarmMonth: 7 } });
  const { out } = await plan('--prices', 'prices.json');
  assert.match(out, /^ {2}alarms +18.00 +\$7 \/ alarm +\$126.00/m);
  assert.match(out, /Prices as of 2027-02-03/);
});

test('a price file with problems: 2, with all of them', async () => {
  write('prices.json', { prices: { alarmsMonth: 7, logsGbMonth: 'x' } });
  const { code, out, err } = await plan('--prices', 'prices.json');
  assert.deepEqual([code, out], [2, '']);
  assert.match(err, /no price "alarmsMonth".*Did you mean "alarmMonth"\?/);
  assert.match(err, /"prices.logsGbMonth" must be dollars/);
});

for (const [what, content] of [
  ['missing', null],
  ['not JSON', '{'],
] as const) {
  test(`a price file that is ${what}: 2`, async () => {
    if (content !== null) write('prices.json', content);
    const { code, err } = await plan('--prices', 'prices.json');
    assert.equal(code, 2);
    assert.match(err, /the price file prices.json/);
  });
}

test('definitions with problems: 2, with the problems', async () => {
  write('monitor.json', { id: 'checkout', request: {} });
  const { code, out, err } = await plan();
  assert.deepEqual([code, out], [2, '']);
  assert.match(err, /monitor\.json/);
});

test('no definition: 2, with what to do', async () => {
  const { code, err } = await plan('--config', 'nowhere.json');
  assert.equal(code, 2);
  assert.match(err, /There is no file nowhere\.json.*--config/s);
});

test('sizes that spoil what is measured are warned of', async () => {
  write('parallax.json', {
    name: 'acme',
    home: 'us-east-1',
    regions: ['us-east-1'],
    monitors: ['monitor.json'],
    functions: { prober: { memoryMb: 512, timeout: '5s' } },
  });
  const { code, err } = await plan();
  assert.equal(code, 0);
  assert.match(err, /us-east-1 is set to 512 MB/);
  assert.match(err, /set to end after 5 s/);
});

test('a stray argument is not taken for a definition: 2', async () => {
  const { code, err } = await plan('other.json');
  assert.equal(code, 2);
  assert.match(err, /--config/);
});
