import { ConditionalCheckFailedException, PutItemCommand, paginateQuery } from '@aws-sdk/client-dynamodb';
import { type Control, controlPut, readControls } from '../shared/control.ts';
import { tableName } from '../shared/environment.ts';
import type { Region } from '../shared/monitor.ts';
import type { Item } from '../shared/table.ts';
import { userAtHost } from './account/local-account.ts';
import { CannotRun, type Connection } from './connection.ts';

/** What stands, as the region's replica has it. */
export function loadControls({ account, deployment }: Connection, region: Region): Promise<Control[]> {
  const client = account.dynamo(region);
  const query = async (input: Parameters<typeof paginateQuery>[1]): Promise<Item[]> => {
    const items: Item[] = [];
    for await (const page of paginateQuery({ client }, { ...input, ConsistentRead: true })) {
      items.push(...(page.Items ?? []));
    }
    return items;
  };
  return readControls(query, tableName(deployment.name), deployment);
}

/** Stores a control in the region's replica, under the region's own key; it reaches the others by replication. */
export async function saveControl({ account, deployment }: Connection, region: Region, control: Control) {
  try {
    const put = controlPut(tableName(deployment.name), region, control);
    await account.dynamo(region).send(new PutItemCommand(put));
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    throw new CannotRun(
      `Somebody else changed ${control.kind} of ${control.target} at the same moment. Look with \`npx parallax status\`, then try again.`,
      { cause: error },
    );
  }
}

/** An IAM ARN; `user@host` where STS does not say. */
export async function signature({ account }: Connection): Promise<string> {
  try {
    return (await account.identity()).by;
  } catch {
    return userAtHost(); // the write itself says what is wrong with the credentials
  }
}
