import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { delivery } from '../functions/aggregator/deliver.ts';
import { Store } from '../functions/aggregator/store.ts';
import { tableName } from '../shared/environment.ts';
import type { Region, Severity } from '../shared/monitor.ts';
import { aggregatorRegions, eventBusName, topicName } from '../shared/resource-names.ts';
import { awsErrorText, kindOfAwsError } from './account/aws-error.ts';
import { parseArguments } from './arguments.ts';
import {
  CannotRun,
  CONNECTION_FLAGS,
  CONNECTION_USAGE,
  type Connect,
  type Connection,
  connect,
  connected,
} from './connection.ts';
import { recipients, severitiesFor, testNotification } from './test-notification.ts';
import { UsageError, type Verb } from './verb.ts';

const usage = `
Usage: npx parallax test-alert [flags]

Publishes a notification that is marked as a test to home's topic and to standby's, as an incident would be, so that
each subscriber gets one from each. Nothing is stored, and nothing is put on the event bus.
A subscriber that gets none: \`npx parallax doctor\` shows whether it has confirmed its subscription.

Flags:
  --severity <name>   critical, warning or info. Without it the fewest that reach every subscriber: usually critical
  --json              {"sent": [{"region", "severity", "notificationId", "to": [endpoints]}], "failed": [{"region",
                      "severity", "error"}]} on stdout
${CONNECTION_USAGE}

Exit codes: 0 published everywhere, 1 a topic did not take it, or a subscriber is not reached, 2 could not run.

Examples:
  npx parallax test-alert
  npx parallax test-alert --severity warning
`;

const SEVERITIES: readonly Severity[] = ['critical', 'warning', 'info'];

export function createTestAlertVerb(open: Connect = connect, now: () => number = Date.now): Verb {
  return {
    name: 'test-alert',
    summary: 'send a marked test notification to every subscriber',
    usage,
    async run(argv, io) {
      const { values, positionals } = parseArguments(argv, {
        ...CONNECTION_FLAGS,
        severity: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      });
      if (positionals.length > 0) throw new UsageError(`test-alert takes no arguments (${positionals[0]}).`);
      const severity = parseSeverity(values.severity);
      return connected('test-alert', open, values, io, async (connection) => {
        const { notify } = connection.deployment;
        if (notify.length === 0) {
          throw new CannotRun('Nobody is subscribed: `notify` in the deployment is empty. Add a recipient and deploy.');
        }
        const severities = severity === null ? severitiesFor(notify) : [severity];
        const attempts = await publishEverywhere(connection, severities, now());
        const sent = attempts.flatMap((attempt) => ('error' in attempt ? [] : [attempt]));
        const failed = attempts.flatMap((attempt) => ('error' in attempt ? [attempt] : []));
        const left = notify.filter((subscriber) => !severities.some((each) => subscriber.severities.includes(each)));
        if (values.json === true) {
          io.stdout(`${JSON.stringify({ sent, failed }, null, 2)}\n`);
        } else {
          for (const { region, severity: of, to } of sent) {
            const who = to.length === 0 ? 'nobody takes this severity' : `to ${recipients(notify, of)}`;
            io.stdout(`Published a ${of} test in ${region}, ${who}\n`);
          }
          for (const { region, error } of failed) {
            io.stdout(`Not published in ${region}: ${error}\n`);
          }
        }
        for (const { endpoint, severities: takes } of left) {
          io.stderr(`${endpoint} is not reached: it takes ${takes.join(', ')} only. Use --severity ${takes[0]}.\n`);
        }
        return failed.length + left.length === 0 ? 0 : 1;
      });
    },
  };
}

export const testAlertVerb = createTestAlertVerb();

type Attempt =
  | {
      readonly region: Region;
      readonly severity: Severity;
      readonly notificationId: string;
      readonly to: readonly string[];
    }
  | { readonly region: Region; readonly severity: Severity; readonly error: string };

/** A region that is away does not keep the other from being tried. Rejects for credentials that do not hold. */
async function publishEverywhere(
  connection: Connection,
  severities: readonly Severity[],
  nowEpochMs: number,
): Promise<Attempt[]> {
  const { deployment, account } = connection;
  const { by } = await account.identity();
  const attempts: Attempt[] = [];
  for (const region of aggregatorRegions(deployment)) {
    const publish = await publisher(connection, region);
    for (const severity of severities) {
      const notification = testNotification(deployment.name, region, severity, by, nowEpochMs);
      try {
        await publish(notification, 'topic');
        const to = deployment.notify.filter((subscriber) => subscriber.severities.includes(severity));
        const endpoints = to.map(({ endpoint }) => endpoint);
        attempts.push({ region, severity, notificationId: notification.id, to: endpoints });
      } catch (error) {
        const text = awsErrorText(error);
        const absent = kindOfAwsError(error) === 'absent';
        const remedy = absent ? ` Deploy it with \`npx cdk deploy --all\`.` : '';
        attempts.push({ region, severity, error: `${text}.${remedy}` });
      }
    }
  }
  return attempts;
}

/** The aggregator's own way to the topic. It is asked for nothing else, so bus and table stay as they are. */
async function publisher({ deployment, account }: Connection, region: Region): Promise<ReturnType<typeof delivery>> {
  const { accountId, partition } = await account.identity();
  const { name, retention } = deployment;
  const destinations = {
    sns: account.sns(region),
    topicArn: `arn:${partition}:sns:${region}:${accountId}:${topicName(name)}`,
    eventBridge: new EventBridgeClient({ region }),
    eventBus: eventBusName(name),
  };
  return delivery(destinations, new Store(account.dynamo(region), tableName(name), region, retention), Date.now);
}

function parseSeverity(text: string | undefined): Severity | null {
  if (text === undefined) return null;
  const severity = SEVERITIES.find((each) => each === text);
  if (severity === undefined) throw new UsageError(`--severity ${text} is none of ${SEVERITIES.join(', ')}.`);
  return severity;
}
