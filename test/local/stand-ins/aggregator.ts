import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { AggregateEvent } from '../../../shared/schedule.ts';

const sns = new SNSClient({});
const eventBridge = new EventBridgeClient({});

/** Notifies of each call. */
export async function handler(event: AggregateEvent): Promise<void> {
  const notificationId = { DataType: 'String', StringValue: event.scheduledTime };
  await sns.send(
    new PublishCommand({
      TopicArn: process.env.PARALLAX_TOPIC_ARN,
      Message: `aggregated ${event.scheduledTime}`,
      MessageAttributes: { notificationId },
    }),
  );
  await eventBridge.send(
    new PutEventsCommand({
      Entries: [{ EventBusName: process.env.PARALLAX_EVENT_BUS, Source: 'parallax', DetailType: 'Test', Detail: '{}' }],
    }),
  );
}
