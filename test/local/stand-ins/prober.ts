import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { ProbeEvent } from '../../../shared/schedule.ts';

const client = new DynamoDBClient({});

/** Stores which slot it was called for, from where: found by the stand-in of the API. */
export async function handler(event: ProbeEvent): Promise<void> {
  await client.send(
    new PutItemCommand({
      TableName: process.env.PARALLAX_TABLE,
      Item: {
        pk: { S: 'calls' },
        sk: { S: `${process.env.AWS_REGION} ${event.scheduledTime} ${event.periodMs} ${event.shard}` },
      },
    }),
  );
}
