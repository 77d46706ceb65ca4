import type { ErrorResponse, IncidentsResponse, NotificationsResponse } from '../../shared/api-types.ts';
import { readControls } from '../../shared/control.ts';
import { parseDurationMs } from '../../shared/definition/durations-and-ratios.ts';
import type { History } from '../../shared/history.ts';
import type { Deployment } from '../../shared/monitor.ts';
import { HOUR_MS, MINUTE_MS } from '../../shared/schedule.ts';
import type { AggregatorReader } from './aggregator-reader.ts';
import { seriesOf } from './series.ts';
import { incidentSummaryOf, statusOf } from './status.ts';

/** What the API reads from. */
export interface Api {
  readonly deployment: Deployment;
  /** Its `writers` come from the aggregators' progress. */
  readonly history: Omit<History, 'writers'>;
  readonly aggregators: AggregatorReader;
}

export interface Answer {
  readonly status: number;
  readonly body: object;
}

const DEFAULT_RANGE_MS = HOUR_MS;
const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;

/** `GET` only; see shared/api-types.ts for what each path answers. */
export async function route(
  api: Api,
  method: string,
  path: string,
  query: Readonly<Record<string, string | undefined>>,
  nowEpochMs: number,
): Promise<Answer> {
  if (method !== 'GET') return problem(405, 'method-not-allowed', `${method} is not answered here; use GET.`);
  const range = rangeOf(query['range'], api.deployment);
  if (typeof range === 'string') return problem(400, 'bad-range', range);
  const limit = limitOf(query['limit']);
  if (typeof limit === 'string') return problem(400, 'bad-limit', limit);

  if (path === '/api/status') {
    const [{ writers, closedUntilEpochMs }, open, controls] = await Promise.all([
      api.aggregators.windows(),
      api.aggregators.openIncidents(),
      readControls(api.history.query, api.history.table, api.deployment),
    ]);
    const history = { ...api.history, writers };
    return ok(await statusOf(api.deployment, history, closedUntilEpochMs, open, controls, range, nowEpochMs));
  }
  if (path === '/api/incidents') {
    const incidents = (await api.aggregators.incidents(limit)).map(incidentSummaryOf);
    return ok({ incidents } satisfies IncidentsResponse);
  }
  if (path === '/api/notifications') {
    return ok({ notifications: await api.aggregators.notifications(limit) } satisfies NotificationsResponse);
  }
  const id = /^\/api\/monitors\/([^/]+)$/.exec(path)?.[1];
  if (id !== undefined) {
    const monitor = api.deployment.monitors.find((candidate) => candidate.id === id);
    if (monitor === undefined)
      return problem(
        404,
        'no-such-monitor',
        `No monitor has the id ${JSON.stringify(id)}; GET /api/status lists them.`,
      );
    const { writers, closedUntilEpochMs } = await api.aggregators.windows();
    const history = { ...api.history, writers };
    return ok(await seriesOf(monitor, api.deployment, history, closedUntilEpochMs, range, nowEpochMs));
  }
  const paths = '/api/status, /api/monitors/<id>, /api/incidents and /api/notifications';
  return problem(404, 'no-such-path', `Nothing is at this path; there are ${paths}.`);
}

function rangeOf(text: string | undefined, deployment: Deployment): number | string {
  if (text === undefined) return DEFAULT_RANGE_MS;
  const rangeMs = parseDurationMs(text);
  const { daysMs } = deployment.retention;
  if (rangeMs === null || rangeMs < MINUTE_MS || rangeMs > daysMs) {
    return `range=${text} is not a duration from 1m to ${daysMs / 86_400_000}d, such as 1h, 24h or 30d.`;
  }
  return rangeMs;
}

function limitOf(text: string | undefined): number | string {
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    return `limit=${text} is not a whole number from 1 to ${MAX_LIMIT}.`;
  return limit;
}

function ok(body: object): Answer {
  return { status: 200, body };
}

function problem(status: number, code: string, message: string): Answer {
  return { status, body: { error: { code, message } } satisfies ErrorResponse };
}
