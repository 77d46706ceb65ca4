import { join } from 'node:path';
import { CfnResource, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { ENVIRONMENT, tableName } from '../shared/environment.ts';
import type { Deployment, FunctionSettings } from '../shared/monitor.ts';
import type { FunctionSize } from '../shared/plan/sizes.ts';
import { DEPLOYMENT_FILE, functionCode, HANDLER } from './code.ts';
import { type DeadLetterQueue, maySendTo } from './dead-letters.ts';
import { type FunctionKind, functionName } from './names.ts';
import { MAX_EVENT_AGE } from './schedule.ts';

export interface DeployedFunctionProps {
  readonly kind: FunctionKind;
  readonly description: string;
  /** The part of the deployment that this function reads; it lies beside the code. Sizes are not the code's affair. */
  readonly deployment: Deployment;
  readonly settings: FunctionSize & Pick<FunctionSettings, 'reservedConcurrency'>;
  /** All that it may do, beside writing its own log and its dead letters. */
  readonly permissions: readonly PolicyStatement[];
  readonly environment?: Readonly<Record<string, string>>;
  /** For events that nobody waits for. A function that is called and answers needs none. */
  readonly deadLetterQueue?: DeadLetterQueue;
}

/** One Lambda of `functions/<kind>/handler.ts`, its role and its log. */
export class DeployedFunction extends Construct {
  readonly lambda: NodejsFunction;

  constructor(scope: Construct, id: string, props: DeployedFunctionProps) {
    super(scope, id);
    const { kind, settings, deadLetterQueue } = props;
    const { functions: _, ...deployment } = props.deployment;
    const name = functionName(deployment.name, kind);

    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: `/aws/lambda/${name}`,
      retention: RetentionDays.TWO_WEEKS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const permissions = [
      ...props.permissions,
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupArn],
      }),
      ...(deadLetterQueue ? [maySendTo(deadLetterQueue)] : []),
    ];
    // In the role itself, so that neither the function nor its schedule can exist before it may do its work.
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: { [kind]: new PolicyDocument({ statements: permissions }) },
    });

    this.lambda = new NodejsFunction(this, 'Function', {
      functionName: name,
      description: props.description,
      // Bundled by ourselves: the construct's own bundling copies files through a shell.
      code: functionCode(join(import.meta.dirname, '..', 'functions', kind, 'handler.ts'), JSON.stringify(deployment)),
      handler: HANDLER,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: settings.memoryMb,
      timeout: Duration.millis(settings.timeoutMs),
      ...(settings.reservedConcurrency !== undefined && { reservedConcurrentExecutions: settings.reservedConcurrency }),
      // Nothing that is added to the function later may widen it.
      role: role.withoutPolicyUpdates(),
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      // Lambda's own retries would run a slot again minutes later (2 within 6 hours is the default).
      retryAttempts: 0,
      maxEventAge: MAX_EVENT_AGE,
      ...(deadLetterQueue && { onFailure: { bind: () => ({ destination: deadLetterQueue.queueArn }) } }),
      // A setting of version 2 of the SDK.
      awsSdkConnectionReuse: false,
      environment: {
        [ENVIRONMENT.table]: tableName(deployment.name),
        [ENVIRONMENT.deployment]: DEPLOYMENT_FILE,
        ...props.environment,
      },
    });
    // The role's ARN implies it; said twice it is a finding of cfn-lint (W3005).
    const resource = this.lambda.node.defaultChild;
    if (resource instanceof CfnResource) resource.addDeletionOverride('DependsOn');
  }
}
