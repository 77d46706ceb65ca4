import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import type { Deployment } from '../../shared/monitor.ts';
import { targetOf } from '../../shared/target.ts';
import { temporaryFolder } from './synthesize.ts';

const BIN = resolve('node_modules/.bin');

/** The cdk as `npx` runs it, with nothing of AWS in its environment and no home to keep credentials in. */
function synth(cwd: string, args: readonly string[] = [], environment: Record<string, string> = {}) {
  const output = temporaryFolder();
  const env = { PATH: [BIN, process.env['PATH']].join(delimiter), HOME: temporaryFolder(), ...environment };
  const command = [join(BIN, 'cdk'), 'synth', '--quiet', '--output', output, ...args];
  const run = spawnSync(process.execPath, command, { cwd, env, encoding: 'utf8', timeout: 100_000 });
  return { status: run.status, said: run.stdout + run.stderr, output };
}

function definitions(deployment: unknown, monitors: unknown): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'monitors'));
  writeFileSync(join(folder, 'parallax.json'), JSON.stringify(deployment, null, 2));
  writeFileSync(join(folder, 'monitors', 'all.json'), JSON.stringify(monitors, null, 2));
  return join(folder, 'parallax.json');
}

/** Display name of each stack, and of those before it. */
function stacksIn(output: string): Record<string, string[]> {
  const manifest: { artifacts: Record<string, Artifact> } = JSON.parse(
    readFileSync(join(output, 'manifest.json'), 'utf8'),
  );
  const stacks = Object.entries(manifest.artifacts).filter(([, { type }]) => type === 'aws:cloudformation:stack');
  const names = new Map(stacks.map(([id, { displayName }]) => [id, displayName]));
  return Object.fromEntries(
    stacks.map(([, { displayName, dependencies }]) => [displayName, dependencies.flatMap((id) => names.get(id) ?? [])]),
  );
}

interface Artifact {
  readonly type: string;
  readonly displayName: string;
  readonly dependencies: readonly string[];
}

const DEPLOYMENT = {
  name: 'acme',
  home: 'us-east-1',
  regions: ['us-east-1'],
  monitors: ['monitors/*.json'],
  notify: [{ email: 'oncall@acme.dev' }],
};

describe('cdk synth', () => {
  it('needs neither credentials nor an account, and finds nothing to warn of', () => {
    const config = definitions(DEPLOYMENT, { id: 'checkout', request: { url: 'https://api.acme.dev/health' } });
    const { status, said, output } = synth('.', ['--strict', '-c', `config=${config}`]);
    assert.equal(status, 0, said);
    assert.deepEqual(Object.keys(stacksIn(output)), [
      'Parallax/table',
      'Parallax/aggregator-us-east-1',
      'Parallax/prober-us-east-1',
    ]);
  });

  it('stops at a bad definition, with every problem of every file', () => {
    const config = definitions({ ...DEPLOYMENT, home: 'us-eat-1', name: 'Acme!' }, [
      { id: 'a', request: { url: 'ftp://api.acme.dev' } },
      { id: 'b', requst: {} },
    ]);
    const { status, said } = synth('.', ['-c', `config=${config}`]);
    assert.equal(status, 1);
    for (const problem of [/\$\.name\b/, /\$\.home\b[\s\S]*us-east-1/, /\$\[0\]\.request\.url/, /\$\[1\]\.requst/]) {
      assert.match(said, problem);
    }
    assert.doesNotMatch(said, /^\s+at .*\.ts:\d+/m, 'no stack trace');
  });

  it('says where it looked when there is no parallax.json', () => {
    const { status, said } = synth('.', ['-c', 'config=nowhere/parallax.json']);
    assert.equal(status, 1);
    assert.match(said, /nowhere\/parallax\.json[\s\S]*-c config=/);
  });
});

describe('the example app', () => {
  const { status, said, output } = synth('examples/cdk-app', [], {
    SHOP_API: 'api.acme.dev',
    SHOP_ONCALL: 'a@acme.dev',
  });

  it('synthesizes, with its definitions’ variables from the environment', () => {
    assert.equal(status, 0, said);
    const [zip = ''] = readdirSync(output).filter((name) => name.startsWith('asset.'));
    const { monitors }: Deployment = JSON.parse(readFileSync(join(output, zip, 'deployment.json'), 'utf8'));
    assert.deepEqual(monitors.map(targetOf), ['GET https://api.acme.dev/health']);
  });

  it('brings its monitoring as stacks of their own, and deploys them before what depends on them', () => {
    const stacks = stacksIn(output);
    const monitoring = Object.keys(stacks).filter((name) => name.startsWith('Shop/Monitoring/'));
    assert.equal(monitoring.length, 6);
    assert.deepEqual([...(stacks['Shop'] ?? [])].sort(), monitoring.sort());
  });
});
