import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import { ENVIRONMENT, required } from '../../shared/environment.ts';
import type { Deployment, Region } from '../../shared/monitor.ts';
import { DEFAULT_SECRET_STORE } from '../../shared/secret-store.ts';
import { type Receiver, receive } from './receive.ts';
import { fromParameterStore, fromSecretsManager, type ReadSecrets } from './secret-values.ts';
import { createTokens } from './tokens.ts';

/** One more try of each call, and less than the job's own patience for all of it. */
const CLIENT = { maxAttempts: 2, requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000 } };

/** @throws MissingEnvironment, or what reading the deployment's file throws */
function receiverFromEnvironment(environment: NodeJS.ProcessEnv): Receiver {
  const region = required(environment, 'AWS_REGION');
  const deployment: Deployment = JSON.parse(readFileSync(required(environment, ENVIRONMENT.deployment), 'utf8'));
  const jobs = deployment.monitors.filter((monitor) => monitor.type === 'heartbeat');
  return {
    region,
    table: required(environment, ENVIRONMENT.table),
    dynamo: new DynamoDBClient({ region, ...CLIENT }),
    tokens: createTokens(secretsOf(deployment, region), jobs, Date.now, console.log),
    nowEpochMs: Date.now,
    log: console.log,
  };
}

function secretsOf({ name, secretStore = DEFAULT_SECRET_STORE }: Deployment, region: Region): ReadSecrets {
  switch (secretStore) {
    case 'parameter-store':
      return fromParameterStore(new SSMClient({ region, ...CLIENT }), name);
    case 'secrets-manager':
      return fromSecretsManager(new SecretsManagerClient({ region, ...CLIENT }), name);
  }
}

export const handler = receive(receiverFromEnvironment(process.env));
