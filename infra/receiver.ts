import { CfnOutput } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { FunctionUrlAuthType } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { heartbeatPartition } from '../shared/heartbeat.ts';
import type { Deployment } from '../shared/monitor.ts';
import { functionSize } from '../shared/plan/sizes.ts';
import { FunctionAlarms } from './alarm.ts';
import { DeployedFunction } from './function.ts';
import { readSecrets } from './secrets.ts';

export interface ReceiverProps {
  readonly deployment: Deployment;
  /** Home's replica. */
  readonly table: ITableV2;
}

/** Takes the calls of jobs, from anybody who has a monitor's token. Writes when each last called, and can do nothing else. */
export class Receiver extends Construct {
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: ReceiverProps) {
    super(scope, id);
    const { deployment, table } = props;
    const { name, home } = deployment;
    const received = receivedFrom(deployment);
    const { lambda } = new DeployedFunction(this, 'Receiver', {
      kind: 'receiver',
      description: `Receives the heartbeats of ${name}`,
      deployment: received,
      settings: { ...deployment.functions?.receiver, ...functionSize(deployment, 'receiver', home) },
      permissions: [
        new PolicyStatement({
          actions: ['dynamodb:UpdateItem'],
          resources: [table.tableArn],
          conditions: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [heartbeatPartition(home)] } },
        }),
        ...readSecrets(this, received, home),
      ],
    });
    // Jobs have no AWS credentials to sign with: the token in each call is what is asked for.
    const { url } = lambda.addFunctionUrl({ authType: FunctionUrlAuthType.NONE });
    new CfnOutput(this, 'Url', {
      description: 'Jobs call <url>heartbeat/<monitor id> with their token',
      value: url,
    });
    this.alarms = new FunctionAlarms(this, 'Alarms', {
      deploymentName: name,
      kind: 'receiver',
      lambda,
      deadLetterQueue: null,
    }).all;
  }
}

/** The part of a deployment that the receiver reads: whose calls it takes, and what they prove themselves with. */
function receivedFrom(deployment: Deployment): Deployment {
  return {
    ...deployment,
    regions: [deployment.home],
    notify: [],
    monitors: deployment.monitors
      .filter(({ type }) => type === 'heartbeat')
      .map((monitor) => ({ ...monitor, policies: [], slo: null, runbook: null, tags: [] })),
  };
}
