import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Deployment } from '../../shared/monitor.ts';
import { plannedResources, type RegionResources } from '../../shared/plan/resources.ts';
import { allPropertiesOf, propertiesOf, type Synthesized, synthesize } from '../infra/synthesize.ts';
import { heartbeatOf } from '../shared/build.ts';
import { deploymentWith, monitorsOf } from './build.ts';

const CRITICAL_ONLY = { protocol: 'sms', endpoint: '+15555550100', severities: ['critical'] } as const;

for (const [what, deployment] of [
  ['one region', deploymentWith(monitorsOf(1, { regions: ['us-east-1'] }), { regions: ['us-east-1'], standby: null })],
  ['three regions with a standby', deploymentWith(monitorsOf(3))],
  [
    'home and standby that check nothing',
    deploymentWith(monitorsOf(3, { regions: ['sa-east-1'] }), { regions: ['sa-east-1'] }),
  ],
  ['a region without monitors', deploymentWith(monitorsOf(3, { regions: ['us-east-1'] }))],
  ['shards of both kinds', deploymentWith([...monitorsOf(900), ...monitorsOf(3, { id: 'fast', everyMs: 10_000 })])],
  ['recipients that all choose', deploymentWith(monitorsOf(1), { notify: [CRITICAL_ONLY] })],
  ['a job that calls', deploymentWith([...monitorsOf(1), heartbeatOf()])],
  [
    'sizes of its own',
    deploymentWith(monitorsOf(1), { functions: { prober: { memoryMb: 3_008, timeoutMs: 99_000 } } }),
  ],
] as const satisfies readonly (readonly [string, Deployment])[]) {
  describe(`the plan of ${what} creates what is synthesized`, () => {
    const synthesized = synthesize({ config: deployment });
    for (const resources of plannedResources(deployment)) {
      it(`in ${resources.region}`, () => {
        assert.deepEqual(counted(resources), found(synthesized, resources.region));
      });
    }

    it('and a replica of the table in each region', () => {
      const [table] = allPropertiesOf(synthesized, 'AWS::DynamoDB::GlobalTable');
      const replicas = JSON.stringify(table?.['Replicas']).match(/"Region":"[^"]+"/g) ?? [];
      const planned = plannedResources(deployment).map(({ region }) => `"Region":"${region}"`);
      assert.deepEqual(replicas.toSorted(), planned.toSorted());
    });
  });
}

function counted(resources: RegionResources) {
  const { functions, schedules, queues, alarms, logGroups, topics, buses } = resources;
  const sizes = functions.map(({ memoryMb, timeoutMs }) => `${memoryMb} MB, ${timeoutMs / 1_000} s`).sort();
  return { sizes, schedules, queues, alarms, logGroups, topics, buses };
}

function found(synthesized: Synthesized, region: string) {
  const stacks = [...synthesized.stacks.values()].filter((stack) => stack.region === region);
  const of = (type: string) => stacks.flatMap((stack) => propertiesOf(stack, type));
  return {
    sizes: of('AWS::Lambda::Function')
      .map(({ MemorySize, Timeout }) => `${MemorySize} MB, ${Timeout} s`)
      .sort(),
    schedules: of('AWS::Scheduler::Schedule').length,
    queues: of('AWS::SQS::Queue').length,
    alarms: of('AWS::CloudWatch::Alarm').length,
    logGroups: of('AWS::Logs::LogGroup').length,
    topics: of('AWS::SNS::Topic').length,
    buses: of('AWS::Events::EventBus').length,
  };
}
