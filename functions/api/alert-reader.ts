import { type DynamoDBClient, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import {
  alertOf,
  alertsQuery,
  incidentOf,
  incidentsQuery,
  notificationOf,
  notificationsQuery,
  progressGet,
  progressOf,
} from '../../shared/aggregator-table.ts';
import type { SentNotification } from '../../shared/api-types.ts';
import type { History } from '../../shared/history.ts';
import type { Incident } from '../../shared/incident.ts';

/** Reads what the aggregator wrote about incidents. */
export interface AlertReader {
  /** Windows before this are stored. 0 before the first run. */
  closedUntilEpochMs(): Promise<number>;
  openIncidents(): Promise<Incident[]>;
  /** Newest first. */
  incidents(limit: number): Promise<Incident[]>;
  /** Newest first. */
  notifications(limit: number): Promise<SentNotification[]>;
}

export function alertReader(client: DynamoDBClient, history: History): AlertReader {
  const { table, writer, query } = history;
  return {
    closedUntilEpochMs: async () => {
      const { Item: item } = await client.send(new GetItemCommand(progressGet(table, writer)));
      return progressOf(item)?.progress.closedUntilEpochMs ?? 0;
    },
    openIncidents: async () => {
      const alerts = (await query(alertsQuery(table, writer))).map(alertOf);
      return alerts.map(({ incident }) => incident).filter(({ status }) => status === 'open');
    },
    incidents: async (limit) => {
      const { Items: items } = await client.send(new QueryCommand(incidentsQuery(table, writer, limit)));
      return (items ?? []).map(incidentOf);
    },
    notifications: async (limit) => {
      const { Items: items } = await client.send(new QueryCommand(notificationsQuery(table, writer, limit)));
      return (items ?? []).map(notificationOf);
    },
  };
}
