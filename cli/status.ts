import { setTimeout as delay } from 'node:timers/promises';
import { paginateQuery } from '@aws-sdk/client-dynamodb';
import { aggregatorReader } from '../functions/api/aggregator-reader.ts';
import { type Api, route } from '../functions/api/routes.ts';
import { renderComparison } from '../local/comparison.ts';
import type { Screen } from '../local/screen.ts';
import type { ErrorResponse, StatusResponse } from '../shared/api-types.ts';
import { tableName } from '../shared/environment.ts';
import type { Region } from '../shared/monitor.ts';
import { SECOND_MS } from '../shared/schedule.ts';
import type { Item } from '../shared/table.ts';
import { awsErrorText, kindOfAwsError } from './account/aws-error.ts';
import { parseArguments } from './arguments.ts';
import {
  CONNECTION_FLAGS,
  CONNECTION_USAGE,
  type Connect,
  type Connection,
  connect,
  connected,
  inHomeOrStandby,
} from './connection.ts';
import { screenFor } from './screen-for.ts';
import { type CliIo, type ExitCode, UsageError, type Verb } from './verb.ts';

const usage = `
Usage: npx parallax status [flags]

Shows every monitor of a deployment across its regions: verdict, availability, latency, open incidents, and what is
paused or silenced. Reads the table in home's region; in standby's where home's does not answer.

Flags:
  --range <duration>  how far back, instead of 1h: 1m and more
  --watch             again and again, until Ctrl-C
  --json              what the API answers to /api/status on stdout; with --watch one line each time
  --standby           read standby's replica
${CONNECTION_USAGE}

Exit codes: 0 every monitor that is not paused is up, 1 one is degraded, down or unknown, 2 could not run.
With --watch: 0 when stopped.

Examples:
  npx parallax status
  npx parallax status --range 24h --json | jq '.monitors[] | {id, verdict}'
  npx parallax status --local --watch
`;

/** New results come once a minute; on one's own machine every five seconds. */
const WATCH_EVERY_MS = 10 * SECOND_MS;

export interface StatusTools {
  readonly open: Connect;
  readonly now: () => number;
  /** Resolves after the time, or at once when the signal is aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

const TOOLS: StatusTools = {
  open: connect,
  now: Date.now,
  wait: (ms, signal) => delay(ms, undefined, { signal }).catch(() => {}),
};

export function createStatusVerb({ open, now, wait }: StatusTools = TOOLS): Verb {
  return {
    name: 'status',
    summary: 'show how a deployment sees its monitors, region by region',
    usage,
    async run(argv, io) {
      const { values, positionals } = parseArguments(argv, {
        ...CONNECTION_FLAGS,
        range: { type: 'string' },
        watch: { type: 'boolean' },
        json: { type: 'boolean' },
        standby: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      });
      if (positionals.length > 0) throw new UsageError(`status takes no arguments (${positionals[0]}).`);
      return connected('status', open, values, io, async (connection) => {
        const json = values.json === true;
        const screen = screenFor(io);
        const look = () =>
          inHomeOrStandby(connection, values.standby === true, screen.warn, (region) =>
            readStatus(connection, region, values.range, now()),
          );
        if (values.watch !== true) {
          const status = await look();
          if (json) io.stdout(`${JSON.stringify(status, null, 2)}\n`);
          else screen.say(renderComparison(status, { columns: screen.columns(), paint: screen.paint }).join('\n'));
          return verdictOf(status);
        }
        while (!io.signal.aborted) {
          await showOnce(look, json ? null : screen, io);
          await wait(WATCH_EVERY_MS, io.signal);
        }
        screen.end();
        return 0;
      });
    },
  };
}

export const statusVerb = createStatusVerb();

/** Throws {@link UsageError} for a range that the API does not take. */
async function readStatus(
  { deployment, account }: Connection,
  region: Region,
  range: string | undefined,
  nowEpochMs: number,
): Promise<StatusResponse> {
  const client = account.dynamo(region);
  const history: Api['history'] = {
    table: tableName(deployment.name),
    retention: deployment.retention,
    query: async (input) => {
      const items: Item[] = [];
      for await (const page of paginateQuery({ client }, input)) items.push(...(page.Items ?? []));
      return items;
    },
    // The one item is passed over; the function's log in AWS says the same.
    onDamage: () => {},
  };
  const api: Api = { deployment, history, aggregators: aggregatorReader(client, deployment, history) };
  const { status, body } = await route(api, 'GET', '/api/status', { range }, nowEpochMs);
  if (status !== 200) throw new UsageError(`--${(body as ErrorResponse).error.message}`);
  return body as StatusResponse;
}

/** While watching, what AWS or the network refuse is said, and tried again. */
async function showOnce(look: () => Promise<StatusResponse>, screen: Screen | null, io: CliIo): Promise<void> {
  try {
    const status = await look();
    if (screen === null) io.stdout(`${JSON.stringify(status)}\n`);
    else
      screen.show(
        renderComparison(status, { columns: screen.columns(), rows: screen.rows() - 2, paint: screen.paint }),
      );
  } catch (error) {
    if (kindOfAwsError(error) !== 'unreachable') throw error;
    const text = `No answer (${awsErrorText(error)}); trying again.`;
    if (screen === null) io.stderr(`${text}\n`);
    else screen.warn(text);
  }
}

function verdictOf({ monitors }: StatusResponse): ExitCode {
  const watched = monitors.filter(({ controls = [] }) => !controls.some(({ kind }) => kind === 'pause'));
  return watched.every(({ verdict }) => verdict === 'up') ? 0 : 1;
}
