import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import {
  loadDeployment,
  loadMonitorFiles,
  type Resolution,
  UnreadableFileError,
} from '../../shared/definition/load.ts';
import { CONFIG, MONITOR } from './definitions.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'load-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function write(file: string, value: unknown): void {
  mkdirSync(dirname(join(cwd, file)), { recursive: true });
  writeFileSync(join(cwd, file), JSON.stringify(value));
}

const load = (config = 'parallax.json', env = {}) => loadDeployment(config, { cwd, env });

function idsOf(resolved: Resolution): string[] {
  assert.ok(resolved.ok, JSON.stringify(resolved));
  return resolved.deployment.monitors.map((monitor) => monitor.id);
}

test('globs are relative to the configuration, and files come in a fixed order', () => {
  write('deploy/parallax.json', { ...CONFIG, monitors: ['../monitors/**/*.json', 'own.json'] });
  write('monitors/b.json', { ...MONITOR, id: 'b' });
  write('monitors/deep/er/a.json', [
    { ...MONITOR, id: 'a' },
    { ...MONITOR, id: 'a2' },
  ]);
  write('deploy/own.json', { ...MONITOR, id: 'own' });
  assert.deepEqual(idsOf(load('deploy/parallax.json')), ['b', 'a', 'a2', 'own']);
});

test('a file that two globs name is read once', () => {
  write('parallax.json', { ...CONFIG, monitors: ['monitors/*.json', 'monitors/a.json'] });
  write('monitors/a.json', MONITOR);
  assert.deepEqual(idsOf(load()), ['checkout']);
});

test('a glob without a file is an error where it stands', () => {
  write('parallax.json', { ...CONFIG, monitors: ['monitors/*.json', 'more/*.json'] });
  write('monitors/a.json', MONITOR);
  const resolved = load();
  assert.ok(!resolved.ok);
  assert.deepEqual(
    resolved.problems.map((problem) => problem.path),
    ['$.monitors[1]'],
  );
});

test('files without a monitor are no deployment', () => {
  write('parallax.json', CONFIG);
  write('monitors/a.json', []);
  assert.equal(load().ok, false);
});

test('a configuration that is not there is a broken call', () => {
  assert.throws(
    () => load(),
    (error) => error instanceof UnreadableFileError && error.message === 'There is no file parallax.json.',
  );
});

test('monitor files alone take regions and defaults from ./parallax.json', () => {
  write('parallax.json', { ...CONFIG, defaults: { every: '5s' } });
  write('other/a.json', MONITOR);
  const resolved = loadMonitorFiles(['other/a.json'], { cwd, env: {} });
  assert.ok(resolved.ok);
  assert.deepEqual(
    resolved.deployment.monitors.map(({ regions, everyMs }) => ({ regions, everyMs })),
    [{ regions: CONFIG.regions, everyMs: 5_000 }],
  );
});

test('monitor files alone are checked without a parallax.json too', () => {
  write('a.json', MONITOR);
  const resolved = loadMonitorFiles(['a.json'], { cwd, env: {} });
  assert.ok(resolved.ok);
  assert.deepEqual(resolved.deployment.regions, ['local']);
});

test('the sample definitions are good, with the demo and without', () => {
  const root = join(import.meta.dirname, '..', '..');
  const withDemo = loadDeployment('parallax.json', { cwd: root, env: { demo: 'http://127.0.0.1:4681' } });
  assert.ok(withDemo.ok, JSON.stringify(withDemo));
  assert.deepEqual(withDemo.warnings, []);
  assert.ok(loadDeployment('parallax.json', { cwd: root, env: {} }).ok);
});
