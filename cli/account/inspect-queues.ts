import { GetQueueAttributesCommand, GetQueueUrlCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Region } from '../../shared/monitor.ts';
import { kindOfAwsError } from './aws-error.ts';
import type { Inspection } from './inspection.ts';

export function inspectQueues(clientOf: (region: Region) => SQSClient): Pick<Inspection, 'queueDepth'> {
  return {
    queueDepth: async (region, QueueName) => {
      try {
        const { QueueUrl } = await clientOf(region).send(new GetQueueUrlCommand({ QueueName }));
        const { Attributes } = await clientOf(region).send(
          new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
        );
        return Number(Attributes?.['ApproximateNumberOfMessages'] ?? 0);
      } catch (error) {
        if (kindOfAwsError(error) === 'absent') return null;
        throw error;
      }
    },
  };
}
