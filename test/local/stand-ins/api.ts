import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';

const client = new DynamoDBClient({});

/** Lists what the stand-ins of the probers stored. */
export async function handler(): Promise<{ readonly statusCode: number; readonly body: string }> {
  const found = await client.send(
    new QueryCommand({
      TableName: process.env.PARALLAX_TABLE,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: 'calls' } },
    }),
  );
  return { statusCode: 200, body: JSON.stringify(found.Items?.map((item) => item.sk?.S)) };
}
