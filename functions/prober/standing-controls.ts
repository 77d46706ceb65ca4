import type { DynamoDBClient, QueryCommandInput } from '@aws-sdk/client-dynamodb';
import { type Control, readControls } from '../../shared/control.ts';
import type { Deployment } from '../../shared/monitor.ts';
import { errorMessage } from './failure.ts';
import { readAll } from './read-all.ts';

/** What a run goes by. Where it could not be read, nothing is paused, and `error` says why. */
export interface StandingControls {
  readonly controls: readonly Control[];
  readonly error: string | null;
}

/** A run waits this long at most; in its own region an answer takes some ten milliseconds. */
const READ_TIMEOUT_MS = 1_000;

/**
 * Reads what is paused, once a run and before anything is timed. Never rejects: a prober that cannot tell goes on
 * checking, since what nobody watches is worse than a check too many.
 *
 * Two queries of half a read unit each: 44,000 units a month and region, which is half a cent.
 */
export async function standingControls(
  dynamo: Pick<DynamoDBClient, 'send'>,
  table: string,
  deployment: Pick<Deployment, 'home' | 'standby'>,
): Promise<StandingControls> {
  const abortSignal = AbortSignal.timeout(READ_TIMEOUT_MS);
  const query = (input: QueryCommandInput) => readAll(dynamo, input, abortSignal);
  try {
    return { controls: await readControls(query, table, deployment), error: null };
  } catch (error) {
    return { controls: [], error: errorMessage(error) };
  }
}
