import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { dataFolderAt } from '../../local/data-folder.ts';
import { runningSystem, writeRunFile } from '../../local/running-system.ts';

const ENDPOINTS = { dynamo: 'http://127.0.0.1:1', aws: 'http://127.0.0.1:2' };
const STARTED = '2026-01-05T12:00:00.000Z';

function folder(t: TestContext) {
  const path = mkdtempSync(join(tmpdir(), 'parallax-run-'));
  t.after(() => rmSync(path, { recursive: true }));
  return dataFolderAt(path);
}

test('a run is found by its data folder', (t) => {
  const data = folder(t);
  writeRunFile(data, { pid: process.pid, startedAt: STARTED, endpoints: ENDPOINTS });
  assert.deepEqual(runningSystem(data.path), { pid: process.pid, endpoints: ENDPOINTS });
});

test('one that does not listen yet is not ready', (t) => {
  const data = folder(t);
  writeRunFile(data, { pid: process.pid, startedAt: STARTED, endpoints: null });
  assert.throws(() => runningSystem(data.path), { code: 'not-running', message: /is not ready\. Try again/ });
});

test('what a process left behind that is gone is no run', (t) => {
  const data = folder(t);
  const { pid } = spawnSync(process.execPath, ['--version']);
  writeRunFile(data, { pid, startedAt: STARTED, endpoints: ENDPOINTS });
  assert.throws(() => runningSystem(data.path), { code: 'not-running', message: /^Nothing runs on the data folder/ });
});

for (const [what, text] of [
  ['was cut by a crash', '{"pid":'],
  ['is no object', 'null'],
] as const) {
  test(`a run file that ${what} is no run`, (t) => {
    const data = folder(t);
    writeFileSync(data.run, text);
    assert.throws(() => runningSystem(data.path), { code: 'not-running' });
  });
}

test('a folder that is not there has no run, and the message says how to start one', () => {
  assert.throws(() => runningSystem('/nowhere/at/all'), {
    code: 'not-running',
    message: /npx parallax dev --data \/nowhere\/at\/all/,
  });
});
