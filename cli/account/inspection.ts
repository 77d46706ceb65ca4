import type { GetItemCommandInput, QueryCommandInput } from '@aws-sdk/client-dynamodb';
import type { Region } from '../../shared/monitor.ts';
import type { Item } from '../../shared/table.ts';
import type { Identity } from './account.ts';

/** What the doctor may look at. Every method only reads, and rejects with what AWS answers. */
export interface Inspection {
  identity(): Promise<Identity>;
  /** Of the CDK's bootstrap stack; null: the region is not bootstrapped. */
  bootstrapVersion(region: Region): Promise<number | null>;
  /** As the region's replica tells them, itself included; null: there is no table. */
  replicas(region: Region, table: string): Promise<readonly Replica[] | null>;
  item(region: Region, get: GetItemCommandInput): Promise<Item | undefined>;
  query(region: Region, input: QueryCommandInput): Promise<readonly Item[]>;
  /** AWS's clock minus this machine's, within a second or so. */
  clockOffsetMs(region: Region): Promise<number>;
  /** Null: there is no topic. */
  subscriptions(region: Region, topicArn: string): Promise<readonly SubscriptionState[] | null>;
  smsAccount(region: Region): Promise<SmsAccount>;
  /** Null: there is no schedule. */
  schedule(region: Region, name: string): Promise<'ENABLED' | 'DISABLED' | null>;
  /** How many messages wait in the queue; null: there is no queue. */
  queueDepth(region: Region, queue: string): Promise<number | null>;
  /** By full name. Values are neither decrypted nor kept. */
  parameters(region: Region, names: readonly string[]): Promise<ReadonlyMap<string, SecretState>>;
  /** The same of Secrets Manager's secrets; no value is read. */
  secrets(region: Region, names: readonly string[]): Promise<ReadonlyMap<string, SecretState>>;
  close(): void;
}

export interface Replica {
  readonly region: Region;
  /** `ACTIVE`, `CREATING`, `DELETING`, `INACCESSIBLE_ENCRYPTION_CREDENTIALS`… */
  readonly status: string;
}

export interface SubscriptionState {
  readonly protocol: string;
  readonly endpoint: string;
  readonly confirmed: boolean;
}

export interface SmsAccount {
  /** Only verified numbers are reached. */
  readonly sandbox: boolean;
  readonly verifiedNumbers: readonly string[];
  readonly monthlySpendLimitUsd: number;
}

/** `plain` is Parameter Store's, `deleted` Secrets Manager's: it keeps what is deleted for a while. */
export type SecretState = 'encrypted' | 'plain' | 'deleted' | 'missing';
