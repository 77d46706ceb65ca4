import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { aggregate } from '../functions/aggregator/aggregate.ts';
import { Store } from '../functions/aggregator/store.ts';
import type { Deployment, Monitor } from '../shared/monitor.ts';
import type { Result } from '../shared/result.ts';
import { batchPut } from '../shared/table.ts';
import { deploymentOf, monitorOf, policyOf } from '../test/shared/build.ts';
import { logNormal, seededRandom } from './random.ts';

const MONITORS = 100;
const REGIONS = ['ap-southeast-2', 'eu-central-1', 'eu-west-1', 'us-east-1', 'us-west-2'];
/** Two hours around midnight, so that windows of every length close. The day's is counted in full: the true cost is a little lower. */
const START = Date.UTC(2026, 0, 5, 23);
const MINUTES = 125;
const MAX_UNITS_PER_CHECK = 0.12;
/** What one item a check would cost: an item of up to 1 KB is one unit. */
const NAIVE_UNITS_PER_CHECK = 1;

/** Consumed write units per check and replica, as the engine itself counts them, of everything that is written. */
export async function measureWriteUnits(): Promise<{ met: boolean; unitsPerCheck: number }> {
  const server = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  });
  try {
    return await measure(client);
  } finally {
    client.destroy();
    server.close();
  }
}

async function measure(client: DynamoDBClient): Promise<{ met: boolean; unitsPerCheck: number }> {
  const TABLE = 'parallax-bench';
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
  const units = countWriteUnits(client);
  const deployment = benchDeployment();
  const random = seededRandom(7);
  const store = new Store(client, TABLE, deployment.home, deployment.retention);
  const { retention } = deployment;
  const history = { table: TABLE, writers: [deployment.home], retention, query: store.query, onDamage: raise };
  const deliver = async () => {};
  for (let minute = 0; minute < MINUTES; minute += 1) {
    const slotEpochMs = START + minute * 60_000;
    for (const [index, region] of REGIONS.entries()) {
      const results = deployment.monitors.map((monitor) => resultAt(monitor, slotEpochMs, 40 + index * 45, random));
      await client.send(
        new PutItemCommand(batchPut(TABLE, { region, startEpochMs: slotEpochMs, shard: 0, results }, retention)),
      );
    }
    const now = slotEpochMs + 30_000;
    await aggregate({ deployment, writer: deployment.home, store, history, deliver }, now, now + 60_000);
  }
  const checks = MINUTES * MONITORS * REGIONS.length;
  console.log(
    `${MONITORS} monitors x ${REGIONS.length} regions x ${MINUTES} min = ${checks} checks, 0.5 % of them failing\n`,
  );
  let total = 0;
  for (const [kind, { writes, units: consumed }] of [...units].sort((a, b) => b[1].units - a[1].units)) {
    total += consumed;
    console.log(
      `${kind.padEnd(14)} ${String(writes).padStart(6)} writes ${String(consumed).padStart(7)} units  ${(consumed / checks).toFixed(4)} per check`,
    );
  }
  const perCheck = total / checks;
  console.log(
    `${'all'.padEnd(14)} ${' '.repeat(13)} ${String(total).padStart(7)} units  ${perCheck.toFixed(4)} per check and replica (mark: ${MAX_UNITS_PER_CHECK})`,
  );
  console.log(
    `An item a check would take ${NAIVE_UNITS_PER_CHECK}: ${(NAIVE_UNITS_PER_CHECK / perCheck).toFixed(0)} times as much.`,
  );
  return { met: perCheck <= MAX_UNITS_PER_CHECK, unitsPerCheck: perCheck };
}

/** Asks the engine for consumed capacity on every write, and adds it up by what the key says the item is. */
function countWriteUnits(client: DynamoDBClient): Map<string, { writes: number; units: number }> {
  const byKind = new Map<string, { writes: number; units: number }>();
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const write = ['PutItemCommand', 'UpdateItemCommand', 'DeleteItemCommand'].includes(context.commandName ?? '');
      if (write) Object.assign(args.input, { ReturnConsumedCapacity: 'TOTAL' });
      const answer = await next(args);
      if (write) {
        const key = JSON.stringify(args.input).match(/"pk":\{"S":"([a-z]+)#[^"]*?(5m|1h|1d)?"/);
        const kind = [key?.[1] ?? 'other', key?.[2]].filter(Boolean).join(' ');
        const count = byKind.get(kind) ?? { writes: 0, units: 0 };
        const output = answer.output as { ConsumedCapacity?: { CapacityUnits?: number } };
        byKind.set(kind, {
          writes: count.writes + 1,
          units: count.units + (output.ConsumedCapacity?.CapacityUnits ?? 0),
        });
      }
      return answer;
    },
    { step: 'initialize' },
  );
  return byKind;
}

function benchDeployment(): Deployment {
  const monitors = Array.from({ length: MONITORS }, (_, i) =>
    monitorOf({
      id: `team-${i % 7}-service-${i}`,
      regions: REGIONS,
      policies: [policyOf(), policyOf({ id: 'availability', threshold: 0.99, overMs: 300_000, confirm: 1 })],
      metrics: i % 4 === 0 ? [{ name: 'queueDepth', from: 'json', path: '$.queue.depth' }] : [],
    }),
  );
  return deploymentOf(monitors, { regions: REGIONS });
}

function resultAt(monitor: Monitor, slotEpochMs: number, medianMs: number, random: () => number): Result {
  const totalMs = Math.round(logNormal(random, medianMs, 0.4) * 1_000) / 1_000;
  const failed = random() < 0.005;
  const share = (part: number) => Math.round(totalMs * part * 1_000) / 1_000;
  return {
    monitorId: monitor.id,
    slotEpochMs,
    outcome: failed ? 'failed' : 'passed',
    reason: failed ? 'status' : null,
    failedPhase: null,
    detail: failed ? 'expected status 200, got 503' : null,
    lateMs: Math.round(random() * 900),
    totalMs,
    phases: {
      dnsMs: share(0.05),
      connectMs: share(0.2),
      tlsMs: share(0.3),
      firstByteMs: share(0.4),
      downloadMs: share(0.05),
    },
    status: failed ? 503 : 200,
    attempts: 1,
    redirects: 0,
    bodyBytes: Math.round(200 + random() * 4_000),
    address: failed ? '203.0.113.10' : null,
    certificateDaysLeft: 61.3,
    metrics: monitor.metrics.length > 0 ? { queueDepth: Math.round(random() * 100) } : {},
  };
}

function raise(error: Error): never {
  throw error;
}
