import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openLogFile } from '../../local/log-file.ts';
import { withoutRepeats } from '../../local/report.ts';

function scratch(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'parallax-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const quiet = (): void => {};

describe('openLogFile', () => {
  it('goes on with the file of an earlier run', (t) => {
    const path = join(scratch(t), 'functions.log');
    openLogFile(path, quiet)('one');
    openLogFile(path, quiet)('two');
    assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\n');
  });

  it('keeps a full file aside and begins anew', (t) => {
    const path = join(scratch(t), 'functions.log');
    const write = openLogFile(path, quiet, 10);
    for (const line of ['12345', '6789', 'new']) write(line);
    assert.deepEqual([readFileSync(`${path}.1`, 'utf8'), readFileSync(path, 'utf8')], ['12345\n', '6789\nnew\n']);
  });

  it('reports what it cannot write, and goes on', (t) => {
    const reported: string[] = [];
    openLogFile(join(scratch(t), 'gone', 'functions.log'), (line) => reported.push(line))('one');
    assert.match(reported.join(), /cannot be written/);
  });
});

describe('withoutRepeats', () => {
  it('says a line once a minute, and how often it was left out', () => {
    const said: string[] = [];
    let now = 0;
    const report = withoutRepeats(
      (line) => said.push(line),
      () => now,
    );
    for (now = 0; now <= 60_000; now += 20_000) report('broken');
    assert.deepEqual(said, ['broken', 'broken (and 2 times before)']);
  });

  it('does not hold back a different line', () => {
    const said: string[] = [];
    const report = withoutRepeats(
      (line) => said.push(line),
      () => 0,
    );
    report('one');
    report('two');
    assert.deepEqual(said, ['one', 'two']);
  });
});
