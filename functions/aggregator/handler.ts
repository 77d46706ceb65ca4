import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SNSClient } from '@aws-sdk/client-sns';
import type { Context } from 'aws-lambda';
import { ENVIRONMENT, required } from '../../shared/environment.ts';
import type { History } from '../../shared/history.ts';
import type { Deployment } from '../../shared/monitor.ts';
import type { AggregateEvent } from '../../shared/schedule.ts';
import { type Aggregation, aggregate } from './aggregate.ts';
import { delivery } from './deliver.ts';
import { OwnWeeks } from './own-weeks.ts';
import { Store } from './store.ts';

type RunContext = Pick<Context, 'getRemainingTimeInMillis'>;

/** A claim outlives the run that holds it by this much, so that clocks of two runs may differ a little. */
const CLAIM_MARGIN_MS = 2_000;
const DEAD_MANS_SWITCH_TIMEOUT_MS = 5_000;

export function createHandler(aggregation: Aggregation, now: () => number, log: (line: string) => void) {
  return async (event: AggregateEvent, context: RunContext): Promise<void> => {
    const startedAt = now();
    const deadline = startedAt + context.getRemainingTimeInMillis() + CLAIM_MARGIN_MS;
    const summary = await aggregate(aggregation, startedAt, deadline);
    const { deadMansSwitchUrl } = aggregation.deployment;
    if (summary.active && deadMansSwitchUrl !== null) await callDeadMansSwitch(deadMansSwitchUrl, log);
    log(
      JSON.stringify({
        event: 'aggregated',
        scheduledTime: event.scheduledTime,
        tookMs: now() - startedAt,
        ...summary,
      }),
    );
  };
}

/** Its owner notices calls that are missing, so a failed one is only noted. */
async function callDeadMansSwitch(url: string, log: (line: string) => void): Promise<void> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(DEAD_MANS_SWITCH_TIMEOUT_MS) });
    await response.body?.cancel();
    if (!response.ok) log(JSON.stringify({ event: 'dead-mans-switch', status: response.status }));
  } catch (error) {
    log(JSON.stringify({ event: 'dead-mans-switch', error: error instanceof Error ? error.message : String(error) }));
  }
}

function aggregationFromEnvironment(environment: NodeJS.ProcessEnv): Aggregation {
  const read = (name: string) => required(environment, name);
  const deployment = JSON.parse(readFileSync(read(ENVIRONMENT.deployment), 'utf8')) as Deployment;
  const writer = read('AWS_REGION');
  const table = read(ENVIRONMENT.table);
  const store = new Store(new DynamoDBClient({}), table, writer, deployment.retention);
  const destinations = {
    sns: new SNSClient({}),
    topicArn: read(ENVIRONMENT.topicArn),
    eventBridge: new EventBridgeClient({}),
    eventBus: read(ENVIRONMENT.eventBus),
  };
  const history: History = {
    table,
    writers: writer === deployment.home ? [writer] : [deployment.home, writer],
    retention: deployment.retention,
    query: store.query,
    onDamage: (error) => console.log(JSON.stringify({ event: 'damaged-item', message: error.message })),
  };
  const weeks = new OwnWeeks(history, deployment);
  return { deployment, writer, store, history, deliver: delivery(destinations, store, Date.now), weeks };
}

export const handler = createHandler(aggregationFromEnvironment(process.env), Date.now, console.log);
