import { type DynamoDBClient, GetItemCommand, QueryCommand, type QueryCommandInput } from '@aws-sdk/client-dynamodb';
import {
  alertOf,
  alertsQuery,
  incidentOf,
  incidentsQuery,
  notificationOf,
  notificationsQuery,
  type Progress,
  progressGet,
  progressOf,
} from '../../shared/aggregator-table.ts';
import type { SentNotification } from '../../shared/api-types.ts';
import type { History } from '../../shared/history.ts';
import type { Incident } from '../../shared/incident.ts';
import type { Deployment, Region } from '../../shared/monitor.ts';
import type { Item } from '../../shared/table.ts';

/** What the aggregators, home's and the standby's, have written. */
export interface AggregatorReader {
  /** How far stored windows reach, and whose to read. */
  windows(): Promise<{ readonly closedUntilEpochMs: number; readonly writers: readonly Region[] }>;
  openIncidents(): Promise<Incident[]>;
  /** Newest first. */
  incidents(limit: number): Promise<Incident[]>;
  /** Newest first. */
  notifications(limit: number): Promise<SentNotification[]>;
}

export function aggregatorReader(
  client: DynamoDBClient,
  deployment: Deployment,
  { table, query }: Pick<History, 'table' | 'query'>,
): AggregatorReader {
  const { home, standby } = deployment;
  const writers = standby === null ? [home] : [home, standby];
  const progressFrom = async (writer: Region): Promise<Progress | null> => {
    const { Item: item } = await client.send(new GetItemCommand(progressGet(table, writer)));
    return progressOf(item)?.progress ?? null;
  };
  const newest = async <T>(
    queryOf: (writer: Region) => QueryCommandInput,
    read: (item: Item) => T | null,
  ): Promise<T[]> => {
    const pages = await Promise.all(writers.map((writer) => client.send(new QueryCommand(queryOf(writer)))));
    const items = pages.flatMap((page) => page.Items ?? []);
    return items
      .sort((a, b) => ((a['sk']?.S ?? '') < (b['sk']?.S ?? '') ? 1 : -1))
      .map(read)
      .filter((record) => record !== null);
  };
  return {
    windows: async () => {
      const [ofHome, ofStandby] = await Promise.all(writers.map(progressFrom));
      const standbyWorks = ofStandby?.active === true && ofStandby.heartbeatEpochMs > (ofHome?.heartbeatEpochMs ?? 0);
      const working = standbyWorks ? ofStandby : ofHome;
      return { closedUntilEpochMs: working?.closedUntilEpochMs ?? 0, writers: standbyWorks ? writers : [home] };
    },
    openIncidents: async () => {
      const alerts = (await Promise.all(writers.map((writer) => query(alertsQuery(table, writer)))))
        .flat()
        .map(alertOf)
        .filter((alert) => alert !== null);
      return latestOf(alerts.map(({ incident }) => incident)).filter(({ status }) => status === 'open');
    },
    incidents: async (limit) =>
      latestOf(await newest((writer) => incidentsQuery(table, writer, limit), incidentOf)).slice(0, limit),
    notifications: async (limit) => {
      const sent = await newest((writer) => notificationsQuery(table, writer, limit), notificationOf);
      return [...new Map(sent.map((notification) => [notification.id, notification])).values()].slice(0, limit);
    },
  };
}

/** Of an incident that both aggregators know, the later state; in the order given. */
function latestOf(incidents: readonly Incident[]): Incident[] {
  const byId = new Map<string, Incident>();
  for (const incident of incidents) {
    const known = byId.get(incident.id);
    const isNewer =
      known === undefined ||
      incident.lastNotifiedSlotEpochMs > known.lastNotifiedSlotEpochMs ||
      (incident.status === 'resolved' && known.status === 'open');
    if (isNewer) byId.set(incident.id, incident);
  }
  return [...byId.values()];
}
