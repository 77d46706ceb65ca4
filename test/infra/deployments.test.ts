import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tableRegions } from '../../infra/global-table.ts';
import type { Deployment } from '../../shared/monitor.ts';
import { deploymentOf, monitorOf } from './build.ts';
import { type Synthesized, synthesize } from './synthesize.ts';

const TWELVE = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'ca-central-1',
  'sa-east-1',
  'eu-west-1',
  'eu-central-1',
  'eu-north-1',
  'ap-southeast-2',
  'ap-northeast-1',
  'ap-south-1',
];
const ONE = { home: 'eu-north-1', standby: null, regions: ['eu-north-1'] };
const SMS_ONLY = [{ protocol: 'sms', endpoint: '+15555550100', severities: ['critical'] }] as const;
const MANY = Array.from({ length: 400 }, (_, index) => monitorOf({ id: `monitor-${index}` }));

/** CloudFormation's limits for one template. */
const MAX_TEMPLATE_BYTES = 1_000_000;
const MAX_RESOURCES = 500;

const SHAPES: Readonly<Record<string, Deployment>> = {
  'one region': deploymentOf(ONE),
  'three regions': deploymentOf(),
  'twelve regions': deploymentOf({ regions: TWELVE }),
  'no standby': deploymentOf({ standby: null }),
  'home and standby apart from the probers': deploymentOf({ home: 'eu-west-2', standby: 'us-east-2' }),
  'sms only': deploymentOf({ notify: SMS_ONLY }),
  'nobody to notify': deploymentOf({ notify: [] }),
  '400 monitors': deploymentOf({ monitors: MANY }),
};

for (const [shape, deployment] of Object.entries(SHAPES)) {
  describe(`a deployment with ${shape}`, () => {
    // An error that validation or cdk-nag finds throws here.
    const synthesized = synthesize({ config: deployment });

    it('has no findings, not even warnings', () => {
      assert.deepEqual(synthesized.findings, []);
    });

    it('has the table, an aggregator in home and standby, and a prober per region', () => {
      const aggregators = [deployment.home, ...(deployment.standby === null ? [] : [deployment.standby])];
      const expected = [
        `parallax-acme-table in ${deployment.home}`,
        ...aggregators.map((region) => `parallax-acme-aggregator-${region} in ${region}`),
        ...deployment.regions.map((region) => `parallax-acme-prober-${region} in ${region}`),
      ];
      const actual = [...synthesized.stacks].map(([name, { region }]) => `${name} in ${region}`);
      assert.deepEqual(actual.sort(), expected.sort());
    });

    it('deploys the table before everything, and a topic before the alarms that publish to it', () => {
      assert.deepEqual(orderOf(synthesized), expectedOrder(deployment));
    });

    it('passes nothing from stack to stack', () => {
      for (const { text } of synthesized.stacks.values()) {
        assert.doesNotMatch(text, /Fn::ImportValue|Fn::GetStackOutput|Custom::|"Export"/);
      }
    });

    it('stays below the limits of a template', () => {
      for (const [name, { text, resources }] of synthesized.stacks) {
        assert.ok(Buffer.byteLength(text) < MAX_TEMPLATE_BYTES, name);
        assert.ok(Object.keys(resources).length < MAX_RESOURCES, name);
      }
    });

    it('has a replica of the table wherever something runs', () => {
      const runsIn = new Set([...synthesized.stacks.values()].map(({ region }) => region));
      assert.deepEqual(tableRegions(deployment), [...runsIn].sort());
    });
  });
}

it('is the same whatever account and environment it is synthesized in', () => {
  const before = process.env['CDK_DEFAULT_ACCOUNT'];
  process.env['CDK_DEFAULT_ACCOUNT'] = '111122223333';
  try {
    const { stacks } = synthesize({ config: deploymentOf(ONE) });
    for (const { text } of stacks.values()) assert.doesNotMatch(text, /111122223333/);
  } finally {
    if (before === undefined) delete process.env['CDK_DEFAULT_ACCOUNT'];
    else process.env['CDK_DEFAULT_ACCOUNT'] = before;
  }
});

it('puts nothing of a request into a template', () => {
  const monitor = monitorOf();
  const request = { ...monitor.request, headers: { authorization: 'Bearer canary-5up3r' }, body: 'canary-5up3r' };
  const { stacks } = synthesize({ config: deploymentOf({ ...ONE, monitors: [{ ...monitor, request }] }) });
  for (const { text } of stacks.values()) assert.doesNotMatch(text, /canary-5up3r/);
});

function orderOf({ stacks }: Synthesized): Record<string, readonly string[]> {
  return Object.fromEntries([...stacks].map(([name, { after }]) => [name, after]));
}

function expectedOrder({ home, standby, regions }: Deployment): Record<string, readonly string[]> {
  const table = 'parallax-acme-table';
  const aggregators = [home, ...(standby === null ? [] : [standby])];
  return Object.fromEntries([
    [table, []],
    ...aggregators.map((region) => [`parallax-acme-aggregator-${region}`, [table]]),
    ...regions.map((region) => [
      `parallax-acme-prober-${region}`,
      aggregators.includes(region) ? [`parallax-acme-aggregator-${region}`, table] : [table],
    ]),
  ]);
}
