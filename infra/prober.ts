import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { awaitedPartition, heartbeatPartition } from '../shared/heartbeat.ts';
import type { Deployment, Region } from '../shared/monitor.ts';
import { shardNumbers } from '../shared/plan/shards.ts';
import { functionSize } from '../shared/plan/sizes.ts';
import { MINUTE_MS } from '../shared/schedule.ts';
import { FunctionAlarms } from './alarm.ts';
import { DeadLetterQueue } from './dead-letters.ts';
import { DeployedFunction } from './function.ts';
import { aggregatorRegions, deadLetterQueueName, scheduleName } from './names.ts';
import { probedFrom } from './probed-from.ts';
import { EveryMinute, SCHEDULED_TIME } from './schedule.ts';
import { readSecrets } from './secrets.ts';

export interface ProberProps {
  readonly deployment: Deployment;
  readonly region: Region;
  /** The region's replica. */
  readonly table: ITableV2;
}

/** Checks a region's monitors every minute and stores what it found in the region's replica. */
export class Prober extends Construct {
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: ProberProps) {
    super(scope, id);
    const { region, table } = props;
    const deployment = probedFrom(props.deployment, region);
    const hasJobs = deployment.monitors.some(({ type }) => type === 'heartbeat');
    const deadLetterQueue = new DeadLetterQueue(this, 'DeadLetters', {
      queueName: deadLetterQueueName(deployment.name, 'prober'),
    });
    const { lambda } = new DeployedFunction(this, 'Prober', {
      kind: 'prober',
      description: `Checks the monitors of ${deployment.name} from ${region}`,
      deployment,
      settings: { ...deployment.functions?.prober, ...functionSize(deployment, 'prober', region) },
      deadLetterQueue,
      permissions: [
        // One writer per key: a region's prober can write no other region's batches.
        on(table, 'dynamodb:PutItem', [`batch#${region}`, ...(hasJobs ? [awaitedPartition(region)] : [])]),
        // What people have paused and jobs have called, and nothing else.
        on(table, 'dynamodb:Query', [
          ...aggregatorRegions(deployment).map((writer) => `control#${writer}`),
          ...(hasJobs ? [heartbeatPartition(region), awaitedPartition(region)] : []),
        ]),
        ...readSecrets(this, deployment, region),
      ],
    });
    // One function; each shard is a run of its own, in an environment and on a core of its own.
    for (const shard of shardNumbers(deployment.monitors)) {
      new EveryMinute(this, shard === 0 ? 'Schedule' : `Schedule${shard}`, {
        scheduleName: scheduleName(deployment.name, 'prober', shard),
        target: lambda,
        deadLetterQueue,
        input: { scheduledTime: SCHEDULED_TIME, periodMs: MINUTE_MS, shard },
      });
    }
    this.alarms = new FunctionAlarms(this, 'Alarms', {
      deploymentName: deployment.name,
      kind: 'prober',
      lambda,
      deadLetterQueue,
    }).all;
  }
}

function on(table: ITableV2, action: string, partitions: readonly string[]): PolicyStatement {
  return new PolicyStatement({
    actions: [action],
    resources: [table.tableArn],
    conditions: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': partitions } },
  });
}
