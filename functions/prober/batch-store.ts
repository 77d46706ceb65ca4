import { ConditionalCheckFailedException, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Retention } from '../../shared/monitor.ts';
import type { Batch } from '../../shared/result.ts';
import { batchPut } from '../../shared/table.ts';
import { type Clock, sleep } from './clock.ts';

/** `already-there`: an earlier run of the same slots has stored it. What is there stands. */
export type StoreOutcome = 'stored' | 'already-there';

/** Waits before the next try. Results exist nowhere else, so a replica that is away for seconds is waited for. */
const RETRY_DELAYS_MS: readonly number[] = [500, 2_000, 5_000];

/** Trying again changes nothing: somebody has to. */
const LASTING: ReadonlySet<string> = new Set([
  'AccessDeniedException',
  'ResourceNotFoundException',
  'UnrecognizedClientException',
  'ValidationException',
]);

/**
 * Stores a batch once, whoever else tries the same.
 * @throws what DynamoDB answered last, when it could not be stored
 */
export async function storeBatch(
  client: Pick<DynamoDBClient, 'send'>,
  table: string,
  retention: Retention,
  clock: Clock,
  batch: Batch,
): Promise<StoreOutcome> {
  const put = batchPut(table, batch, retention);
  for (let tries = 0; ; tries += 1) {
    try {
      await client.send(new PutItemCommand(put));
      return 'stored';
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return 'already-there';
      const delayMs = RETRY_DELAYS_MS[tries];
      if (delayMs === undefined || (error instanceof Error && LASTING.has(error.name))) throw error;
      await sleep(clock, delayMs);
    }
  }
}
