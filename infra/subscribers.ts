import { type ITopic, Subscription, SubscriptionFilter, SubscriptionProtocol } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { Severity, Subscriber } from '../shared/monitor.ts';

/** The message attribute by which a subscriber chooses what reaches it. */
const SEVERITY_ATTRIBUTE = 'severity';
const SEVERITIES: readonly Severity[] = ['critical', 'warning', 'info'];

const PROTOCOLS: Readonly<Record<Subscriber['protocol'], SubscriptionProtocol>> = {
  email: SubscriptionProtocol.EMAIL,
  sms: SubscriptionProtocol.SMS,
  https: SubscriptionProtocol.HTTPS,
};

/** Subscribes each to the severities that it asked for. */
export function subscribe(topic: ITopic & Construct, subscribers: readonly Subscriber[]): void {
  for (const subscriber of merged(subscribers)) {
    const allowlist = SEVERITIES.filter((severity) => subscriber.severities.includes(severity));
    const filter = { filterPolicy: { [SEVERITY_ATTRIBUTE]: SubscriptionFilter.stringFilter({ allowlist }) } };
    new Subscription(topic, `${subscriber.protocol} ${subscriber.endpoint}`, {
      topic,
      protocol: PROTOCOLS[subscriber.protocol],
      endpoint: subscriber.endpoint,
      ...(!takesAll(subscriber) && filter),
    });
  }
}

/**
 * Those who hear of CloudWatch's alarms, and whether they need a topic of their own for that: CloudWatch publishes
 * without attributes, and a message that has none matches no filter policy, not even `{"exists": false}`.
 * @see https://docs.aws.amazon.com/sns/latest/dg/attribute-key-matching.html
 */
export function alarmSubscribers(notify: readonly Subscriber[]): { separate: boolean; subscribers: Subscriber[] } {
  const all = merged(notify);
  if (all.length === 0 || all.some(takesAll)) return { separate: false, subscribers: all };
  const urgent = all.filter((subscriber) => subscriber.severities.includes('critical'));
  const heard = urgent.length > 0 ? urgent : all;
  return { separate: true, subscribers: heard.map((subscriber) => ({ ...subscriber, severities: SEVERITIES })) };
}

function takesAll(subscriber: Subscriber): boolean {
  return SEVERITIES.every((severity) => subscriber.severities.includes(severity));
}

/** SNS keeps one subscription per endpoint, so a recipient that is named twice gets what either asked for. */
function merged(subscribers: readonly Subscriber[]): Subscriber[] {
  const byEndpoint = new Map<string, Subscriber>();
  for (const subscriber of subscribers) {
    const key = `${subscriber.protocol} ${subscriber.endpoint}`;
    const known = byEndpoint.get(key)?.severities ?? [];
    byEndpoint.set(key, { ...subscriber, severities: [...new Set([...known, ...subscriber.severities])] });
  }
  return [...byEndpoint.values()];
}
