import {
  DeleteRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { SubscribeCommand, UnsubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import { eventBusName, topicName } from '../../infra/names.ts';
import type { NotificationKind } from '../../shared/api-types.ts';
import type { Region } from '../../shared/monitor.ts';
import type { RegionalAccount } from './account.ts';
import { NAME } from './project.ts';

interface About {
  readonly kind: NotificationKind;
  readonly notificationId: string;
  /** A monitor's id, or `region:<name>`. */
  readonly about: string;
  /** The first slot that breached. */
  readonly sinceEpochMs: number;
}

/** A message about an incident, as a queue of the team's own gets it. */
export interface Heard extends About {
  readonly region: Region;
  readonly by: 'topic' | 'bus';
}

const RULE = 'heard-by-the-test';

/** Queues behind the topic and the bus of one region, which it empties. */
export class Listener {
  readonly #account: RegionalAccount;
  readonly #queues: Readonly<Record<Heard['by'], string>>;
  readonly #subscription: string;

  private constructor(account: RegionalAccount, queues: Record<Heard['by'], string>, subscription: string) {
    this.#account = account;
    this.#queues = queues;
    this.#subscription = subscription;
  }

  static async start(account: RegionalAccount): Promise<Listener> {
    const [topic, bus] = await Promise.all([newQueue(account, 'topic'), newQueue(account, 'bus')]);
    const { SubscriptionArn: subscription } = await account.sns.send(
      new SubscribeCommand({
        TopicArn: account.arn('sns', topicName(NAME)),
        Protocol: 'sqs',
        Endpoint: topic.arn,
        ReturnSubscriptionArn: true,
      }),
    );
    const rule = { Name: RULE, EventBusName: eventBusName(NAME) };
    await account.eventBridge.send(
      new PutRuleCommand({ ...rule, EventPattern: JSON.stringify({ source: ['parallax'] }) }),
    );
    await account.eventBridge.send(
      new PutTargetsCommand({ Rule: rule.Name, EventBusName: rule.EventBusName, Targets: [{ Id: 'q', Arn: bus.arn }] }),
    );
    return new Listener(account, { topic: topic.url, bus: bus.url }, subscription ?? '');
  }

  /** Takes what has arrived since. */
  async listen(): Promise<readonly Heard[]> {
    const { region } = this.#account;
    const [fromTopic, fromBus] = [
      await receive(this.#account, this.#queues.topic),
      await receive(this.#account, this.#queues.bus),
    ];
    return [
      ...fromTopic.map((body) => ({
        region,
        by: 'topic' as const,
        ...machineForm(JSON.parse(JSON.parse(body).Message)),
      })),
      ...fromBus.map((body) => ({ region, by: 'bus' as const, ...machineForm(JSON.parse(body).detail) })),
    ];
  }

  /** Leaves the account as it was. */
  async stop(): Promise<void> {
    const { eventBridge, sns, sqs } = this.#account;
    const rule = { EventBusName: eventBusName(NAME) };
    await sns.send(new UnsubscribeCommand({ SubscriptionArn: this.#subscription }));
    await eventBridge.send(new RemoveTargetsCommand({ ...rule, Rule: RULE, Ids: ['q'] }));
    await eventBridge.send(new DeleteRuleCommand({ ...rule, Name: RULE }));
    for (const url of Object.values(this.#queues)) await sqs.send(new DeleteQueueCommand({ QueueUrl: url }));
  }
}

/** Everything that is in a queue now; it stays hidden afterwards. */
export async function receive(account: RegionalAccount, queueUrl: string): Promise<string[]> {
  const bodies: string[] = [];
  for (;;) {
    const { Messages: messages = [] } = await account.sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 3_600 }),
    );
    if (messages.length === 0) return bodies;
    for (const message of messages) bodies.push(message.Body ?? '');
  }
}

async function newQueue(account: RegionalAccount, by: Heard['by']): Promise<{ url: string; arn: string }> {
  const { QueueUrl: url = '' } = await account.sqs.send(
    new CreateQueueCommand({ QueueName: `heard-by-the-test-${by}` }),
  );
  const { Attributes: attributes } = await account.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }),
  );
  return { url, arn: attributes?.QueueArn ?? '' };
}

/** What machines receive of it (`docs/notifications.md`), as far as it is looked at here. */
export function machineForm(message: MachineForm): About {
  const { kind, notificationId, incident } = message;
  return { kind, notificationId, about: incident.subject, sinceEpochMs: incident.sinceEpochMs };
}

interface MachineForm extends Pick<About, 'kind' | 'notificationId'> {
  readonly incident: { readonly subject: string; readonly sinceEpochMs: number };
}
