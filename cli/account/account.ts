import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SNSClient } from '@aws-sdk/client-sns';
import type { Region } from '../../shared/monitor.ts';

/** Who asks, and where what is asked about lies. */
export interface Identity {
  readonly accountId: string;
  /** `aws`, `aws-cn`, `aws-us-gov`. */
  readonly partition: string;
  /** An ARN, or `user@host` where there is none. What controls are signed with. */
  readonly by: string;
}

/** An AWS account, or the stand-ins on this machine, as the operating verbs use it. */
export interface Account {
  /** Rejects with what STS answers. */
  identity(): Promise<Identity>;
  dynamo(region: Region): DynamoDBClient;
  sns(region: Region): SNSClient;
  /** Lets go of every connection. */
  close(): void;
}
