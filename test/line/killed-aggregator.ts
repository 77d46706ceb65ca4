import { text } from 'node:stream/consumers';
import { aggregate } from '../../functions/aggregator/aggregate.ts';
import { Store } from '../../functions/aggregator/store.ts';
import type { Deployment } from '../../shared/monitor.ts';
import { clientOf, TABLE } from '../engine/table.ts';

/** An aggregator that is killed when it is about to send its first page. Started by whole-line.test.ts. */
interface Input {
  readonly endpoint: string;
  readonly deployment: Deployment;
  readonly nowEpochMs: number;
}

const { endpoint, deployment, nowEpochMs }: Input = JSON.parse(await text(process.stdin));
const { home: writer, retention } = deployment;
const store = new Store(clientOf(endpoint), TABLE, writer, retention);
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
