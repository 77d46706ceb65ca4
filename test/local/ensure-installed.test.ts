import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

const SCRIPT = join(import.meta.dirname, '..', '..', 'local', 'ensure-installed.mjs');

type Packages = Readonly<Record<string, object>>;

const LOCKED: Packages = {
  '': { name: 'sample' },
  cli: { name: '@sample/cli', version: '0.1.0' },
  'node_modules/@sample/cli': { resolved: 'cli', link: true },
  'node_modules/plain': { version: '1.0.0', integrity: 'sha512-a' },
  'node_modules/native': { version: '2.0.0', optional: true, os: process.platform, cpu: [process.arch] },
  'node_modules/elsewhere': { version: '2.0.0', optional: true, os: ['plan9'], cpu: [process.arch] },
};
const { '': _root, 'node_modules/elsewhere': _elsewhere, ...INSTALLED } = LOCKED;

let root: string;
let calls: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ensure-installed-'));
  calls = join(root, 'npm-calls');
  mkdirSync(join(root, 'local'));
  cpSync(SCRIPT, join(root, 'local', 'ensure-installed.mjs'));
  writePackages('package-lock.json', LOCKED);
  writePackages('what-npm-installs.json', INSTALLED);
  // An npm that notes how it was called, lets others run into it, and writes its account of what is installed.
  writeFileSync(
    join(root, 'npm-cli.js'),
    `const { appendFileSync, copyFileSync, mkdirSync } = require('node:fs');
     appendFileSync(${JSON.stringify(calls)}, JSON.stringify({ args: process.argv.slice(2), env: process.env }) + '\\n');
     console.log('chatter of npm');
     setTimeout(() => {
       if (process.env.BROKEN_NPM) process.exit(7);
       mkdirSync('node_modules', { recursive: true });
       copyFileSync('what-npm-installs.json', 'node_modules/.package-lock.json');
     }, 50);`,
  );
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

test('nothing is run or said when everything is installed', async () => {
  writePackages('node_modules/.package-lock.json', INSTALLED);
  assert.deepEqual(await run(), { code: 0, stdout: '', stderr: '' });
  assert.deepEqual(npmCalls(), []);
});

test('a fresh clone is installed, talking on stderr only', async () => {
  const { code, stdout, stderr } = await run();
  assert.equal(code, 0);
  assert.equal(stdout, '');
  assert.match(stderr, /installing dependencies/);
  assert.equal(npmCalls().length, 1);
});

test('another version than the locked one is replaced', async () => {
  writePackages('node_modules/.package-lock.json', {
    ...INSTALLED,
    'node_modules/plain': { version: '0.9.0', integrity: 'sha512-a' },
  });
  assert.match((await run()).stderr, /node_modules\/plain is missing or another version/);
});

test('an optional package that is meant for this platform is missed', async () => {
  const { 'node_modules/native': _native, ...rest } = INSTALLED;
  writePackages('node_modules/.package-lock.json', rest);
  assert.match((await run()).stderr, /node_modules\/native is missing/);
});

test('settings that would leave packages out do not reach npm, and others do', async () => {
  await run({
    npm_config_omit: 'dev',
    npm_config_global: 'true',
    npm_config_workspace: 'x',
    npm_config_registry: 'http://127.0.0.1:9',
  });
  const [call] = npmCalls();
  assert.ok(call !== undefined);
  assert.ok(call.args.includes('--include=dev') && call.args.includes('--include=optional'));
  const handed = Object.keys(call.env).filter((name) => /^npm_config_(omit|global|workspace|registry)$/.test(name));
  assert.deepEqual(handed, ['npm_config_registry']);
});

test('a failing npm is said, with what to do, and leaves no lock behind', async () => {
  const { code, stderr } = await run({ BROKEN_NPM: 'yes' });
  assert.equal(code, 1);
  assert.match(stderr, /npm ci failed with exit code 7.*npm install/s);
  assert.equal(existsSync(join(root, '.parallax', 'install.lock')), false);
});

test('an npm that is too old is named', async () => {
  const { code, stderr } = await run({ npm_config_user_agent: 'npm/9.8.1 node/v20.20.2 linux x64' });
  assert.equal(code, 1);
  assert.match(stderr, /npm 9\.8\.1, and at least 10 is needed/);
});

test('two at once install once', async () => {
  const ends = await Promise.all([run(), run()]);
  assert.deepEqual(
    ends.map((end) => end.code),
    [0, 0],
  );
  assert.equal(npmCalls().length, 1);
});

test('the lock of a process that died is taken over', async () => {
  mkdirSync(join(root, '.parallax'));
  // Beyond the largest pid that any of our systems gives out.
  writeFileSync(join(root, '.parallax', 'install.lock'), '2147483646');
  assert.equal((await run()).code, 0);
  assert.equal(npmCalls().length, 1);
});

function writePackages(file: string, packages: Packages): void {
  mkdirSync(join(root, file, '..'), { recursive: true });
  writeFileSync(join(root, file), JSON.stringify({ lockfileVersion: 3, packages }));
}

function npmCalls(): { args: string[]; env: Record<string, string> }[] {
  if (!existsSync(calls)) return [];
  return readFileSync(calls, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function run(
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [join(root, 'local', 'ensure-installed.mjs')], {
    env: { PATH: process.env.PATH, npm_execpath: join(root, 'npm-cli.js'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}
