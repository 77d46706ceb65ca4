import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { aggregate } from '../functions/aggregator/aggregate.ts';
import { Store } from '../functions/aggregator/store.ts';
import type { Deployment, Monitor } from '../shared/monitor.ts';
import { shardsOf } from '../shared/plan/shards.ts';
import type { Result } from '../shared/result.ts';
import { BATCH_GROUP_MS, MINUTE_MS, slotsIn } from '../shared/schedule.ts';
import { batchPut } from '../shared/table.ts';
import { seededRandom } from './random.ts';
import { resultAt } from './sample-results.ts';

/** What the engine itself says was consumed, by what the key says an item is. */
export interface TableUse {
  readonly checks: number;
  readonly writes: ReadonlyMap<string, Consumed>;
  /** Of the aggregator alone, since nobody else reads by the clock. */
  readonly readUnitsOfRuns: readonly number[];
}

export interface Consumed {
  readonly requests: number;
  readonly units: number;
}

/** Results, as every prober would store them, and a run of the aggregator, for each of so many minutes. */
export async function measureTableUse(
  deployment: Deployment,
  startEpochMs: number,
  minutes: number,
): Promise<TableUse> {
  const server = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: deployment.home,
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  });
  try {
    await createTable(client);
    return await measure(client, deployment, startEpochMs, minutes);
  } finally {
    client.destroy();
    server.close();
  }
}

const TABLE = 'parallax-bench';

async function measure(client: DynamoDBClient, deployment: Deployment, startEpochMs: number, minutes: number) {
  const { home, retention } = deployment;
  const { writes, takeReadUnits } = countUnits(client);
  const random = seededRandom(7);
  const store = new Store(client, TABLE, home, retention);
  const history = { table: TABLE, writers: [home], retention, query: store.query, onDamage: raise };
  const deliver = async () => {};
  const readUnitsOfRuns: number[] = [];
  let checks = 0;
  for (let minute = 0; minute < minutes; minute += 1) {
    const minuteEpochMs = startEpochMs + minute * MINUTE_MS;
    for (const [index, region] of deployment.regions.entries()) {
      const monitors = deployment.monitors.filter((monitor) => monitor.regions.includes(region));
      for (const [shard, members] of shardsOf(monitors)) {
        for (const [start, results] of groups(members, minuteEpochMs, 40 + index * 45, random)) {
          checks += results.length;
          const put = batchPut(TABLE, { region, startEpochMs: start, shard, results }, retention);
          await client.send(new PutItemCommand(put));
        }
      }
    }
    takeReadUnits();
    const now = minuteEpochMs + MINUTE_MS;
    await aggregate({ deployment, writer: home, store, history, deliver }, now, now + MINUTE_MS);
    readUnitsOfRuns.push(takeReadUnits());
  }
  return { checks, writes, readUnitsOfRuns };
}

/** A minute's results, in batches as the prober makes them. */
function groups(
  monitors: readonly Monitor[],
  minuteEpochMs: number,
  medianMs: number,
  random: () => number,
): ReadonlyMap<number, readonly Result[]> {
  const results = monitors.flatMap((monitor) =>
    slotsIn(monitor, minuteEpochMs, minuteEpochMs + MINUTE_MS).map((slot) => resultAt(monitor, slot, medianMs, random)),
  );
  return Map.groupBy(results, ({ slotEpochMs }) => Math.floor(slotEpochMs / BATCH_GROUP_MS) * BATCH_GROUP_MS);
}

async function createTable(client: DynamoDBClient): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk'].map((name) => ({ AttributeName: name, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
}

/** Asks the engine for the consumed capacity of every request, and adds it up. */
function countUnits(client: DynamoDBClient): { writes: Map<string, Consumed>; takeReadUnits: () => number } {
  const writes = new Map<string, Consumed>();
  let readUnits = 0;
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const command = context.commandName ?? '';
      Object.assign(args.input, { ReturnConsumedCapacity: 'TOTAL' });
      const answer = await next(args);
      const units = capacityOf(answer.output);
      if (['PutItemCommand', 'UpdateItemCommand', 'DeleteItemCommand'].includes(command)) {
        const kind = kindOf(JSON.stringify(args.input));
        const known = writes.get(kind) ?? { requests: 0, units: 0 };
        writes.set(kind, { requests: known.requests + 1, units: known.units + units });
      } else {
        // DynamoDB charges the least that it can for an answer without items; the stand-in charges nothing.
        readUnits += Math.max(units, args.input && 'ConsistentRead' in args.input ? 1 : 0.5);
      }
      return answer;
    },
    { step: 'initialize' },
  );
  const takeReadUnits = () => {
    const taken = readUnits;
    readUnits = 0;
    return taken;
  };
  return { writes, takeReadUnits };
}

function capacityOf(output: object): number {
  const { ConsumedCapacity: capacity } = output as { ConsumedCapacity?: { CapacityUnits?: number } };
  return capacity?.CapacityUnits ?? 0;
}

/** Such as `batch` or `window 5m`. */
function kindOf(input: string): string {
  const key = input.match(/"pk":\{"S":"([a-z]+)#[^"]*?(5m|1h|1d)?"/);
  return [key?.[1] ?? 'other', key?.[2]].filter(Boolean).join(' ');
}

function raise(error: Error): never {
  throw error;
}
