import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
  paginateQuery,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import {
  alertDelete,
  alertOf,
  alertPut,
  alertsQuery,
  incidentPut,
  notificationPut,
  type Progress,
  progressGet,
  progressOf,
  progressPut,
} from '../../shared/aggregator-table.ts';
import type { SentNotification } from '../../shared/api-types.ts';
import { type Control, controlPut } from '../../shared/control.ts';
import type { Alert, Incident } from '../../shared/incident.ts';
import type { Region, Retention } from '../../shared/monitor.ts';
import { type Item, type Level, windowPuts } from '../../shared/table.ts';
import type { WindowStats } from '../../shared/window.ts';

/** `lost`: somebody else wrote first. What they wrote stands. */
export type WriteOutcome = 'written' | 'lost';

/** Progress, and the version that a write must expect. */
export interface StoredProgress {
  /** Null: damaged. */
  readonly progress: Progress | null;
  readonly version: number;
}

/**
 * The aggregator's hands on its own region's replica. Every write either expects the version that was read,
 * or writes what anybody else would write there.
 */
export class Store {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #writer: Region;
  readonly #retention: Retention;

  constructor(client: DynamoDBClient, table: string, writer: Region, retention: Retention) {
    this.#client = client;
    this.#table = table;
    this.#writer = writer;
    this.#retention = retention;
  }

  /** Runs a query to its last page. Consistent: a run reads the windows that it has just written. */
  readonly query = async (input: QueryCommandInput): Promise<Item[]> => {
    const items: Item[] = [];
    const pages = paginateQuery({ client: this.#client }, { ...input, ConsistentRead: true });
    for await (const page of pages) items.push(...(page.Items ?? []));
    return items;
  };

  async loadProgress(of: Region = this.#writer): Promise<StoredProgress | null> {
    const { Item: item } = await this.#client.send(new GetItemCommand(progressGet(this.#table, of)));
    return progressOf(item);
  }

  saveProgress(progress: Progress, expectedVersion: number): Promise<WriteOutcome> {
    return this.#putUnlessLost(progressPut(this.#table, this.#writer, progress, expectedVersion));
  }

  async loadAlerts(of: Region = this.#writer): Promise<Alert[]> {
    const alerts: Alert[] = [];
    for (const item of await this.query(alertsQuery(this.#table, of))) {
      const alert = alertOf(item);
      if (alert !== null) alerts.push(alert);
      // A damaged one of our own would keep its policy from ever being stored again: rather announced twice.
      else if (of === this.#writer) await this.#delete(item);
    }
    return alerts;
  }

  /** `alert.version` is the one that was read; the stored one is one more. */
  saveAlert(alert: Alert): Promise<WriteOutcome> {
    return this.#putUnlessLost(alertPut(this.#table, this.#writer, alert));
  }

  deleteAlert(alert: Alert): Promise<WriteOutcome> {
    return unlessLost(this.#client.send(new DeleteItemCommand(alertDelete(this.#table, this.#writer, alert))));
  }

  saveControl(control: Control): Promise<WriteOutcome> {
    return this.#putUnlessLost(controlPut(this.#table, this.#writer, control));
  }

  async saveWindows(region: Region, level: Level, startEpochMs: number, windows: ReadonlyMap<string, WindowStats>) {
    const puts = windowPuts(this.#table, this.#writer, region, level, startEpochMs, windows, this.#retention);
    await Promise.all(puts.map((put) => this.#putUnlessLost(put)));
  }

  async saveRecords(incident: Incident, notification: SentNotification): Promise<void> {
    await this.#client.send(new PutItemCommand(incidentPut(this.#table, this.#writer, incident, this.#retention)));
    const put = notificationPut(this.#table, this.#writer, notification, this.#retention);
    await this.#client.send(new PutItemCommand(put));
  }

  async #delete({ pk, sk }: Item): Promise<void> {
    if (pk === undefined || sk === undefined) return;
    await this.#client.send(new DeleteItemCommand({ TableName: this.#table, Key: { pk, sk } }));
  }

  #putUnlessLost(input: PutItemCommandInput): Promise<WriteOutcome> {
    return unlessLost(this.#client.send(new PutItemCommand(input)));
  }
}

async function unlessLost(write: Promise<unknown>): Promise<WriteOutcome> {
  try {
    await write;
    return 'written';
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return 'lost';
    throw error;
  }
}
