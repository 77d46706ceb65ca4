import { Aws, Validations } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { secretParameterName } from '../shared/environment.ts';
import type { Deployment, Region } from '../shared/monitor.ts';
import { MINUTE_MS } from '../shared/schedule.ts';
import { FunctionAlarms } from './alarm.ts';
import { DeadLetterQueue } from './dead-letters.ts';
import { DeployedFunction, type FunctionSettings } from './function.ts';
import { deadLetterQueueName, scheduleName } from './names.ts';
import { probedFrom, runTimeoutMs, usesSecrets } from './probed-from.ts';
import { EveryMinute, SCHEDULED_TIME } from './schedule.ts';

/** One vCPU: with a share of one, latency is measured wrong by milliseconds. */
const MEMORY_MB = 1_769;
/** All of a region's monitors fit into one run. */
const SHARD = 0;

export interface ProberProps {
  readonly deployment: Deployment;
  readonly region: Region;
  /** The region's replica. */
  readonly table: ITableV2;
  readonly settings: FunctionSettings;
}

/** Checks a region's monitors every minute and stores what it found in the region's replica. */
export class Prober extends Construct {
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: ProberProps) {
    super(scope, id);
    const { region, table } = props;
    const deployment = probedFrom(props.deployment, region);
    const deadLetterQueue = new DeadLetterQueue(this, 'DeadLetters', {
      queueName: deadLetterQueueName(deployment.name, 'prober'),
    });
    const { lambda } = new DeployedFunction(this, 'Prober', {
      kind: 'prober',
      description: `Checks the monitors of ${deployment.name} from ${region}`,
      deployment,
      settings: { memoryMb: MEMORY_MB, timeoutMs: runTimeoutMs(deployment.monitors), ...props.settings },
      deadLetterQueue,
      permissions: [
        // One writer per key: a region's prober can write no other region's batches.
        new PolicyStatement({
          actions: ['dynamodb:PutItem'],
          resources: [table.tableArn],
          conditions: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [`batch#${region}`] } },
        }),
        ...(usesSecrets(deployment.monitors) ? [this.#readSecrets(deployment.name, region)] : []),
      ],
    });
    new EveryMinute(this, 'Schedule', {
      scheduleName: scheduleName(deployment.name, 'prober', SHARD),
      target: lambda,
      deadLetterQueue,
      input: { scheduledTime: SCHEDULED_TIME, periodMs: MINUTE_MS, shard: SHARD },
    });
    this.alarms = new FunctionAlarms(this, 'Alarms', {
      deploymentName: deployment.name,
      kind: 'prober',
      lambda,
      deadLetterQueue,
    }).all;
  }

  /** Decrypting needs no permission: the key `aws/ssm` lets the account's principals use it through Parameter Store. */
  #readSecrets(deploymentName: string, region: Region): PolicyStatement {
    const parameters = (partition: string, account: string): string =>
      `arn:${partition}:ssm:${region}:${account}:parameter${secretParameterName(deploymentName, '*')}`;
    Validations.of(this).acknowledge({
      // As cdk-nag writes what is known only at deployment.
      id: `AwsSolutions-IAM5[Resource::${parameters('<AWS::Partition>', '<AWS::AccountId>')}]`,
      reason: 'The path is this deployment’s own; naming each secret would outgrow the policy’s 10,240 characters.',
    });
    return new PolicyStatement({
      actions: ['ssm:GetParameters'],
      resources: [parameters(Aws.PARTITION, Aws.ACCOUNT_ID)],
    });
  }
}
