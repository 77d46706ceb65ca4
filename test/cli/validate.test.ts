import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { dispatch } from '../../cli/dispatch.ts';
import { validateVerb } from '../../cli/validate.ts';
import { CONFIG, MONITOR } from '../definition/definitions.ts';
import { fakeIo } from './process.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'validate-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function write(file: string, content: unknown): void {
  mkdirSync(dirname(join(cwd, file)), { recursive: true });
  writeFileSync(join(cwd, file), typeof content === 'string' ? content : JSON.stringify(content));
}

async function validate(...argv: string[]) {
  const io = fakeIo({ cwd, env: { base: 'https://a.dev' } });
  const code = await dispatch(['validate', ...argv], { validate: async () => validateVerb }, io);
  return { code, ...io.said };
}

test('good definitions: 0, nothing on stdout, a count on stderr', async () => {
  write('parallax.json', CONFIG);
  write('monitors/a.json', MONITOR);
  assert.deepEqual(await validate(), { code: 0, out: '', err: '1 monitor in 2 files: no errors, no warnings.\n' });
});

test('a problem is a block that a terminal can link and a person can follow', async () => {
  write('parallax.json', CONFIG);
  write('monitors/a.json', '{\n  "id": "a",\n  "request": {"url": "https://a.dev"},\n  "tags": 5\n}');
  const { code, out, err } = await validate();
  assert.equal(code, 1);
  assert.equal(
    out,
    'monitors/a.json:4:3  $.tags\n' +
      '  error: "tags" is the number 5.\n' +
      '  allowed: Words to group monitors by, at most 20.\n' +
      '  do this: Write something like ["payments"].\n',
  );
  assert.equal(err, '2 files: 1 error, no warnings.\n');
});

test('warnings alone are good', async () => {
  write('parallax.json', { ...CONFIG, notify: [] });
  write('monitors/a.json', MONITOR);
  const { code, err } = await validate();
  assert.deepEqual([code, err], [0, '1 monitor in 2 files: no errors, 1 warning.\n']);
});

test('--json is one stable object', async () => {
  write('parallax.json', CONFIG);
  write('monitors/a.json', '{"id": "a", "request": {}}');
  const { code, out } = await validate('--json');
  assert.equal(code, 1);
  assert.deepEqual(JSON.parse(out), {
    ok: false,
    errors: 1,
    warnings: 0,
    monitors: null,
    files: ['parallax.json', 'monitors/a.json'],
    problems: [
      {
        severity: 'error',
        file: 'monitors/a.json',
        path: '$.request.url',
        line: 1,
        column: 13,
        message: '"url" is missing.',
        allowed: 'Absolute http:// or https:// URL. May hold ${env:NAME}, ${env:NAME:-default} and ${secret:name}.',
        remedy: 'Add "url".',
      },
    ],
  });
});

test('a monitor file is checked against ./parallax.json', async () => {
  write('parallax.json', CONFIG);
  write('a.json', { ...MONITOR, regions: ['eu-central-1'] });
  assert.match((await validate('a.json')).out, /The deployment does not check from "eu-central-1"/);
});

test('a monitor file is checked by itself where there is no parallax.json', async () => {
  write('a.json', { ...MONITOR, regions: ['eu-central-1'] });
  assert.equal((await validate('a.json')).code, 0);
});

test('a deployment file is checked with its monitors', async () => {
  write('staging/parallax.json', CONFIG);
  write('staging/monitors/a.json', { ...MONITOR, evry: 1 });
  assert.match((await validate('staging/parallax.json')).out, /^staging\/monitors\/a\.json:1:\d+ {2}\$\.evry/);
});

test('--config names the deployment', async () => {
  write('other.json', CONFIG);
  write('monitors/a.json', MONITOR);
  assert.equal((await validate('--config', 'other.json')).code, 0);
});

test('--env goes before the environment', async () => {
  write('a.json', { ...MONITOR, request: { url: '${env:base}/x' } });
  assert.equal((await validate('a.json')).code, 0);
  assert.match((await validate('a.json', '--env', 'base=ftp://a')).out, /The scheme "ftp:" cannot be checked/);
});

test('control characters in a file do not reach the terminal', async () => {
  write('a.json', { ...MONITOR, '\u001b[2J': 1 });
  assert.ok(!(await validate('a.json')).out.includes('\u001b'));
});

for (const [what, argv, message] of [
  ['a file that is not there', ['none.json'], /There is no file none\.json/],
  ['no parallax.json', [], /There is no file parallax\.json.*--config/],
  ['a misspelt flag', ['--jsn'], /There is no flag --jsn\. Did you mean --json\?/],
  ['a flag without its value', ['--config'], /--config/],
  ['--env without a value', ['--env', 'base'], /--env name=value/],
] as const) {
  test(`${what}: 2, said on stderr`, async () => {
    const { code, out, err } = await validate(...argv);
    assert.deepEqual([code, out], [2, '']);
    assert.match(err, message);
  });
}
