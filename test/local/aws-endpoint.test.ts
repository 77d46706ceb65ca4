import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PublishCommand, type PublishCommandInput, SNSClient } from '@aws-sdk/client-sns';
import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { systemClock } from '../../functions/prober/clock.ts';
import { deployedSecrets } from '../../functions/prober/deployed-secrets.ts';
import { startAwsEndpoint } from '../../local/aws-endpoint.ts';
import type { LoggedNotification } from '../../local/notification-log.ts';
import { secretsFrom } from '../../local/secrets.ts';
import type { Subscriber } from '../../shared/monitor.ts';

const EVERY_SEVERITY = ['critical', 'warning', 'info'] as const;
const EMAIL: Subscriber = { protocol: 'email', endpoint: 'oncall@acme.example', severities: EVERY_SEVERITY };
const SMS: Subscriber = { protocol: 'sms', endpoint: '+15555550100', severities: ['critical'] };
const HTTPS: Subscriber = { protocol: 'https', endpoint: 'https://hooks.acme.example', severities: EVERY_SEVERITY };

interface Machine {
  readonly url: string;
  readonly notifications: string;
  readonly events: string;
  readonly secrets: string;
  readonly notified: LoggedNotification[];
  readonly reported: string[];
}

async function start(
  t: TestContext,
  { env = {}, folder = scratch(t) }: { readonly env?: Readonly<Record<string, string>>; readonly folder?: string } = {},
): Promise<Machine> {
  const paths = {
    notifications: join(folder, 'notifications.jsonl'),
    events: join(folder, 'events.jsonl'),
    secrets: join(folder, 'secrets.json'),
  };
  const notified: LoggedNotification[] = [];
  const reported: string[] = [];
  const endpoint = await startAwsEndpoint({
    deployment: { name: 'acme', notify: [EMAIL, SMS, HTTPS] },
    folder: paths,
    secretOf: secretsFrom(env, paths.secrets, { 'demo-token': 'sample' }, (line) => reported.push(line)),
    nowEpochMs: () => Date.UTC(2026, 10, 22, 4),
    notified: (notification) => notified.push(notification),
    report: (line) => reported.push(line),
  });
  t.after(() => endpoint.close());
  return { url: endpoint.url, ...paths, notified, reported };
}

function scratch(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'parallax-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function clientConfig(url: string) {
  return {
    endpoint: url,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
}

async function publish(t: TestContext, url: string, input: Partial<PublishCommandInput> = {}): Promise<void> {
  const client = new SNSClient(clientConfig(url));
  t.after(() => client.destroy());
  await client.send(
    new PublishCommand({
      TopicArn: 'arn:aws:sns:us-east-1:000000000000:parallax-acme',
      Subject: 'DOWN: checkout & login',
      MessageStructure: 'json',
      Message: JSON.stringify({ default: 'fallback', email: 'Two lines,\none é', sms: 'short' }),
      MessageAttributes: attributes({ notificationId: 'n-1', severity: 'critical' }),
      ...input,
    }),
  );
}

function attributes(values: Readonly<Record<string, string>>): PublishCommandInput['MessageAttributes'] {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
  );
}

