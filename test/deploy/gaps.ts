import { DescribeTableCommand, DescribeTimeToLiveCommand, ResourceNotFoundException } from '@aws-sdk/client-dynamodb';
import { PublishCommand } from '@aws-sdk/client-sns';
import { type BareAccount, PROBE_TABLE, PROBE_TOPIC } from './bare-account.ts';

/** Where the pinned MiniStack differs from AWS, as far as this test depends on it. */
export interface Gap {
  readonly name: string;
  /** What AWS does. */
  readonly aws: string;
  readonly documentation: string;
  /** What stands in for it. To be removed, with this entry, once the gap has closed. */
  readonly bridge: string;
  /** Whether MiniStack, as it was installed, still differs. */
  readonly isOpen: (bare: BareAccount) => Promise<boolean> | boolean;
}

export const GAPS: readonly Gap[] = [
  {
    name: 'global-table-replicas',
    aws: 'AWS::DynamoDB::GlobalTable creates a replica in every region that it lists, and keeps them alike, usually within a second.',
    documentation:
      'https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-dynamodb-globaltable.html',
    bridge:
      'bridges/global_table.py: creates them, and copies writes with a lag that the test sets; regions can be partitioned.',
    isOpen: async ({ standby }) => !(await hasTable(standby)),
  },
  {
    name: 'global-table-settings',
    aws: 'The template’s time to live, and each replica’s deletion protection and point-in-time recovery, hold for the table.',
    documentation:
      'https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-dynamodb-globaltable-replicaspecification.html',
    bridge: 'bridges/global_table.py: applies them to the table in home.',
    isOpen: async ({ home }) => {
      const { Table: table } = await home.dynamo.send(new DescribeTableCommand({ TableName: PROBE_TABLE }));
      const { TimeToLiveDescription: ttl } = await home.dynamo.send(
        new DescribeTimeToLiveCommand({ TableName: PROBE_TABLE }),
      );
      return table?.DeletionProtectionEnabled !== true || ttl?.TimeToLiveStatus !== 'ENABLED';
    },
  },
  {
    name: 'scheduled-time',
    aws: 'Scheduler replaces <aws.scheduler.scheduled-time> in a target’s input by the time that the invocation is for.',
    documentation: 'https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html',
    bridge: 'bridges/schedules.py: replaces it, and fires on the deployment’s clock, a few seconds into the minute.',
    isOpen: ({ scheduled }) => scheduled === '<aws.scheduler.scheduled-time>',
  },
  {
    name: 'scheduled-invocations-are-asynchronous',
    aws: 'Scheduler invokes a function asynchronously: Lambda retries as the function says, and sends what failed to its on-failure destination.',
    documentation: 'https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html',
    bridge: 'bridges/schedules.py: hands the event to MiniStack’s own asynchronous invocation.',
    isOpen: ({ deadLetters }) => deadLetters.length === 0,
  },
  {
    name: 'https-confirmation',
    aws: 'A subscription of a webhook in a template asks the webhook to confirm it, like one through the API.',
    documentation: 'https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html',
    bridge: 'bridges/deliveries.py: sends the request.',
    isOpen: ({ home, webhook }) => !webhook.confirmed.includes(home.arn('sns', PROBE_TOPIC)),
  },
  {
    name: 'subscribe-url',
    aws: 'Whoever visits the SubscribeURL of a confirmation request confirms, unsigned, in the topic’s own region.',
    documentation: 'https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html',
    bridge: 'bridges/deliveries.py: looks in the region of the topic’s ARN.',
    isOpen: ({ standby, webhook }) => !webhook.confirmed.includes(standby.arn('sns', PROBE_TOPIC)),
  },
  {
    name: 'email-and-sms',
    aws: 'What is published to a topic reaches its e-mail and SMS subscribers, to each in its own form.',
    documentation:
      'https://docs.aws.amazon.com/sns/latest/dg/sns-send-custom-platform-specific-payloads-mobile-devices.html',
    bridge: 'bridges/deliveries.py: keeps what would have been sent, for the test to read.',
    isOpen: async ({ home, endpoint }) => {
      await home.sns.send(new PublishCommand({ TopicArn: home.arn('sns', PROBE_TOPIC), Message: 'probe' }));
      const seen = await (await fetch(`${endpoint}/_ministack/sns/sms-messages`)).text();
      return !seen.includes('probe');
    },
  },
];

async function hasTable({ dynamo }: BareAccount['standby']): Promise<boolean> {
  try {
    await dynamo.send(new DescribeTableCommand({ TableName: PROBE_TABLE }));
    return true;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return false;
    throw error;
  }
}
