import { devNull } from 'node:os';
import { ENVIRONMENT, tableName } from '../shared/environment.ts';
import type { Deployment, Region } from '../shared/monitor.ts';

/** Where the stand-ins of AWS's services listen. */
export interface Endpoints {
  readonly dynamo: string;
  /** SNS, EventBridge, Parameter Store and Secrets Manager. */
  readonly aws: string;
}

/**
 * The whole environment of a function in a region: the variables that `infra/` sets, and the SDK's own to find
 * everything on this machine. Nothing of the user's AWS account is in it, so that nothing can reach it.
 */
export function functionEnvironment(
  deployment: Deployment,
  deploymentFile: string,
  region: Region,
  endpoints: Endpoints,
): Readonly<Record<string, string>> {
  return {
    [ENVIRONMENT.table]: tableName(deployment.name),
    [ENVIRONMENT.deployment]: deploymentFile,
    [ENVIRONMENT.topicArn]: `arn:aws:sns:${region}:000000000000:parallax-${deployment.name}`,
    [ENVIRONMENT.eventBus]: `parallax-${deployment.name}`,
    AWS_REGION: region,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamo,
    AWS_ENDPOINT_URL_SNS: endpoints.aws,
    AWS_ENDPOINT_URL_EVENTBRIDGE: endpoints.aws,
    AWS_ENDPOINT_URL_SSM: endpoints.aws,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.aws,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}
