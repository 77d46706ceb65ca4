import { humanList } from '../../shared/human.ts';
import type { Deployment, Region } from '../../shared/monitor.ts';
import { shardNumbers } from '../../shared/plan/shards.ts';
import {
  aggregatorRegions,
  deadLetterQueueName,
  type FunctionKind,
  scheduleName,
  stackName,
} from '../../shared/resource-names.ts';
import { type Check, type Found, fine, look } from './finding.ts';

/** What runs every minute, and where. */
function scheduled(deployment: Deployment): { kind: FunctionKind; region: Region; schedules: string[] }[] {
  const { name, monitors } = deployment;
  const aggregators = aggregatorRegions(deployment).map((region) => ({
    kind: 'aggregator' as const,
    region,
    schedules: [scheduleName(name, 'aggregator', 0)],
  }));
  const probers = deployment.regions.map((region) => {
    const shards = shardNumbers(monitors.filter((monitor) => monitor.regions.includes(region)));
    return { kind: 'prober' as const, region, schedules: shards.map((shard) => scheduleName(name, 'prober', shard)) };
  });
  return [...aggregators, ...probers];
}

export const checkSchedules: Check = async ({ deployment, account }) => {
  const looks = scheduled(deployment).map(({ kind, region, schedules }) =>
    look('schedules', region, 'scheduler:GetSchedule', async (): Promise<Found[]> => {
      const states = await Promise.all(
        schedules.map(async (name) => ({ name, state: await account.schedule(region, name) })),
      );
      const stack = stackName(deployment.name, kind, region);
      const of = (wanted: string | null) => states.filter(({ state }) => state === wanted).map(({ name }) => name);
      const [missing, disabled] = [of(null), of('DISABLED')];
      const found: Found[] = [];
      if (missing.length > 0) {
        const message = `the ${kind} has no schedule ${humanList(missing)}: it does not run`;
        found.push({ state: 'problem', message, remedy: `npx cdk deploy ${stack}` });
      }
      if (disabled.length > 0) {
        const message = `the ${kind} does not run: ${humanList(disabled)} was disabled by hand`;
        const remedy = `Enable it in the console, or npx cdk deploy ${stack}. To stop checks for a while: npx parallax pause`;
        found.push({ state: 'problem', message, remedy });
      }
      return found.length > 0 ? found : [fine(`the ${kind} runs every minute`)];
    }),
  );
  return (await Promise.all(looks)).flat();
};

export const checkDeadLetters: Check = async ({ deployment, account }) => {
  const looks = scheduled(deployment).map(({ kind, region }) =>
    look('dead-letters', region, 'sqs:GetQueueUrl and sqs:GetQueueAttributes', async (): Promise<Found[]> => {
      const queue = deadLetterQueueName(deployment.name, kind);
      const depth = await account.queueDepth(region, queue);
      if (depth === 0) return [fine(`no dead letters of the ${kind}`)];
      if (depth === null) {
        const remedy = `npx cdk deploy ${stackName(deployment.name, kind, region)}`;
        return [{ state: 'problem', message: `there is no queue ${queue}`, remedy }];
      }
      const message = `${depth} ${depth === 1 ? 'event' : 'events'} of the ${kind} came to nothing in the last 14 days`;
      return [{ state: 'problem', message, remedy: `See docs/runbook.md#${kind}-dead-letters` }];
    }),
  );
  return (await Promise.all(looks)).flat();
};
