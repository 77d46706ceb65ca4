import { CfnOutput } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { FunctionUrlAuthType } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Deployment } from '../shared/monitor.ts';
import { functionSize } from '../shared/plan/sizes.ts';
import { FunctionAlarms } from './alarm.ts';
import { DeployedFunction } from './function.ts';

export interface ApiProps {
  readonly deployment: Deployment;
  readonly table: ITableV2;
}

/** Answers what the monitors' state is, to callers of the account who sign their requests (IAM). Reads only. */
export class Api extends Construct {
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: ApiProps) {
    super(scope, id);
    const { deployment, table } = props;
    const { lambda } = new DeployedFunction(this, 'Api', {
      kind: 'api',
      description: `Answers for the state of ${deployment.name}`,
      deployment: { ...deployment, notify: [] },
      settings: { ...deployment.functions?.api, ...functionSize(deployment, 'api', deployment.home) },
      permissions: [
        new PolicyStatement({ actions: ['dynamodb:GetItem', 'dynamodb:Query'], resources: [table.tableArn] }),
      ],
    });
    const { url } = lambda.addFunctionUrl({ authType: FunctionUrlAuthType.AWS_IAM });
    new CfnOutput(this, 'Url', { description: 'Callers need lambda:InvokeFunctionUrl', value: url });
    this.alarms = new FunctionAlarms(this, 'Alarms', {
      deploymentName: deployment.name,
      kind: 'api',
      lambda,
      deadLetterQueue: null,
    }).all;
  }
}
