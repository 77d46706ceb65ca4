import type { TestContext } from 'node:test';
import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { SNSClient } from '@aws-sdk/client-sns';
import type { Account } from '../../cli/account/account.ts';
import type { Connect } from '../../cli/connection.ts';
import { type Control, readControls } from '../../shared/control.ts';
import { tableName } from '../../shared/environment.ts';
import type { Deployment } from '../../shared/monitor.ts';
import { startTable, TABLE } from '../engine/table.ts';
import { deploymentOf, monitorOf } from '../shared/build.ts';

export const NOW = Date.UTC(2026, 0, 5, 12);
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** A deployment whose table's name is the test table's. */
export const deployment: Deployment = deploymentOf(
  [monitorOf({ id: 'checkout', tags: ['payments'] }), monitorOf({ id: 'search', name: 'search' })],
  { name: TABLE.replace(/^parallax-/, ''), home: 'us-east-1', standby: 'eu-west-1' },
);

/** An account whose table is a real engine; `gone` regions do not answer. */
export async function startAccount(t: TestContext, gone: readonly string[] = []) {
  const client = await startTable(t);
  const nobody = new DynamoDBClient({
    endpoint: 'http://127.0.0.1:1',
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  t.after(() => nobody.destroy());
  const account: Account = {
    identity: async () => ({
      accountId: '123456789012',
      partition: 'aws',
      by: 'arn:aws:sts::123456789012:assumed-role/Admin/ada',
    }),
    dynamo: (region) => (gone.includes(region) ? nobody : client),
    sns: (region) => new SNSClient({ region }),
    close: () => {},
  };
  const query = async (input: ConstructorParameters<typeof QueryCommand>[0]) =>
    (await client.send(new QueryCommand(input))).Items ?? [];
  return {
    client,
    account,
    open: (() => ({ deployment, account })) satisfies Connect,
    /** What stands, of these writers. */
    controls: (writers: Pick<Deployment, 'home' | 'standby'> = deployment): Promise<Control[]> =>
      readControls(query, tableName(deployment.name), writers),
  };
}
