import type { TestContext } from 'node:test';
import { ConditionalCheckFailedException, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { type Aggregation, aggregate } from '../../functions/aggregator/aggregate.ts';
import type { Deliver } from '../../functions/aggregator/alert-book.ts';
import { Store } from '../../functions/aggregator/store.ts';
import type { History } from '../../shared/history.ts';
import type { Notification } from '../../shared/incident.ts';
import type { Deployment, Region } from '../../shared/monitor.ts';
import type { Batch, Result } from '../../shared/result.ts';
import { batchPut } from '../../shared/table.ts';
import { startTable, TABLE } from '../engine/table.ts';
import { failureOf, resultOf } from '../shared/build.ts';

export const START = Date.UTC(2026, 0, 5, 12);
export const MINUTE = 60_000;

/** One aggregator on a real table, its publications seen, time in the test's hand. */
export class Scene {
  readonly deployment: Deployment;
  readonly client: DynamoDBClient;
  readonly store: Store;
  readonly history: History;
  /** What reached the topic, in order. */
  readonly published: Notification[] = [];
  /** What reached the bus. */
  readonly events: Notification[] = [];
  /** Replace to make sending fail. */
  beforeSend: (notification: Notification) => void = () => {};

  readonly writer: Region;

  private constructor(client: DynamoDBClient, deployment: Deployment, writer: Region) {
    this.client = client;
    this.writer = writer;
    this.deployment = deployment;
    this.store = new Store(client, TABLE, writer, deployment.retention);
    this.history = {
      table: TABLE,
      writers: writer === deployment.home ? [writer] : [deployment.home, writer],
      retention: deployment.retention,
      query: this.store.query,
      onDamage: (error) => {
        throw error;
      },
    };
  }

  /** `writer`: the region whose replica and aggregator this is; home's by default. */
  static async open(t: TestContext, deployment: Deployment, writer: Region = deployment.home): Promise<Scene> {
    return new Scene(await startTable(t), deployment, writer);
  }

  /** Another aggregator, or the same after a deployment, on the same table. */
  with(deployment: Deployment, writer: Region = deployment.home): Scene {
    return new Scene(this.client, deployment, writer);
  }

  /** Minute `minute`'s results of the given regions, one result a monitor, as one batch a region. */
  async minute(
    minute: number,
    byRegion: Readonly<Record<Region, 'up' | 'down' | 'inconclusive' | Partial<Result>>>,
    monitors = this.deployment.monitors,
  ) {
    for (const [region, state] of Object.entries(byRegion)) {
      const slotEpochMs = START + minute * MINUTE;
      const results = monitors.map((monitor) => {
        const common = { monitorId: monitor.id, slotEpochMs };
        if (state === 'up') return resultOf(common);
        if (state === 'down') return failureOf(common);
        if (state === 'inconclusive') {
          const detail = 'secret checkout-token is missing';
          return resultOf({ ...common, outcome: 'inconclusive', reason: 'prober', detail, totalMs: null });
        }
        return resultOf({ ...common, ...state });
      });
      await this.put({ region, startEpochMs: slotEpochMs, shard: 0, results });
    }
  }

  async put(batch: Batch): Promise<void> {
    try {
      await this.client.send(new PutItemCommand(batchPut(TABLE, batch, this.deployment.retention)));
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }

  /** Runs the aggregator `seconds` into the minute, holding claims for a minute. */
  run(minute: number, seconds = 20, deliver: Deliver = this.deliver) {
    const now = START + minute * MINUTE + seconds * 1_000;
    const aggregation: Aggregation = {
      deployment: this.deployment,
      writer: this.writer,
      store: this.store,
      history: this.history,
      deliver,
    };
    return aggregate(aggregation, now, now + MINUTE);
  }

  readonly deliver: Deliver = async (notification, destination) => {
    this.beforeSend(notification);
    if (destination === 'topic') this.published.push(notification);
    if (destination === 'bus') this.events.push(notification);
    if (destination === 'record') {
      const { id, kind, slotEpochMs, emailSubject, emailBody, sms, incident } = notification;
      const sent = {
        id,
        kind,
        incidentId: incident.id,
        severity: incident.severity,
        slotEpochMs,
        sentAtEpochMs: slotEpochMs,
      };
      await this.store.saveRecords(incident, { ...sent, emailSubject, emailBody, sms });
    }
  };

  get kinds(): string[] {
    return this.published.map((notification) => notification.kind);
  }
}

/** Every region in the same state. */
export function everywhere(state: 'up' | 'down' | 'inconclusive') {
  return { 'ap-southeast-2': state, 'eu-west-1': state, 'us-east-1': state };
}
