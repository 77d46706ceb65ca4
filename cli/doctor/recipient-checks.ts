import { humanList } from '../../shared/human.ts';
import type { Subscriber } from '../../shared/monitor.ts';
import { aggregatorRegions, stackName, topicName } from '../../shared/resource-names.ts';
import type { SubscriptionState } from '../account/inspection.ts';
import { type Check, type Finding, type Found, fine, look } from './finding.ts';

/** Whether each recipient has confirmed, in home and in standby: deployments succeed without. */
export const checkSubscriptions: Check = async ({ deployment, account, identity }) => {
  const { name, notify } = deployment;
  if (notify.length === 0) {
    const message = 'nobody is told of incidents: `notify` is empty';
    return [{ check: 'subscriptions', region: null, state: 'warning', message, remedy: 'Add a recipient and deploy.' }];
  }
  const looks = aggregatorRegions(deployment).map((region) =>
    look('subscriptions', region, 'sns:ListSubscriptionsByTopic', async (): Promise<Found[]> => {
      const topicArn = `arn:${identity.partition}:sns:${region}:${identity.accountId}:${topicName(name)}`;
      const subscriptions = await account.subscriptions(region, topicArn);
      const remedy = `npx cdk deploy ${stackName(name, 'aggregator', region)}`;
      if (subscriptions === null)
        return [{ state: 'problem', message: `there is no topic ${topicName(name)}`, remedy }];
      const problems = recipientsOf(notify).flatMap((subscriber): Found[] => {
        const { protocol, endpoint } = subscriber;
        const subscription = subscriptions.find((each) => isOf(each, subscriber));
        if (subscription === undefined) {
          return [{ state: 'problem', message: `${endpoint} (${protocol}) is not subscribed`, remedy }];
        }
        if (subscription.confirmed) return [];
        return [
          {
            state: 'problem',
            message: `${endpoint} (${protocol}) has not confirmed, and gets nothing`,
            remedy: `${CONFIRM[protocol]} To have it asked again: aws sns subscribe --region ${region} --topic-arn ${topicArn} --protocol ${protocol} --notification-endpoint ${endpoint}`,
          },
        ];
      });
      return problems.length > 0 ? problems : [fine(`every recipient is subscribed (${recipientsOf(notify).length})`)];
    }),
  );
  return (await Promise.all(looks)).flat();
};

const CONFIRM: Readonly<Record<Subscriber['protocol'], string>> = {
  email: 'Open the link in "AWS Notification - Subscription Confirmation"; it is good for three days.',
  https: 'The endpoint has to visit the SubscribeURL that it was sent.',
  sms: 'The number may have opted out.',
};

function recipientsOf(notify: readonly Subscriber[]): Subscriber[] {
  return [
    ...new Map(notify.map((subscriber) => [`${subscriber.protocol} ${subscriber.endpoint}`, subscriber])).values(),
  ];
}

function isOf(subscription: SubscriptionState, { protocol, endpoint }: Subscriber): boolean {
  // SNS writes the domain of an address as it likes.
  return subscription.protocol === protocol && subscription.endpoint.toLowerCase() === endpoint.toLowerCase();
}

/** About 150 messages to the US, fewer elsewhere: below it a bad day runs out of messages. @see https://aws.amazon.com/sns/sms-pricing/ */
const LOW_SPEND_LIMIT_USD = 1;

export const checkSms: Check = async ({ deployment, account }) => {
  const numbers = deployment.notify.filter(({ protocol }) => protocol === 'sms').map(({ endpoint }) => endpoint);
  if (numbers.length === 0) return [];
  const permissions = 'sns:GetSMSSandboxAccountStatus, sns:ListSMSSandboxPhoneNumbers and sns:GetSMSAttributes';
  const looks = aggregatorRegions(deployment).map(
    (region): Promise<Finding[]> =>
      look('sms', region, permissions, async () => {
        const { sandbox, verifiedNumbers, monthlySpendLimitUsd } = await account.smsAccount(region);
        const found: Found[] = [];
        const unverified = sandbox ? numbers.filter((number) => !verifiedNumbers.includes(number)) : [];
        if (unverified.length > 0) {
          found.push({
            state: 'problem',
            message: `the account is in the SMS sandbox, and ${humanList(unverified)} is not verified: it gets nothing`,
            remedy: `Leave the sandbox, or verify the number: SNS console in ${region}, Text messaging (SMS).`,
          });
        }
        if (monthlySpendLimitUsd <= LOW_SPEND_LIMIT_USD) {
          found.push({
            state: 'warning',
            message: `SMS stop for the month at $${monthlySpendLimitUsd}`,
            remedy: 'Ask for a higher limit: Service Quotas, Amazon SNS, account spend threshold for SMS.',
          });
        }
        if (found.length > 0) return found;
        return [
          fine(`SMS are sent, up to $${monthlySpendLimitUsd} a month${sandbox ? ', to verified numbers only' : ''}`),
        ];
      }),
  );
  return (await Promise.all(looks)).flat();
};
