import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { type MessageAttributeValue, PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Destination, Notification } from '../../shared/incident.ts';
import type { Deliver } from './alert-book.ts';
import type { Store } from './store.ts';

/** Where notifications go besides the table. */
export interface Destinations {
  readonly sns: SNSClient;
  readonly topicArn: string;
  readonly eventBridge: EventBridgeClient;
  readonly eventBus: string;
}

/** EventBridge refused the event: PutEvents answers 200 and counts failures. */
class EventRefused extends Error {
  override readonly name = 'EventRefused';
  readonly code = 'event-refused';
}

const DETAIL_TYPES = {
  opened: 'Incident Opened',
  reminder: 'Incident Reminder',
  resolved: 'Incident Resolved',
} as const;

export function delivery(to: Destinations, store: Store, now: () => number): Deliver {
  return async (notification: Notification, destination: Destination) => {
    switch (destination) {
      case 'topic':
        await publish(to, notification);
        return;
      case 'bus':
        await putEvent(to, notification);
        return;
      case 'record': {
        const { id, kind, slotEpochMs, emailSubject, emailBody, sms, incident } = notification;
        const sent = { id, incidentId: incident.id, kind, severity: incident.severity, slotEpochMs };
        await store.saveRecords(incident, { ...sent, sentAtEpochMs: now(), emailSubject, emailBody, sms });
        return;
      }
    }
  };
}

/**
 * One message, in each protocol's own form. Subscriptions filter on the attributes; receivers that must act once
 * compare `notificationId`.
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-send-custom-platform-specific-payloads-mobile-devices.html
 */
async function publish(to: Destinations, notification: Notification): Promise<void> {
  const machine = JSON.stringify(machineForm(notification));
  await to.sns.send(
    new PublishCommand({
      TopicArn: to.topicArn,
      Subject: notification.emailSubject,
      MessageStructure: 'json',
      Message: JSON.stringify({
        default: notification.emailBody,
        email: notification.emailBody,
        sms: notification.sms,
        'email-json': machine,
        http: machine,
        https: machine,
        sqs: machine,
        lambda: machine,
        firehose: machine,
      }),
      MessageAttributes: {
        notificationId: attribute(notification.id),
        incidentId: attribute(notification.incident.id),
        kind: attribute(notification.kind),
        severity: attribute(notification.incident.severity),
        monitor: attribute(notification.incident.subject),
        // Without it an SMS is "promotional": cheaper, and dropped first.
        'AWS.SNS.SMS.SMSType': attribute('Transactional'),
      },
    }),
  );
}

async function putEvent(to: Destinations, notification: Notification): Promise<void> {
  const answer = await to.eventBridge.send(
    new PutEventsCommand({
      Entries: [
        {
          EventBusName: to.eventBus,
          Source: 'parallax',
          DetailType: DETAIL_TYPES[notification.kind],
          Time: new Date(notification.slotEpochMs),
          Detail: JSON.stringify(machineForm(notification)),
        },
      ],
    }),
  );
  const refused = answer.Entries?.find((entry) => entry.ErrorCode !== undefined);
  if ((answer.FailedEntryCount ?? 0) > 0) {
    throw new EventRefused(`${refused?.ErrorCode ?? 'unknown'}: ${refused?.ErrorMessage ?? 'no message'}`);
  }
}

/** What machines receive; documented in docs/notifications.md. */
function machineForm(notification: Notification) {
  const { id, kind, slotEpochMs, incident, regions, emailSubject, emailBody } = notification;
  return {
    version: 1,
    notificationId: id,
    kind,
    slotEpochMs,
    incident,
    regions,
    subject: emailSubject,
    text: emailBody,
  };
}

function attribute(value: string): MessageAttributeValue {
  return { DataType: 'String', StringValue: value };
}