function linesOf(file: string): unknown[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

describe('publishing a notification', () => {
  it('logs the text of each protocol, as its recipient would read it', async (t) => {
    const machine = await start(t);
    await publish(t, machine.url);
    assert.deepEqual(linesOf(machine.notifications), [
      {
        at: '2026-11-22T04:00:00.000Z',
        notificationId: 'n-1',
        subscribers: [
          {
            protocol: 'email',
            endpoint: EMAIL.endpoint,
            subject: 'DOWN: checkout & login',
            message: 'Two lines,\none é',
          },
          { protocol: 'sms', endpoint: SMS.endpoint, message: 'short' },
          { protocol: 'https', endpoint: HTTPS.endpoint, message: 'fallback' },
        ],
        attributes: { notificationId: 'n-1', severity: 'critical' },
      },
    ]);
  });

  it('keeps from a subscriber what its severities leave out', async (t) => {
    const machine = await start(t);
    const MessageAttributes = attributes({ notificationId: 'n-1', severity: 'warning' });
    await publish(t, machine.url, { MessageAttributes });
    assert.deepEqual(
      machine.notified[0]?.subscribers.map(({ protocol }) => protocol),
      ['email', 'https'],
    );
  });

  it('logs and shows one id once', async (t) => {
    const machine = await start(t);
    await publish(t, machine.url);
    await publish(t, machine.url);
    assert.deepEqual([linesOf(machine.notifications).length, machine.notified.length], [1, 1]);
  });

  it('says that an id was published again', async (t) => {
    const machine = await start(t);
    await publish(t, machine.url);
    await publish(t, machine.url);
    assert.match(machine.reported.join(), /n-1 was published again/);
  });

  it('remembers ids over a restart', async (t) => {
    const folder = scratch(t);
    const first = await start(t, { folder });
    await publish(t, first.url);
    const second = await start(t, { folder });
    await publish(t, second.url);
    assert.equal(linesOf(second.notifications).length, 1);
  });

  it('cuts off a line that a crash tore', async (t) => {
    const folder = scratch(t);
    const first = await start(t, { folder });
    await publish(t, first.url);
    appendFileSync(first.notifications, '{"notificationId": "n-2", "mess');
    const second = await start(t, { folder });
    await publish(t, second.url, { MessageAttributes: attributes({ notificationId: 'n-2' }) });
    assert.deepEqual(
      linesOf(second.notifications).map((line) => JSON.stringify(line).includes('n-2')),
      [false, true],
    );
  });

  const refused: readonly [string, Partial<PublishCommandInput>][] = [
    ['a subject of 100 characters', { Subject: 'x'.repeat(100) }],
    ['a subject that is not ASCII', { Subject: 'DOWN – checkout' }],
    ['texts without a default', { Message: '{"email": "x"}' }],
    ['a message that is not JSON', { Message: 'DOWN' }],
  ];
  for (const [what, input] of refused) {
    it(`refuses ${what}, as SNS does`, async (t) => {
      const machine = await start(t);
      await assert.rejects(publish(t, machine.url, input), { name: 'InvalidParameterException' });
    });
  }
});

describe('putting events', () => {
  async function put(t: TestContext, url: string, details: readonly string[]) {
    const client = new EventBridgeClient(clientConfig(url));
    t.after(() => client.destroy());
    const Entries = details.map((Detail) => ({ Source: 'parallax', DetailType: 'Incident opened', Detail }));
    return client.send(new PutEventsCommand({ Entries }));
  }

  it('logs each', async (t) => {
    const machine = await start(t);
    await put(t, machine.url, ['{"id":1}', '{"id":2}']);
    assert.equal(linesOf(machine.events).length, 2);
  });

  it('counts those that it refuses', async (t) => {
    const machine = await start(t);
    const answer = await put(t, machine.url, ['{"id":1}', 'no json']);
    assert.equal(answer.FailedEntryCount, 1);
  });
});

describe('reading secrets', () => {
  async function read(t: TestContext, url: string, names: readonly string[]) {
    const client = new SSMClient(clientConfig(url));
    t.after(() => client.destroy());
    const answer = await client.send(new GetParametersCommand({ Names: [...names], WithDecryption: true }));
    return { values: answer.Parameters?.map(({ Value }) => Value), invalid: answer.InvalidParameters };
  }

  it('takes them from the environment', async (t) => {
    const machine = await start(t, { env: { PARALLAX_SECRET_CHECKOUT_TOKEN: 'from env' } });
    assert.deepEqual((await read(t, machine.url, ['/parallax/acme/checkout-token'])).values, ['from env']);
  });

  it('takes them from the file, also when it is written later', async (t) => {
    const machine = await start(t);
    writeFileSync(machine.secrets, '{"checkout-token": "from file"}');
    assert.deepEqual((await read(t, machine.url, ['/parallax/acme/checkout-token'])).values, ['from file']);
  });

  it('has the samples', async (t) => {
    const machine = await start(t);
    assert.deepEqual((await read(t, machine.url, ['/parallax/acme/demo-token'])).values, ['sample']);
  });

  it('lists those that are not there, and those of others, as invalid', async (t) => {
    const names = ['/parallax/acme/none', '/parallax/other/demo-token', '/parallax/acme/constructor'];
    const machine = await start(t);
    assert.deepEqual((await read(t, machine.url, names)).invalid, names);
  });

  it('says where a secret goes that is not there', async (t) => {
    const machine = await start(t);
    await read(t, machine.url, ['/parallax/acme/my-token']);
    assert.match(machine.reported.join(), /"my-token" has no value\. Set PARALLAX_SECRET_MY_TOKEN, or .*secrets\.json/);
  });

  it('says that the file is broken, without what is in it', async (t) => {
    const machine = await start(t);
    writeFileSync(machine.secrets, 'hunter2');
    await read(t, machine.url, ['/parallax/acme/checkout-token']);
    assert.match(machine.reported.join(), /secrets\.json is not read: it is not JSON/);
    assert.doesNotMatch(machine.reported.join(), /hunter2/);
  });
});

describe('reading secrets as Secrets Manager’s', () => {
  async function read(t: TestContext, url: string, name: string) {
    const client = new SecretsManagerClient(clientConfig(url));
    t.after(() => client.destroy());
    return client.send(new GetSecretValueCommand({ SecretId: name }));
  }

  it('takes them from the same places', async (t) => {
    const machine = await start(t, { env: { PARALLAX_SECRET_CHECKOUT_TOKEN: 'from env' } });
    assert.equal((await read(t, machine.url, 'parallax/acme/checkout-token')).SecretString, 'from env');
  });

  it('is where a prober looks whose deployment keeps its secrets there', async (t) => {
    const machine = await start(t, { env: { PARALLAX_SECRET_DB: '{"password":"from env"}' } });
    const variables = {
      AWS_ENDPOINT_URL_SECRETS_MANAGER: machine.url,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    };
    const before = { ...process.env };
    t.after(() => {
      process.env = before;
    });
    Object.assign(process.env, variables);
    const source = deployedSecrets('secrets-manager', systemClock, 'acme', 'eu-west-1');
    assert.deepEqual([...(await source.read(['db#password']))], [['db#password', { value: 'from env' }]]);
  });

  it('takes an object in the file for a JSON secret', async (t) => {
    const machine = await start(t);
    writeFileSync(machine.secrets, '{"db": {"password": "from file"}}');
    assert.equal((await read(t, machine.url, 'parallax/acme/db')).SecretString, '{"password":"from file"}');
  });

  it('does not find those that are not there, nor those of others, and says where they go', async (t) => {
    const machine = await start(t);
    await assert.rejects(read(t, machine.url, 'parallax/other/demo-token'), { name: 'ResourceNotFoundException' });
    await assert.rejects(read(t, machine.url, 'parallax/acme/my-token'), { name: 'ResourceNotFoundException' });
    assert.match(machine.reported.join(), /"my-token" has no value\. Set PARALLAX_SECRET_MY_TOKEN, or .*secrets\.json/);
  });
});

describe('the endpoint', () => {
  it('answers nothing that a web page could send', async (t) => {
    const machine = await start(t);
    const response = await fetch(machine.url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'Action=Publish&TopicArn=x&Message=spam',
    });
    assert.equal(response.status, 400);
  });
});
