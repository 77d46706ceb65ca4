import {
  GetSMSAttributesCommand,
  GetSMSSandboxAccountStatusCommand,
  paginateListSMSSandboxPhoneNumbers,
  paginateListSubscriptionsByTopic,
  type SNSClient,
} from '@aws-sdk/client-sns';
import type { Region } from '../../shared/monitor.ts';
import { kindOfAwsError } from './aws-error.ts';
import type { Inspection, SubscriptionState } from './inspection.ts';

type NotificationInspection = Pick<Inspection, 'subscriptions' | 'smsAccount'>;

/** What SNS allows until somebody asks for more. */
const DEFAULT_SPEND_LIMIT_USD = 1;

export function inspectNotifications(clientOf: (region: Region) => SNSClient): NotificationInspection {
  return {
    subscriptions: async (region, TopicArn) => {
      const found: SubscriptionState[] = [];
      try {
        for await (const page of paginateListSubscriptionsByTopic({ client: clientOf(region) }, { TopicArn })) {
          for (const { Protocol, Endpoint, SubscriptionArn } of page.Subscriptions ?? []) {
            // Until it is confirmed, and after it was given up, it has a word in place of an ARN.
            const confirmed = SubscriptionArn?.startsWith('arn:') === true;
            found.push({ protocol: Protocol ?? '', endpoint: Endpoint ?? '', confirmed });
          }
        }
        return found;
      } catch (error) {
        if (kindOfAwsError(error) === 'absent') return null;
        throw error;
      }
    },
    smsAccount: async (region) => {
      const client = clientOf(region);
      const { IsInSandbox: sandbox = false } = await client.send(new GetSMSSandboxAccountStatusCommand({}));
      const verifiedNumbers: string[] = [];
      if (sandbox) {
        for await (const page of paginateListSMSSandboxPhoneNumbers({ client }, {})) {
          for (const { PhoneNumber, Status } of page.PhoneNumbers ?? []) {
            if (PhoneNumber !== undefined && Status === 'Verified') verifiedNumbers.push(PhoneNumber);
          }
        }
      }
      const wanted = { attributes: ['MonthlySpendLimit'] };
      const { attributes } = await client.send(new GetSMSAttributesCommand(wanted));
      const limit = Number(attributes?.['MonthlySpendLimit'] ?? DEFAULT_SPEND_LIMIT_USD);
      return { sandbox, verifiedNumbers, monthlySpendLimitUsd: limit };
    },
  };
}
