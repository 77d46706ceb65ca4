import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { ENVIRONMENT } from '../shared/environment.ts';
import type { Deployment, Region } from '../shared/monitor.ts';
import { functionSize } from '../shared/plan/sizes.ts';
import { FunctionAlarms } from './alarm.ts';
import { DeadLetterQueue } from './dead-letters.ts';
import { DeployedFunction } from './function.ts';
import { deadLetterQueueName, scheduleName } from './names.ts';
import { EveryMinute, SCHEDULED_TIME } from './schedule.ts';

const READS = ['dynamodb:GetItem', 'dynamodb:Query'];
/** The partitions of an aggregator's own, see `shared/aggregator-table.ts`. */
function ownPartitions(writer: Region): string[] {
  return [
    `window#${writer}#*`,
    ...['progress', 'alert', 'incident', 'notification', 'control'].map((kind) => `${kind}#${writer}`),
  ];
}

export interface AggregatorProps {
  readonly deployment: Deployment;
  readonly region: Region;
  /** The region's replica. */
  readonly table: ITableV2;
  readonly topic: ITopic;
  readonly bus: EventBus;
}

/**
 * Turns batches into windows, verdicts, incidents and notifications, every minute. The same in home and standby:
 * which of them works is told by what is in the table.
 */
export class Aggregator extends Construct {
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: AggregatorProps) {
    super(scope, id);
    const { deployment, region, table, topic, bus } = props;
    const deadLetterQueue = new DeadLetterQueue(this, 'DeadLetters', {
      queueName: deadLetterQueueName(deployment.name, 'aggregator'),
    });
    const { lambda } = new DeployedFunction(this, 'Aggregator', {
      kind: 'aggregator',
      description: `Aggregates and alerts for ${deployment.name} in ${region}`,
      // Recipients are the topic's affair: a new one is not a new zip.
      deployment: { ...deployment, notify: [] },
      settings: { ...deployment.functions?.aggregator, ...functionSize(deployment, 'aggregator', region) },
      deadLetterQueue,
      environment: { [ENVIRONMENT.topicArn]: topic.topicArn, [ENVIRONMENT.eventBus]: bus.eventBusName },
      permissions: [
        new PolicyStatement({ actions: READS, resources: [table.tableArn] }),
        // One writer per key: home and standby cannot write each other's items.
        new PolicyStatement({
          actions: ['dynamodb:PutItem'],
          resources: [table.tableArn],
          conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ownPartitions(region) } },
        }),
        // Incidents that are over and told leave the partition that every run reads.
        new PolicyStatement({
          actions: ['dynamodb:DeleteItem'],
          resources: [table.tableArn],
          conditions: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [`alert#${region}`] } },
        }),
        new PolicyStatement({ actions: ['sns:Publish'], resources: [topic.topicArn] }),
        new PolicyStatement({ actions: ['events:PutEvents'], resources: [bus.eventBusArn] }),
      ],
    });
    new EveryMinute(this, 'Schedule', {
      scheduleName: scheduleName(deployment.name, 'aggregator', 0),
      target: lambda,
      deadLetterQueue,
      input: { scheduledTime: SCHEDULED_TIME },
    });
    this.alarms = new FunctionAlarms(this, 'Alarms', {
      deploymentName: deployment.name,
      kind: 'aggregator',
      lambda,
      deadLetterQueue,
    }).all;
  }
}
