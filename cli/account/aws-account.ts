import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SNSClient } from '@aws-sdk/client-sns';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Region } from '../../shared/monitor.ts';
import type { Account, Identity } from './account.ts';
import { CLIENT_SETTINGS, Clients } from './clients.ts';

/**
 * The account that the SDK's own chain finds: AWS_PROFILE, SSO, the environment. `AWS_ENDPOINT_URL` points it at a
 * local AWS. `regions`: where STS is asked, in order; any of them can be away.
 */
export function awsAccount(regions: readonly Region[]): Account {
  const dynamo = new Clients((region) => new DynamoDBClient({ ...CLIENT_SETTINGS, region }));
  const sns = new Clients((region) => new SNSClient({ ...CLIENT_SETTINGS, region }));
  let identity: Promise<Identity> | undefined;
  return {
    identity: () => {
      identity ??= identityFrom(regions);
      return identity;
    },
    dynamo: (region) => dynamo.of(region),
    sns: (region) => sns.of(region),
    close: () => {
      dynamo.close();
      sns.close();
    },
  };
}

async function identityFrom(regions: readonly Region[]): Promise<Identity> {
  const failures: unknown[] = [];
  for (const region of regions) {
    const client = new STSClient({ ...CLIENT_SETTINGS, region });
    try {
      // Needs no permission: every principal may ask who it is.
      const { Account: accountId = '', Arn: arn = '' } = await client.send(new GetCallerIdentityCommand({}));
      return { accountId, by: arn, partition: arn.split(':')[1] ?? 'aws' };
    } catch (error) {
      failures.push(error);
    } finally {
      client.destroy();
    }
  }
  throw failures[0];
}
