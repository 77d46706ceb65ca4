import { setTimeout as sleep } from 'node:timers/promises';
import { CreateStackCommand, waitUntilStackCreateComplete } from '@aws-sdk/client-cloudformation';
import { CreateScheduleCommand } from '@aws-sdk/client-scheduler';
import { CreateTopicCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { RegionalAccount } from './account.ts';
import { receive } from './listener.ts';
import { startWebhook, type Webhook } from './loopback.ts';
import { ACCOUNT, type MiniStack } from './ministack.ts';
import { HOME, STANDBY } from './project.ts';

export const PROBE_TABLE = 'probe';
export const PROBE_TOPIC = 'probe';
const [SCHEDULED, DEAD_LETTERS] = ['probe-scheduled', 'probe-dead-letters'];
const ROLE = `arn:aws:iam::${ACCOUNT}:role/probe`;
/** MiniStack looks at its schedules every 10 s. */
const FIRES_WITHIN_MS = 30_000;
/** For what should come right after the schedules have fired, if it comes at all. */
const SETTLE_MS = 3_000;

/** One of each thing that MiniStack, as it was installed, does unlike AWS; what came of it. */
export interface BareAccount {
  readonly home: RegionalAccount;
  readonly standby: RegionalAccount;
  readonly endpoint: string;
  readonly webhook: Pick<Webhook, 'confirmed'>;
  /** What a schedule whose input is `<aws.scheduler.scheduled-time>` sent. */
  readonly scheduled: string;
  /** What a scheduled function that throws left in its on-failure queue. */
  readonly deadLetters: readonly string[];
}

/** Sets it up, gives it time to show what it does, and closes it after use. */
export async function withBareAccount<T>(aws: MiniStack, use: (bare: BareAccount) => Promise<T>): Promise<T> {
  const home = new RegionalAccount(HOME, aws);
  const standby = new RegionalAccount(STANDBY, aws);
  const webhook = await startWebhook();
  try {
    const template = JSON.stringify(probeTemplate(webhook.url));
    await home.cloudFormation.send(new CreateStackCommand({ StackName: 'probe', TemplateBody: template }));
    const waiting = { client: home.cloudFormation, maxWaitTime: 30, minDelay: 1, maxDelay: 1 };
    await waitUntilStackCreateComplete(waiting, { StackName: 'probe' });
    await standby.sns.send(new CreateTopicCommand({ Name: PROBE_TOPIC }));
    const subscription = { TopicArn: standby.arn('sns', PROBE_TOPIC), Protocol: 'https', Endpoint: webhook.url };
    await standby.sns.send(new SubscribeCommand(subscription));
    await scheduleOnce(home, home.arn('sqs', SCHEDULED), '<aws.scheduler.scheduled-time>');
    await scheduleOnce(home, home.arn('lambda', 'function:probe'), '{}');
    const scheduled = await firstMessage(home, `${aws.endpoint}/${ACCOUNT}/${SCHEDULED}`);
    await sleep(SETTLE_MS);
    const deadLetters = await receive(home, `${aws.endpoint}/${ACCOUNT}/${DEAD_LETTERS}`);
    return await use({ home, standby, endpoint: aws.endpoint, webhook, scheduled, deadLetters });
  } finally {
    home.close();
    standby.close();
    await webhook.stop();
  }
}

async function scheduleOnce(account: RegionalAccount, arn: string, input: string): Promise<void> {
  await account.scheduler.send(
    new CreateScheduleCommand({
      Name: arn.replaceAll(':', '-'),
      ScheduleExpression: 'at(2020-01-01T00:00:00)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Arn: arn, RoleArn: ROLE, Input: input },
    }),
  );
}

async function firstMessage(account: RegionalAccount, queueUrl: string): Promise<string> {
  const deadline = Date.now() + FIRES_WITHIN_MS;
  for (;;) {
    const [message] = await receive(account, queueUrl);
    if (message !== undefined) return message;
    if (Date.now() > deadline) throw new Error(`no schedule has fired within ${FIRES_WITHIN_MS} ms`);
    await sleep(200);
  }
}

function probeTemplate(webhookUrl: string): object {
  const replica = (Region: string) => ({ Region, DeletionProtectionEnabled: true });
  return {
    Resources: {
      Table: {
        Type: 'AWS::DynamoDB::GlobalTable',
        Properties: {
          TableName: PROBE_TABLE,
          AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          BillingMode: 'PAY_PER_REQUEST',
          StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
          TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
          Replicas: [replica(HOME), replica(STANDBY)],
        },
      },
      Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: PROBE_TOPIC } },
      Webhook: {
        Type: 'AWS::SNS::Subscription',
        Properties: { TopicArn: { Ref: 'Topic' }, Protocol: 'https', Endpoint: webhookUrl },
      },
      Phone: {
        Type: 'AWS::SNS::Subscription',
        Properties: { TopicArn: { Ref: 'Topic' }, Protocol: 'sms', Endpoint: '+15555550100' },
      },
      Scheduled: { Type: 'AWS::SQS::Queue', Properties: { QueueName: SCHEDULED } },
      DeadLetters: { Type: 'AWS::SQS::Queue', Properties: { QueueName: DEAD_LETTERS } },
      Function: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          FunctionName: 'probe',
          Runtime: 'nodejs24.x',
          Handler: 'index.handler',
          Role: ROLE,
          Code: { ZipFile: "exports.handler = async () => { throw new Error('always') };" },
        },
      },
      Retries: {
        Type: 'AWS::Lambda::EventInvokeConfig',
        Properties: {
          FunctionName: { Ref: 'Function' },
          Qualifier: '$LATEST',
          MaximumRetryAttempts: 0,
          DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] } } },
        },
      },
    },
  };
}
