import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { Region } from '../../shared/monitor.ts';
import { awsAccount } from './aws-account.ts';
import { CLIENT_SETTINGS, Clients } from './clients.ts';
import { inspectNotifications } from './inspect-notifications.ts';
import { inspectParameters } from './inspect-parameters.ts';
import { inspectQueues } from './inspect-queues.ts';
import { inspectSchedules } from './inspect-schedules.ts';
import { inspectSecrets } from './inspect-secrets.ts';
import { inspectTable } from './inspect-table.ts';
import type { Inspection } from './inspection.ts';

/** The account as {@link awsAccount} finds it, for looking only. */
export function awsInspection(regions: readonly Region[], now: () => number): Inspection {
  const account = awsAccount(regions);
  const ssm = new Clients((region) => new SSMClient({ ...CLIENT_SETTINGS, region }));
  const secrets = new Clients((region) => new SecretsManagerClient({ ...CLIENT_SETTINGS, region }));
  const scheduler = new Clients((region) => new SchedulerClient({ ...CLIENT_SETTINGS, region }));
  const sqs = new Clients((region) => new SQSClient({ ...CLIENT_SETTINGS, region }));
  return {
    identity: () => account.identity(),
    ...inspectTable((region) => account.dynamo(region), now),
    ...inspectParameters((region) => ssm.of(region)),
    ...inspectSecrets((region) => secrets.of(region)),
    ...inspectNotifications((region) => account.sns(region)),
    ...inspectSchedules((region) => scheduler.of(region)),
    ...inspectQueues((region) => sqs.of(region)),
    close: () => {
      for (const clients of [account, ssm, secrets, scheduler, sqs]) clients.close();
    },
  };
}
