import { text } from 'node:stream/consumers';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { aggregate } from '../../functions/aggregator/aggregate.ts';
import { Store } from '../../functions/aggregator/store.ts';
import type { Deployment } from '../../shared/monitor.ts';
import { TABLE } from '../engine/table.ts';

/** An aggregator that is killed when it is about to send its first page. Started by whole-line.test.ts. */
interface Input {
  readonly endpoint: string;
  readonly deployment: Deployment;
  readonly nowEpochMs: number;
}

const { endpoint, deployment, nowEpochMs }: Input = JSON.parse(await text(process.stdin));
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const client = new DynamoDBClient({ endpoint, region: deployment.home, credentials });
const { home: writer, retention } = deployment;
const store = new Store(client, TABLE, writer, retention);
await aggregate(
  {
    deployment,
    writer,
    store,
    history: { table: TABLE, writers: [writer], retention, query: store.query, onDamage: () => {} },
    deliver: () => {
      process.kill(process.pid, 'SIGKILL');
      return new Promise(() => {});
    },
  },
  nowEpochMs,
  nowEpochMs + 30_000,
);
