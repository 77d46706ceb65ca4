import { readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SNSClient } from '@aws-sdk/client-sns';
import { runningSystem } from '../../local/running-system.ts';
import type { Deployment } from '../../shared/monitor.ts';
import type { Account } from './account.ts';
import { CLIENT_SETTINGS, Clients } from './clients.ts';

/** What `parallax dev` runs on the data folder, and the deployment as it runs. Throws `LocalError` where nothing runs. */
export function localAccount(dataPath: string): { readonly deployment: Deployment; readonly account: Account } {
  const { endpoints } = runningSystem(dataPath);
  const deployment: Deployment = JSON.parse(readFileSync(join(dataPath, 'deployment.json'), 'utf8'));
  const settings = { ...CLIENT_SETTINGS, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
  const dynamo = new Clients((region) => new DynamoDBClient({ ...settings, region, endpoint: endpoints.dynamo }));
  const sns = new Clients((region) => new SNSClient({ ...settings, region, endpoint: endpoints.aws }));
  return {
    deployment,
    account: {
      identity: async () => ({ accountId: '000000000000', partition: 'aws', by: userAtHost() }),
      dynamo: (region) => dynamo.of(region),
      sns: (region) => sns.of(region),
      close: () => {
        dynamo.close();
        sns.close();
      },
    },
  };
}

/** Who sits at this machine, as far as it knows. */
export function userAtHost(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return `unknown@${hostname()}`; // a user id without a name, as in containers
  }
}
