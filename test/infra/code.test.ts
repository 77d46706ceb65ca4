import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Deployment } from '../../shared/monitor.ts';
import { heartbeatOf } from '../shared/build.ts';
import { deploymentOf, monitorOf } from './build.ts';
import { member } from './permissions.ts';
import { onlyOf, type Synthesized, stackOf, synthesize } from './synthesize.ts';

const HERE = monitorOf({
  id: 'here',
  regions: ['us-east-1'],
  runbook: 'https://wiki.acme.example/here',
  request: { ...monitorOf().request, headers: { authorization: 'Bearer ${secret:token}' } },
});
const THERE = monitorOf({ id: 'there', regions: ['eu-west-1'] });
const BASE = deploymentOf({ regions: ['us-east-1', 'eu-west-1'], monitors: [HERE, THERE] });
const POLICY = {
  id: 'availability-5m',
  metricName: 'availability',
  metric: { kind: 'availability' },
  breach: 'below',
  threshold: 0.99,
  overMs: 300_000,
  regions: 'majority',
  severity: 'critical',
  confirm: 2,
  recover: 2,
  remindEveryMs: null,
} as const;

/** A stack's zip; the key holds its hash. */
function keyOf(synthesized: Synthesized, stack: string): string {
  return String(member(onlyOf(stackOf(synthesized, stack), 'AWS::Lambda::Function')['Code'], 'S3Key'));
}

function keysOf(deployment: Deployment): Record<string, string> {
  const synthesized = synthesize({ config: deployment }, { bundle: true });
  const names = [...synthesized.stacks.keys()].filter((name) => !name.endsWith('-table'));
  return Object.fromEntries(names.map((name) => [name.replace('parallax-acme-', ''), keyOf(synthesized, name)]));
}

const JOB = heartbeatOf();
const WITH_JOB: Deployment = { ...BASE, monitors: [...BASE.monitors, JOB] };
const synthesized = synthesize({ config: WITH_JOB, api: true }, { bundle: true });
const folderOf = (stack: string) => join(synthesized.folder, `asset.${keyOf(synthesized, stack).replace('.zip', '')}`);
const deployedTo = (stack: string): Deployment =>
  JSON.parse(readFileSync(join(folderOf(stack), 'deployment.json'), 'utf8'));

const STACKS = ['prober', 'aggregator', 'api', 'receiver'].map((kind) => `parallax-acme-${kind}-us-east-1`);
/** Above this, somebody has pulled in what a function does not need: the schema, or a client of everything. */
const MAX_BUNDLE_BYTES = 800_000;

describe('a zip', () => {
  for (const stack of STACKS) {
    it(`of ${stack} holds the code and the definitions, and no source map`, () => {
      assert.deepEqual(readdirSync(folderOf(stack)).sort(), ['deployment.json', 'index.js']);
      assert.doesNotMatch(readFileSync(join(folderOf(stack), 'index.js'), 'utf8'), /sourceMappingURL/);
    });

    it(`of ${stack} is small, as a cold start reads all of it`, () => {
      assert.ok(statSync(join(folderOf(stack), 'index.js')).size < MAX_BUNDLE_BYTES);
    });

    it(`of ${stack} has all that its handler needs`, () => {
      const environment = {
        AWS_REGION: 'us-east-1',
        LAMBDA_TASK_ROOT: folderOf(stack),
        PARALLAX_TABLE: 'parallax-acme',
        PARALLAX_DEPLOYMENT: 'deployment.json',
        PARALLAX_TOPIC_ARN: 'arn:aws:sns:us-east-1:111122223333:parallax-acme',
        PARALLAX_EVENT_BUS: 'parallax-acme',
      };
      const script = 'process.stdout.write(typeof require("./index.js").handler)';
      const run = spawnSync(process.execPath, ['-e', script], {
        cwd: folderOf(stack),
        env: environment,
        encoding: 'utf8',
      });
      assert.deepEqual([run.stdout, run.stderr], ['function', '']);
    });
  }

  it('of a prober holds its own region’s monitors, without what others decide by', () => {
    assert.deepEqual(deployedTo('parallax-acme-prober-us-east-1'), {
      ...BASE,
      regions: ['us-east-1'],
      notify: [],
      monitors: [
        { ...HERE, runbook: null },
        { ...JOB, policies: [] },
      ],
    });
  });

  it('of the aggregator holds all monitors, and no recipient', () => {
    assert.deepEqual(deployedTo('parallax-acme-aggregator-us-east-1'), { ...WITH_JOB, notify: [] });
  });

  it('of the receiver holds the jobs that call, and nothing else', () => {
    assert.deepEqual(deployedTo('parallax-acme-receiver-us-east-1'), {
      ...BASE,
      regions: ['us-east-1'],
      notify: [],
      monitors: [{ ...JOB, policies: [] }],
    });
  });
});

describe('what a change touches', () => {
  const base = keysOf(BASE);
  const changedBy = (over: Partial<Deployment>): string[] => {
    const after = keysOf({ ...BASE, ...over });
    return Object.keys(base).filter((stack) => base[stack] !== after[stack]);
  };
  const AGGREGATORS = ['aggregator-us-east-1', 'aggregator-eu-west-1'];

  it('nothing, when nothing has changed', () => {
    assert.deepEqual(changedBy({}), []);
  });

  it('a monitor: the prober that runs it, and the aggregators', () => {
    assert.deepEqual(changedBy({ monitors: [HERE, { ...THERE, timeoutMs: 5_000 }] }), [
      ...AGGREGATORS,
      'prober-eu-west-1',
    ]);
  });

  it('a policy: the aggregators', () => {
    assert.deepEqual(changedBy({ monitors: [{ ...HERE, policies: [POLICY] }, THERE] }), AGGREGATORS);
  });

  it('a recipient: no code at all', () => {
    assert.deepEqual(changedBy({ notify: [] }), []);
  });
});
