import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Item } from '../../shared/table.ts';

/** A version of an item on its way between replicas; a deletion where there is no item. */
export interface Change {
  readonly key: string;
  readonly item: Item | null;
  /** When it was written, and in what order: the last writer wins. */
  readonly at: number;
}

/** What a command is about to do to whom, for faults to look at. */
export interface Command {
  readonly name: string;
  readonly partition: string;
}

/** `before`: nothing is done. `after`: it is done, and its answer is lost on the way. */
export type Fault = 'before' | 'after' | null;

/** The parts of a request that this table looks at. */
interface Input {
  readonly Item?: Item;
  readonly Key?: Item;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeValues?: Item;
}

let order = 0;

/** A replica of a global table, in memory: the operations and conditions that Parallax uses, and no more. */
export class Replica {
  readonly client: DynamoDBClient;
  readonly #items = new Map<string, Change>();
  /** Told of each change made here. */
  onChange: (change: Change) => void = () => {};
  /** Asked before each command. */
  faultOf: (command: Command) => Fault = () => null;

  constructor() {
    this.client = new DynamoDBClient({ region: 'us-east-1' });
    this.client.middlewareStack.add(
      (_, context) => async (args) => ({
        output: { $metadata: {}, ...this.#answer(context.commandName ?? '', inputOf(args)) },
        response: {},
      }),
      { step: 'initialize' },
    );
  }

  /** Takes over what another replica wrote, unless something newer is here: twice and in any order. */
  apply(change: Change): void {
    if ((this.#items.get(change.key)?.at ?? 0) < change.at) this.#items.set(change.key, change);
  }

  #answer(name: string, input: Input): object {
    const fault = this.faultOf({ name, partition: text(input.Item ?? input.Key ?? input.ExpressionAttributeValues) });
    if (fault === 'before') throw Object.assign(new Error('throttled'), { name: 'ThrottlingException' });
    const answer = this.#do(name, input);
    if (fault === 'after') throw Object.assign(new Error('connection lost'), { name: 'TimeoutError' });
    return answer;
  }

  #do(name: string, input: Input): object {
    switch (name) {
      case 'PutItemCommand':
        this.#write(input, input.Item ?? {}, input.Item ?? null);
        return {};
      case 'DeleteItemCommand':
        this.#write(input, input.Key ?? {}, null);
        return {};
      case 'GetItemCommand': {
        const item = this.#items.get(keyOf(input.Key ?? {}))?.item ?? undefined;
        return item === undefined ? {} : { Item: item };
      }
      case 'QueryCommand': {
        const values = input.ExpressionAttributeValues ?? {};
        const partition = text(values);
        const [low, high] = [values[':low']?.S ?? '', values[':high']?.S ?? '\uffff'];
        const found = [...this.#items.values()].flatMap(({ item }) => {
          const sk = item?.['sk']?.S ?? '';
          return item !== null && item['pk']?.S === partition && sk >= low && sk <= high ? [{ sk, item }] : [];
        });
        return { Items: found.sort((a, b) => (a.sk < b.sk ? -1 : 1)).map(({ item }) => item) };
      }
      default:
        throw new Error(`the simulated table does not know ${name}`);
    }
  }

  #write({ ConditionExpression, ExpressionAttributeValues }: Input, at: Item, item: Item | null): void {
    const key = keyOf(at);
    const there = this.#items.get(key)?.item ?? null;
    if (!holds(ConditionExpression, there, ExpressionAttributeValues ?? {})) {
      throw new ConditionalCheckFailedException({ message: 'The conditional request failed', $metadata: {} });
    }
    order += 1;
    const change = { key, item, at: order };
    this.#items.set(key, change);
    this.onChange(change);
  }
}

function holds(condition: string | undefined, there: Item | null, values: Item): boolean {
  const number = (item: Item, name: string) => Number(item[name]?.N);
  switch (condition) {
    case undefined:
      return true;
    case 'attribute_not_exists(pk)':
      return there === null;
    case 'attribute_not_exists(pk) OR #start < :start':
      return there === null || number(there, 'start') < number(values, ':start');
    case 'attribute_not_exists(pk) OR #start <= :start':
      return there === null || number(there, 'start') <= number(values, ':start');
    case '#version = :version':
      return there !== null && number(there, 'version') === number(values, ':version');
    default:
      throw new Error(`the simulated table does not know the condition ${condition}`);
  }
}

function inputOf({ input }: { readonly input: object }): Input {
  return input;
}

function text(item: Item | undefined): string {
  return (item?.['pk'] ?? item?.[':pk'])?.S ?? '';
}

function keyOf(item: Item): string {
  return `${item['pk']?.S} ${item['sk']?.S}`;
}
