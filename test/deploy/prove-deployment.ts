import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DescribeTimeToLiveCommand, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ListEventBusesCommand } from '@aws-sdk/client-eventbridge';
import { ListTopicsCommand } from '@aws-sdk/client-sns';
import { ListQueuesCommand } from '@aws-sdk/client-sqs';
import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { deadLetterQueueName, functionName, scheduleName } from '../../infra/names.ts';
import type { Region } from '../../shared/monitor.ts';
import { HOUR_MS, MINUTE_MS } from '../../shared/schedule.ts';
import type { RegionalAccount } from './account.ts';
import { invokeFunction } from './lambda.ts';
import { receive } from './listener.ts';
import { ACCOUNT } from './ministack.ts';
import { EMAIL, HOME, JOB, NAME, REGIONS, SMS, STANDBY, TABLE } from './project.ts';
import { forgetInvocation, invokeOnce, scheduleNames, switchSchedules } from './schedules.ts';
import { resourceEvents, stacksOf } from './stacks.ts';
import { Stage } from './stage.ts';

/** From a target's first failing slot to the page, while home is gone. */
const STANDBY_PAGES_WITHIN_MS = 5 * MINUTE_MS;

const TOKEN = 'not-a-secret-outside-of-this-test';

/** One story, told in order: each chapter needs the ones before it. */
describe('a deployment in three regions', () => {
  let stage: Stage;
  let broken = false;

  before(async () => {
    stage = await Stage.open();
  });
  after(async () => {
    await stage?.close(broken ? 'keep' : 'remove');
  });

  /** After the first failure the others would only wait in vain. */
  function chapter(name: string, run: () => Promise<void>): void {
    it(name, async (t) => {
      if (broken) return t.skip('a chapter before it failed');
      try {
        await run();
      } catch (error) {
        broken = true;
        throw error;
      }
    });
  }

  chapter('is made by cdk bootstrap and cdk deploy --all', async () => {
    await stage.home.ssm.send(
      new PutParameterCommand({ Name: `/parallax/${NAME}/${JOB}`, Value: TOKEN, Type: 'SecureString' }),
    );
    for (const run of [await stage.cdk.bootstrap(), await stage.cdk.deploy(stage.config)]) {
      assert.equal(run.exitCode, 0, run.output);
    }
    await stage.listen();
    const { TimeToLiveDescription: ttl } = await stage.home.dynamo.send(
      new DescribeTimeToLiveCommand({ TableName: TABLE }),
    );
    assert.equal(ttl?.TimeToLiveStatus, 'ENABLED');
  });

  chapter('asks the webhook to confirm, once for home and once for standby', async () => {
    const confirmed = await stage.clock.waitFor('confirmations', 2, async () =>
      stage.webhook.confirmed.length >= 2 ? stage.webhook.confirmed : null,
    );
    assert.deepEqual(
      confirmed.toSorted(),
      [stage.home, stage.standby].map((account) => account.arn('sns', `parallax-${NAME}`)).toSorted(),
    );
  });

  chapter('is what the definitions say: cdk diff is empty', async () => {
    const { exitCode, output } = await stage.cdk.diff(stage.config);
    assert.equal(exitCode, 0, output);
  });

  chapter('probes from every region on schedule, each into its own replica', async () => {
    for (const region of REGIONS) {
      const slots = await stage.clock.waitFor(`three slots of ${region}`, 5, async () => {
        const found = await stage.resultsOf(region, stage.account.in(region));
        return found.length >= 3 ? found.map(({ slotEpochMs }) => slotEpochMs) : null;
      });
      const [first = 0] = slots;
      assert.deepEqual(
        slots,
        slots.map((_, index) => first + index * MINUTE_MS),
        'a slot each minute, none twice',
      );
    }
  });

  chapter('has the results of every region in every region', async () => {
    for (const account of stage.account.all) {
      for (const region of REGIONS) {
        await stage.clock.waitFor(`results of ${region} in ${account.region}`, 1, async () =>
          (await stage.resultsOf(region, account)).length > 0 ? true : null,
        );
      }
    }
  });

  chapter('takes the call of a job that has its token, and judges it from home', async () => {
    const judged = async (region: Region) =>
      (await stage.resultsOf(region, stage.account.in(region), JOB)).map(({ outcome, reason }) => reason ?? outcome);
    await stage.clock.waitFor('a first judgement', 5, async () => ((await judged(HOME)).length > 0 ? true : null));
    assert.deepEqual([...new Set(await judged(HOME))], ['awaiting']);

    const called = async (token: string) => {
      const event = {
        rawPath: `/heartbeat/${JOB}`,
        headers: { authorization: `Bearer ${token}` },
        requestContext: { http: { method: 'POST' } },
      };
      const answer = await invokeFunction(stage.home, stage.aws.endpoint, functionName(NAME, 'receiver'), event);
      return answer.statusCode;
    };
    assert.deepEqual([await called('guessed'), await called(TOKEN)], [404, 200]);
    await stage.clock.waitFor('the job to pass', 5, async () =>
      (await judged(HOME)).includes('passed') ? true : null,
    );
    assert.deepEqual(await judged(STANDBY), [], 'only home receives, so only home judges');
  });

  chapter('leaves the event of a handler that throws in the dead-letter queue', async () => {
    const [account, schedule] = [stage.account.in('ap-southeast-2'), scheduleName(NAME, 'prober', 0)];
    const event = { scheduledTime: 'never', periodMs: MINUTE_MS, shard: 0 };
    await invokeOnce(account, schedule, event);
    const queue = `${stage.aws.endpoint}/${ACCOUNT}/${deadLetterQueueName(NAME, 'prober')}`;
    const letters = await stage.clock.waitFor('a dead letter', 5, async () => {
      const found = await receive(account, queue);
      return found.length > 0 ? found : null;
    });
    await forgetInvocation(account, schedule);
    assert.deepEqual(
      letters.map((letter) => JSON.parse(letter).requestPayload),
      [event],
    );
  });

  chapter('pages an outage once down every subscription, and puts one event on the bus', async () => {
    const seen = await stage.mark();
    stage.target.failing = true;
    await stage.waitForMessage(seen, 'opened', 'target', 6);
    await stage.runsOfHome(2);
    assert.deepEqual(await stage.messagesSince(seen), onceEverywhere(HOME, 'opened', 'target'));
  });

  chapter('says once that the target is well again', async () => {
    const seen = await stage.mark();
    stage.target.failing = false;
    await stage.waitForMessage(seen, 'resolved', 'target', 6);
    await stage.runsOfHome(2);
    assert.deepEqual(await stage.messagesSince(seen), onceEverywhere(HOME, 'resolved', 'target'));
  });

  chapter('closes windows over every region’s results', async () => {
    for (const region of REGIONS) {
      const windows = await stage.clock.waitFor(`a window of ${region}`, 10, async () => {
        const found = await stage.home.windows(region, stage.clock.nowEpochMs());
        return found.size > 0 ? found : null;
      });
      const counts = [...windows.values()].map((byMonitor) => byMonitor.get('target')?.passed ?? 0);
      assert.ok(Math.max(...counts) > 0, `passed checks in the windows of ${region}: ${counts}`);
    }
  });

  chapter('updates only what a changed monitor touches', async () => {
    stage.writeProject('/changed');
    const { output } = await stage.cdk.diff(stage.config);
    const changed = [...output.matchAll(/^\[[-+~]\] (\S+) ([^/]+)\//gm)].map(([, type, stack]) => `${stack} ${type}`);
    const touched = ['prober-ap-southeast-2', `aggregator-${HOME}`, `aggregator-${STANDBY}`];
    assert.deepEqual(changed.toSorted(), touched.map((stack) => `${stack} AWS::Lambda::Function`).toSorted());

    const deployed = await stage.cdk.deploy(stage.config);
    assert.equal(deployed.exitCode, 0, deployed.output);
    const stacks = (await Promise.all(stage.account.all.map(stacksOf))).flat();
    const updated = stacks.filter(({ status }) => status !== 'CREATE_COMPLETE');
    assert.deepEqual(
      updated.map(({ name, status }) => `${name} ${status}`).toSorted(),
      touched.map((stack) => `parallax-${NAME}-${stack} UPDATE_COMPLETE`).toSorted(),
    );
  });

  chapter('pages from standby within 5 minutes when home is lost, and says that home is silent', async () => {
    const seen = await stage.mark();
    await switchSchedules(stage.home, 'DISABLED');
    await stage.aws.replicate({ partitioned: [HOME] });
    stage.target.failing = true;
    const page = await stage.waitForMessage(seen, 'opened', 'target', 8);
    const tookMs = stage.clock.nowEpochMs() - page.sinceEpochMs;
    assert.ok(tookMs <= STANDBY_PAGES_WITHIN_MS, `paged ${tookMs / 1_000} s after the first failing slot`);
    await stage.waitForMessage(seen, 'opened', `region:${HOME}`, 6);
    await stage.runsOf(STANDBY, 2);
    assert.deepEqual(
      await stage.messagesSince(seen),
      [
        ...onceEverywhere(STANDBY, 'opened', 'target'),
        // A warning: not by SMS.
        ...onceEverywhere(STANDBY, 'opened', `region:${HOME}`).filter((message) => !message.startsWith('sms')),
      ].toSorted(),
    );
  });

  chapter('hands back to home, which tells the recovery once', async () => {
    const seen = await stage.mark();
    await stage.aws.replicate({ partitioned: [] });
    await switchSchedules(stage.home, 'ENABLED');
    await stage.runsOfHome(1);
    stage.target.failing = false;
    await stage.waitForMessage(seen, 'resolved', 'target', 6);
    await stage.waitForMessage(seen, 'resolved', `region:${HOME}`, 6);
    await stage.runsOfHome(2);
    const messages = await stage.messagesSince(seen);
    assert.deepEqual(
      messages.filter((message) => message.endsWith(' target')),
      onceEverywhere(HOME, 'resolved', 'target'),
    );
    assert.equal(messages.filter((message) => message === `webhook resolved region:${HOME}`).length, 1);
    assert.deepEqual(
      messages.filter((message) => message.includes('opened')),
      [],
    );
  });

  chapter('leaves nothing behind but the table, after cdk destroy --all', async () => {
    await stage.stopListening();
    const before = new Map<RegionalAccount, Awaited<ReturnType<typeof stacksOf>>>();
    for (const account of stage.account.all) before.set(account, await stacksOf(account));
    const destroyed = await stage.cdk.destroy(stage.config);
    assert.equal(destroyed.exitCode, 0, destroyed.output);

    const kept: string[] = [];
    for (const [account, stacks] of before) {
      for (const stack of stacks) {
        // Newest first: what happened to each resource last.
        const last = new Map<string, string>();
        for (const event of await resourceEvents(account, stack)) {
          const resource = `${event.ResourceType} ${event.LogicalResourceId}`;
          if (!last.has(resource)) last.set(resource, event.ResourceStatus ?? '');
        }
        assert.ok(last.size > 0, `${stack.name} has had no resources`);
        for (const [resource, status] of last) if (status !== 'DELETE_COMPLETE') kept.push(`${resource} ${status}`);
      }
      assert.deepEqual(await leftIn(account), { schedules: [], queues: [], topics: [], buses: ['default'] });
      const { TableNames: tables } = await account.dynamo.send(new ListTablesCommand({}));
      assert.deepEqual(tables, [TABLE], account.region);
    }
    assert.equal(kept.length, 1, kept.join(', '));
    assert.match(kept[0] ?? '', /^AWS::DynamoDB::GlobalTable \w+ DELETE_SKIPPED$/);
    const now = stage.clock.nowEpochMs();
    assert.ok((await stage.home.results(HOME, now - HOUR_MS, now)).length > 0, 'what was measured is still there');
  });
});

/** What each subscription gets, once, when an incident's page goes out in a region. */
function onceEverywhere(region: string, kind: 'opened' | 'resolved', about: string): string[] {
  const queues = [`${region} topic`, `${region} bus`];
  return [...queues, 'webhook', `email ${EMAIL}`, `sms ${SMS}`].map((to) => `${to} ${kind} ${about}`).toSorted();
}

async function leftIn(account: RegionalAccount): Promise<Record<string, readonly (string | undefined)[]>> {
  const { QueueUrls: queues = [] } = await account.sqs.send(new ListQueuesCommand({}));
  const { Topics: topics = [] } = await account.sns.send(new ListTopicsCommand({}));
  const { EventBuses: buses = [] } = await account.eventBridge.send(new ListEventBusesCommand({}));
  return {
    schedules: await scheduleNames(account),
    queues,
    topics: topics.map(({ TopicArn: arn }) => arn),
    buses: buses.map(({ Name: name }) => name),
  };
}
