import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { devVerb } from '../../cli/dev.ts';
import type { CliIo, ExitCode } from '../../cli/verb.ts';

interface Run {
  readonly folder: string;
  readonly ended: Promise<ExitCode>;
  readonly errors: () => string;
  /** Resolves when stdout has it; rejects with all that there is where the run ends before. */
  readonly prints: (pattern: RegExp) => Promise<void>;
  readonly stop: () => void;
}

/** Runs the verb in a folder with these files, and stops it with the test. */
function run(t: TestContext, files: Readonly<Record<string, unknown>>, ...argv: readonly string[]): Run {
  const folder = mkdtempSync(join(tmpdir(), 'parallax-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), JSON.stringify(content));
  let stdout = '';
  let stderr = '';
  const stopping = new AbortController();
  const waiting: { readonly pattern: RegExp; readonly resolve: () => void }[] = [];
  const io: CliIo = {
    stdout: (text) => {
      stdout += text;
      for (const { pattern, resolve } of waiting) if (pattern.test(stdout)) resolve();
    },
    stderr: (text) => {
      stderr += text;
    },
    env: {},
    cwd: folder,
    isTTY: false,
    columns: 80,
    signal: stopping.signal,
  };
  const ended = devVerb.run(argv, io);
  t.after(async () => {
    stopping.abort();
    await ended.catch(() => {});
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder,
    ended,
    errors: () => stderr,
    prints: (pattern) =>
      Promise.race([
        new Promise<void>((resolve) => waiting.push({ pattern, resolve })),
        ended.then((code) => assert.fail(`ended with ${code}:\n${stdout}\n${stderr}`)),
      ]),
    stop: () => stopping.abort(),
  };
}

const CONFIG = {
  name: 'acme',
  home: 'us-east-1',
  regions: ['us-east-1', 'eu-west-1'],
  monitors: ['monitors.json'],
  notify: [{ email: 'oncall@acme.example' }],
  defaults: { every: '5s' },
};
const MONITOR = { id: 'checkout', request: { url: '${env:demo}/checkout' } };
const FILES = { 'parallax.json': CONFIG, 'monitors.json': MONITOR };

describe('parallax dev', () => {
  it('checks from every region, prints how they compare, and stops when it is told to', async (t) => {
    const dev = run(t, FILES, '--demo', '--port', '0');
    await dev.prints(
      /checkout +all +up[\s\S]*us-east-1 +100% .* \d+ +[\d.]+ ms\n +eu-west-1 +100% .* \d+ +[\d.]+ ms\n/,
    );
    dev.stop();
    assert.equal(await dev.ended, 0);
  });

  it('says first where everything is', async (t) => {
    const dev = run(t, FILES, '--demo', '--port', '0');
    await dev.prints(/API +http:\/\/127\.0\.0\.1:\d+\/api\/status[\s\S]*_faults[\s\S]*\.parallax/);
  });

  it('says where a secret that has no value belongs on this machine', async (t) => {
    const headers = { authorization: 'Bearer ${secret:shop}' };
    const monitors = { ...MONITOR, request: { ...MONITOR.request, headers } };
    const dev = run(t, { ...FILES, 'monitors.json': monitors }, '--demo', '--port', '0');
    await dev.prints(
      /secrets +"shop" has no value here: set PARALLAX_SECRET_SHOP, or write \{"shop": "…"\} into .*secrets\.json/,
    );
  });

  it('keeps its data where it is told to', async (t) => {
    const dev = run(t, FILES, '--demo', '--port', '0', '--data', 'kept');
    await dev.prints(/The first check is at/);
    assert.match(readFileSync(join(dev.folder, 'kept', 'deployment.json'), 'utf8'), /"checkout"/);
  });

  it('takes the deployment that it is given', async (t) => {
    const files = { 'other.json': { ...CONFIG, name: 'other' }, 'monitors.json': MONITOR };
    const dev = run(t, files, '--config', 'other.json', '--port', '0', '--env', 'demo=http://127.0.0.1:9');
    await dev.prints(/Parallax: other, 1 monitor, from us-east-1, eu-west-1/);
  });

  it('does not start with definitions that have errors', async (t) => {
    const dev = run(t, { ...FILES, 'monitors.json': { ...MONITOR, evry: '5s' } }, '--demo', '--port', '0');
    assert.equal(await dev.ended, 1);
    assert.match(dev.errors(), /monitors\.json:.*\n.*evry/);
  });

  it('says what to do without a deployment', async (t) => {
    const dev = run(t, {});
    assert.equal(await dev.ended, 2);
    assert.match(dev.errors(), /There is no file parallax\.json\. Run this where your parallax\.json is/);
  });

  it('does not touch a folder that is not its own', async (t) => {
    const dev = run(t, FILES, '--demo', '--port', '0', '--data', '.');
    assert.equal(await dev.ended, 2);
    assert.match(dev.errors(), /holds something that is not Parallax's \(monitors\.json, parallax\.json\)/);
  });

  for (const port of ['http', '70000', '-1']) {
    it(`refuses --port ${port}`, async (t) => {
      await assert.rejects(run(t, FILES, `--port=${port}`).ended, /is no port/);
    });
  }

  it('refuses files', async (t) => {
    await assert.rejects(run(t, FILES, 'monitors.json').ended, /Name the deployment with --config/);
  });
});
