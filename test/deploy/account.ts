import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, GetItemCommand, paginateQuery } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { type Progress, progressGet, progressOf } from '../../shared/aggregator-table.ts';
import { type History, readResults, readWindows } from '../../shared/history.ts';
import type { Region } from '../../shared/monitor.ts';
import type { Result } from '../../shared/result.ts';
import { DAY_MS, HOUR_MS } from '../../shared/schedule.ts';
import { ACCOUNT, type MiniStack } from './ministack.ts';
import { HOME, REGIONS, type STANDBY, TABLE } from './project.ts';

/** The defaults of `parallax.json`, which the test's project leaves as they are. */
const RETENTION = {
  resultsMs: 2 * DAY_MS,
  fiveMinutesMs: 14 * DAY_MS,
  hoursMs: 90 * DAY_MS,
  daysMs: 730 * DAY_MS,
  incidentsMs: 365 * DAY_MS,
};

/** One region of the account, through the SDK and nothing else. */
export class RegionalAccount {
  readonly region: Region;
  readonly dynamo: DynamoDBClient;
  readonly sns: SNSClient;
  readonly sqs: SQSClient;
  readonly eventBridge: EventBridgeClient;
  readonly scheduler: SchedulerClient;
  readonly ssm: SSMClient;
  readonly cloudFormation: CloudFormationClient;

  constructor(region: Region, { endpoint }: Pick<MiniStack, 'endpoint'>) {
    const settings = { region, endpoint, credentials: { accessKeyId: ACCOUNT, secretAccessKey: 'local' } };
    this.region = region;
    this.dynamo = new DynamoDBClient(settings);
    this.sns = new SNSClient(settings);
    this.sqs = new SQSClient(settings);
    this.eventBridge = new EventBridgeClient(settings);
    this.scheduler = new SchedulerClient(settings);
    this.ssm = new SSMClient(settings);
    this.cloudFormation = new CloudFormationClient(settings);
  }

  arn(service: string, resource: string): string {
    return `arn:aws:${service}:${this.region}:${ACCOUNT}:${resource}`;
  }

  /** What this region's replica holds of a region's results. */
  results(of: Region, fromEpochMs: number, toEpochMs: number): Promise<Result[]> {
    return readResults(this.#history([]), of, fromEpochMs, toEpochMs);
  }

  /** What this region's replica holds of the five-minute windows of a region that home's aggregator wrote. */
  windows(of: Region, aroundEpochMs: number): ReturnType<typeof readWindows> {
    return readWindows(this.#history([HOME]), of, '5m', aroundEpochMs - HOUR_MS, aroundEpochMs + HOUR_MS);
  }

  /** How far an aggregator has come, as this region's replica has it. */
  async progress(of: typeof HOME | typeof STANDBY): Promise<Progress | null> {
    const { Item: item } = await this.dynamo.send(new GetItemCommand(progressGet(TABLE, of)));
    return progressOf(item)?.progress ?? null;
  }

  close(): void {
    const { dynamo, sns, sqs, eventBridge, scheduler, ssm, cloudFormation } = this;
    for (const client of [dynamo, sns, sqs, eventBridge, scheduler, ssm, cloudFormation]) client.destroy();
  }

  #history(writers: readonly Region[]): History {
    return {
      table: TABLE,
      writers,
      retention: RETENTION,
      query: async (input) => {
        const items = [];
        for await (const page of paginateQuery({ client: this.dynamo }, input)) items.push(...(page.Items ?? []));
        return items;
      },
      onDamage: (error) => {
        throw error;
      },
    };
  }
}

/** The regions that the project probes from. */
export class Account {
  readonly all: readonly RegionalAccount[];

  constructor(aws: Pick<MiniStack, 'endpoint'>) {
    this.all = REGIONS.map((region) => new RegionalAccount(region, aws));
  }

  in(region: Region): RegionalAccount {
    const found = this.all.find((account) => account.region === region);
    if (found === undefined) throw new RangeError(`${region} is none of the project's regions: ${REGIONS.join(', ')}`);
    return found;
  }

  close(): void {
    for (const account of this.all) account.close();
  }
}
