import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Item } from '../shared/table.ts';

/** The parts of a request that a key-value table looks at. */
interface Input {
  readonly Item?: Item;
  readonly Key?: Item;
  readonly ExpressionAttributeValues?: Item;
}

/** A client whose table is in memory and holds no conditions: what is left to measure is the caller's own work. */
export function memoryTable(): DynamoDBClient {
  const partitions = new Map<string, Map<string, Item>>();
  const partition = (pk: string) => {
    const known = partitions.get(pk) ?? new Map<string, Item>();
    partitions.set(pk, known);
    return known;
  };
  const answer = (command: string, input: Input): object => {
    switch (command) {
      case 'PutItemCommand':
        partition(text(input.Item, 'pk')).set(text(input.Item, 'sk'), input.Item ?? {});
        return {};
      case 'DeleteItemCommand':
        partition(text(input.Key, 'pk')).delete(text(input.Key, 'sk'));
        return {};
      case 'GetItemCommand':
        return { Item: partition(text(input.Key, 'pk')).get(text(input.Key, 'sk')) };
      case 'QueryCommand': {
        const values = input.ExpressionAttributeValues;
        const [low, high] = [values?.[':low']?.S ?? '', values?.[':high']?.S ?? '\uffff'];
        const items = [...partition(text(values, ':pk'))].filter(([sk]) => sk >= low && sk <= high);
        return { Items: items.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item) };
      }
      default:
        throw new Error(`the table in memory does not know ${command}`);
    }
  };
  const client = new DynamoDBClient({ region: 'us-east-1' });
  client.middlewareStack.add(
    (_, context) => async (args) => ({
      output: { $metadata: {}, ...answer(context.commandName ?? '', inputOf(args)) },
      response: {},
    }),
    { step: 'initialize' },
  );
  return client;
}

function inputOf({ input }: { readonly input: object }): Input {
  return input;
}

function text(item: Item | undefined, name: string): string {
  return item?.[name]?.S ?? '';
}
