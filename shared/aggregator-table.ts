import type {
  DeleteItemCommandInput,
  GetItemCommandInput,
  PutItemCommandInput,
  QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { SentNotification } from './api-types.ts';
import type { Alert, Incident } from './incident.ts';
import type { Region, Retention } from './monitor.ts';
import { EXPIRY_ATTRIBUTE, type Item } from './table.ts';

/** How far an aggregator has come. Everything in it can be lost at the price of doing work again. */
export interface Progress {
  /** The last run's clock: its heartbeat. */
  readonly heartbeatEpochMs: number;
  /** Whether that run did the work: home's always, the standby's while home is gone. */
  readonly active: boolean;
  /** Since when runs have followed each other without a gap. */
  readonly watchingSinceEpochMs: number;
  /** Policies have been evaluated for slots before this... */
  readonly evaluatedUntilEpochMs: number;
  /** ...except for these monitors, whose results were not all in. */
  readonly heldBack: Readonly<Record<string, number>>;
  /** Windows before this are stored; a late batch can still change one. */
  readonly closedUntilEpochMs: number;
  readonly regions: Readonly<Record<Region, RegionProgress>>;
  /** What monitors with a spend cap have spent, as far as windows are stored; counted anew each hour. */
  readonly spent?: Readonly<Record<string, Spent>>;
}

/** Dollars of one monitor in [from, until), all regions. */
export interface Spent {
  readonly fromEpochMs: number;
  readonly untilEpochMs: number;
  readonly dollars: number;
}

export interface RegionProgress {
  readonly lastSlotEpochMs: number | null;
  /** Five-minute windows as they were last stored: start → hash, the recent ones only. */
  readonly stored: Readonly<Record<string, string>>;
}

export function progressGet(table: string, writer: Region): GetItemCommandInput {
  return { TableName: table, Key: progressKey(writer), ConsistentRead: true };
}

/** Fails with ConditionalCheckFailedException when another run has stored its progress since `expectedVersion` was read. */
export function progressPut(table: string, writer: Region, progress: Progress, expectedVersion: number) {
  return versionedPut(table, { ...progressKey(writer), ...jsonAttribute(progress) }, expectedVersion);
}

/** Null: there is none. `progress` null: it cannot be read, and the version lets it be replaced. */
export function progressOf(item: Item | undefined): { progress: Progress | null; version: number } | null {
  if (item === undefined) return null;
  return { progress: readJson<Progress>(item), version: Number(item['version']?.N ?? 0) };
}

/** Every incident that is open or has something unsent. */
export function alertsQuery(table: string, writer: Region): QueryCommandInput {
  return partitionQuery(table, `alert#${writer}`, {});
}

/** Null: it cannot be read. */
export function alertOf(item: Item): Alert | null {
  const content = readJson<Omit<Alert, 'version'>>(item);
  return content === null ? null : { ...content, version: Number(item['version']?.N ?? 0) };
}

/** Stores state and outbox together. `alert.version` is what was read; 0: there was none. */
export function alertPut(table: string, writer: Region, alert: Alert): PutItemCommandInput {
  const { version, ...content } = alert;
  return versionedPut(table, { ...alertKey(writer, alert), ...jsonAttribute(content) }, version);
}

export function alertDelete(table: string, writer: Region, alert: Alert): DeleteItemCommandInput {
  return {
    TableName: table,
    Key: alertKey(writer, alert),
    ConditionExpression: '#version = :version',
    ExpressionAttributeNames: { '#version': 'version' },
    ExpressionAttributeValues: { ':version': { N: String(alert.version) } },
  };
}

export function incidentPut(table: string, writer: Region, incident: Incident, retention: Retention) {
  const sortKey = `${timestampKey(incident.sinceEpochMs)}#${incident.id}`;
  return recordPut(table, `incident#${writer}`, sortKey, incident, incident.lastNotifiedSlotEpochMs, retention);
}

export function notificationPut(table: string, writer: Region, notification: SentNotification, retention: Retention) {
  const sortKey = `${timestampKey(notification.slotEpochMs)}#${notification.id}`;
  return recordPut(table, `notification#${writer}`, sortKey, notification, notification.slotEpochMs, retention);
}

/** The newest incidents, by when they began. */
export function incidentsQuery(table: string, writer: Region, limit: number): QueryCommandInput {
  return partitionQuery(table, `incident#${writer}`, { ScanIndexForward: false, Limit: limit });
}

export function notificationsQuery(table: string, writer: Region, limit: number): QueryCommandInput {
  return partitionQuery(table, `notification#${writer}`, { ScanIndexForward: false, Limit: limit });
}

/** Null: it cannot be read. */
export function incidentOf(item: Item): Incident | null {
  return readJson<Incident>(item);
}

/** Null: it cannot be read. */
export function notificationOf(item: Item): SentNotification | null {
  return readJson<SentNotification>(item);
}

function progressKey(writer: Region): Item {
  return { pk: { S: `progress#${writer}` }, sk: { S: 'aggregator' } };
}

function alertKey(writer: Region, { incident }: Pick<Alert, 'incident'>): Item {
  return { pk: { S: `alert#${writer}` }, sk: { S: `${incident.subject}#${incident.policyId}` } };
}

function versionedPut(table: string, item: Item, expectedVersion: number): PutItemCommandInput {
  return {
    TableName: table,
    Item: { ...item, version: { N: String(expectedVersion + 1) } },
    ConditionExpression: expectedVersion === 0 ? 'attribute_not_exists(pk)' : '#version = :version',
    ...(expectedVersion === 0
      ? {}
      : {
          ExpressionAttributeNames: { '#version': 'version' },
          ExpressionAttributeValues: { ':version': { N: String(expectedVersion) } },
        }),
  };
}

function recordPut(
  table: string,
  partition: string,
  sortKey: string,
  content: Incident | SentNotification,
  epochMs: number,
  retention: Retention,
): PutItemCommandInput {
  const expiresAt = Math.ceil((epochMs + retention.incidentsMs) / 1_000);
  return {
    TableName: table,
    Item: {
      pk: { S: partition },
      sk: { S: sortKey },
      ...jsonAttribute(content),
      [EXPIRY_ATTRIBUTE]: { N: String(expiresAt) },
    },
  };
}

function partitionQuery(table: string, partition: string, more: Partial<QueryCommandInput>): QueryCommandInput {
  return {
    TableName: table,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: partition } },
    ...more,
  };
}

function jsonAttribute(content: unknown): Item {
  return { json: { S: JSON.stringify(content) } };
}

/** What this code wrote as JSON; null when it is damaged. */
function readJson<T>(item: Item): T | null {
  try {
    return JSON.parse(item['json']?.S ?? 'null');
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Sorts as the instant does, and reads like it. */
function timestampKey(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
