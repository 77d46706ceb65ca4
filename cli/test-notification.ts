import { humanInstant, humanList } from '../shared/human.ts';
import { type Notification, notificationId, openedIncident } from '../shared/incident.ts';
import type { Region, Severity, Subscriber } from '../shared/monitor.ts';

/** Subject and policy of a test: no monitor has a colon in its id, so nothing is mistaken for it. */
export const TEST_SUBJECT = 'parallax:test';
export const TEST_POLICY = 'test';

/** A notification as an opening incident's, that says in every protocol's text that it is a test. */
export function testNotification(
  deploymentName: string,
  region: Region,
  severity: Severity,
  by: string,
  nowEpochMs: number,
): Notification {
  const incident = {
    ...openedIncident(TEST_SUBJECT, { id: TEST_POLICY, severity }, nowEpochMs, nowEpochMs),
    summary: `TEST: nothing is wrong; sent from ${region} to see that notifications arrive`,
  };
  const email = [
    'This is a TEST. Nothing is wrong, and nothing has to be done.',
    '',
    `You get notifications of severity ${severity} from the deployment ${deploymentName}, through its topic in ${region}.`,
    `Sent at ${humanInstant(nowEpochMs)} by ${by}, with \`npx parallax test-alert\`.`,
    '',
    `Incident: ${incident.id} (a test: it is stored nowhere, and no recovery will follow)`,
  ];
  return {
    id: `${notificationId('opened', incident)}-${region}`,
    kind: 'opened',
    incident,
    slotEpochMs: nowEpochMs,
    emailSubject: `[TEST] Parallax ${ascii(deploymentName)}: ${severity} notifications arrive from ${region}`.slice(
      0,
      99,
    ),
    emailBody: `${email.join('\n')}\n`,
    sms: `TEST Parallax ${ascii(deploymentName)}: ${severity} notifications arrive from ${region}. Nothing is wrong. ${incident.id}`,
    regions: [],
  };
}

/** SNS takes no other subject, and an SMS in another alphabet has room for half as much. */
function ascii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}

const SEVERITIES: readonly Severity[] = ['critical', 'warning', 'info'];

/** The fewest severities that reach every subscriber: one, unless their filters have none in common. */
export function severitiesFor(subscribers: readonly Subscriber[]): Severity[] {
  const combinations: Severity[][] = [
    ...SEVERITIES.map((severity) => [severity]),
    ['critical', 'warning'],
    ['critical', 'info'],
    ['warning', 'info'],
    [...SEVERITIES],
  ];
  const reachesAll = (chosen: readonly Severity[]) =>
    subscribers.every(({ severities }) => severities.some((severity) => chosen.includes(severity)));
  return combinations.find(reachesAll) ?? [...SEVERITIES];
}

/** `oncall@acme.example and +15555550100`: who gets a severity. */
export function recipients(subscribers: readonly Subscriber[], severity: Severity): string {
  return humanList(
    subscribers.filter(({ severities }) => severities.includes(severity)).map(({ endpoint }) => endpoint),
  );
}
