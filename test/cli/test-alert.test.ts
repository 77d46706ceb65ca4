import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { SNSClient } from '@aws-sdk/client-sns';
import { createTestAlertVerb } from '../../cli/test-alert.ts';
import { severitiesFor, testNotification } from '../../cli/test-notification.ts';
import type { Severity, Subscriber } from '../../shared/monitor.ts';
import { deployment, NOW, startAccount } from './connections.ts';
import { fakeIo } from './process.ts';

const EVERYONE: readonly Severity[] = ['critical', 'warning', 'info'];
const EMAIL: Subscriber = { protocol: 'email', endpoint: 'oncall@acme.example', severities: EVERYONE };
const SMS: Subscriber = { protocol: 'sms', endpoint: '+15555550100', severities: ['critical'] };

interface Published {
  readonly TopicArn: string;
  readonly Subject: string;
  readonly Message: string;
  readonly MessageAttributes: Readonly<Record<string, { readonly StringValue: string }>>;
}

/** What reached SNS; `gone` regions have no topic. */
async function topics(t: TestContext, notify: readonly Subscriber[], gone: readonly string[] = []) {
  const { account } = await startAccount(t);
  const published: Published[] = [];
  const sns = (region: string) => {
    const client = new SNSClient({ region });
    client.middlewareStack.add(
      () => async (args) => {
        if (gone.includes(region))
          throw Object.assign(new Error('Topic does not exist'), { name: 'NotFoundException' });
        published.push(args.input as Published);
        return { output: { $metadata: {} }, response: {} };
      },
      { step: 'initialize' },
    );
    return client;
  };
  const open = () => ({ deployment: { ...deployment, notify }, account: { ...account, sns } });
  return {
    published,
    run: async (...argv: string[]) => {
      const io = fakeIo();
      return { code: await createTestAlertVerb(open, () => NOW).run(argv, io), ...io.said };
    },
  };
}

test('one test goes to home’s topic and one to standby’s, each with an id of its own', async (t) => {
  const { run, published } = await topics(t, [EMAIL, SMS]);
  const { code, out } = await run();
  assert.equal(code, 0);
  assert.deepEqual(
    published.map(({ TopicArn }) => TopicArn),
    ['us-east-1', 'eu-west-1'].map((region) => `arn:aws:sns:${region}:123456789012:parallax-${deployment.name}`),
  );
  const ids = published.map(({ MessageAttributes }) => MessageAttributes['notificationId']?.StringValue);
  assert.equal(new Set(ids).size, 2);
  assert.match(out, /^Published a critical test in us-east-1, to oncall@acme\.example and \+15555550100\n/);
});

test('every recipient can see that it is a test', async (t) => {
  const { run, published } = await topics(t, [EMAIL]);
  await run();
  const [first] = published;
  const { email, sms, https } = JSON.parse(first?.Message ?? '');
  assert.match(first?.Subject ?? '', /^\[TEST\] /);
  assert.match(email, /^This is a TEST\. Nothing is wrong/);
  assert.match(sms, /^TEST /);
  const machine = JSON.parse(https);
  assert.deepEqual(
    [machine.incident.subject, machine.incident.policyId, first?.MessageAttributes['monitor']?.StringValue],
    ['parallax:test', 'test', 'parallax:test'],
  );
});

test('its texts fit SNS’s and one SMS’s bounds, whatever the deployment is called', () => {
  const { emailSubject, sms } = testNotification('ä'.repeat(60), 'ap-southeast-2', 'critical', 'ada@desk', NOW);
  assert.match(emailSubject, /^[\x21-\x7e][\x20-\x7e]{0,98}$/);
  assert.match(sms, /^[\x20-\x7e]{1,160}$/);
});

test('the severities are the fewest that reach everyone', () => {
  const of = (...severities: Severity[]): Subscriber => ({ ...EMAIL, severities });
  assert.deepEqual(severitiesFor([EMAIL, SMS]), ['critical']);
  assert.deepEqual(severitiesFor([of('warning'), of('info', 'warning')]), ['warning']);
  assert.deepEqual(severitiesFor([of('critical'), of('info')]), ['critical', 'info']);
});

test('a subscriber that the chosen severity does not reach is named, and the answer is no', async (t) => {
  const { run } = await topics(t, [EMAIL, SMS]);
  const { code, err } = await run('--severity', 'warning');
  assert.equal(code, 1);
  assert.equal(err, '+15555550100 is not reached: it takes critical only. Use --severity critical.\n');
});

test('a topic that is not there does not keep the other from being used', async (t) => {
  const { run, published } = await topics(t, [EMAIL], ['us-east-1']);
  const { code, out } = await run();
  assert.equal(code, 1);
  assert.equal(published.length, 1);
  assert.match(out, /Not published in us-east-1: NotFoundException: Topic does not exist\. Deploy it/);
});

test('without subscribers it could not run', async (t) => {
  const { run } = await topics(t, []);
  const { code, err } = await run();
  assert.equal(code, 2);
  assert.match(err, /Nobody is subscribed: .* Add a recipient and deploy\./);
});
