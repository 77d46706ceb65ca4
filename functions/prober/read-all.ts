import { type DynamoDBClient, QueryCommand, type QueryCommandInput } from '@aws-sdk/client-dynamodb';
import type { Item } from '../../shared/table.ts';

/** Every page of a query. Rejects with what DynamoDB answered, or when the signal comes. */
export async function readAll(
  dynamo: Pick<DynamoDBClient, 'send'>,
  input: QueryCommandInput,
  abortSignal: AbortSignal,
): Promise<Item[]> {
  const items: Item[] = [];
  let from: Item | undefined;
  do {
    const start = from === undefined ? {} : { ExclusiveStartKey: from };
    const page = await dynamo.send(new QueryCommand({ ...input, ...start }), { abortSignal });
    items.push(...(page.Items ?? []));
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return items;
}
