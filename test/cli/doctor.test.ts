import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DynamoDBClient, PutItemCommand, type PutItemCommandInput } from '@aws-sdk/client-dynamodb';
import { inspectTable } from '../../cli/account/inspect-table.ts';
import type { Inspection } from '../../cli/account/inspection.ts';
import type { CheckName, Finding } from '../../cli/doctor/finding.ts';
import { createDoctorVerb } from '../../cli/doctor.ts';
import { type Progress, progressPut } from '../../shared/aggregator-table.ts';
import { controlPut, newControl } from '../../shared/control.ts';
import type { Deployment } from '../../shared/monitor.ts';
import { batchPut } from '../../shared/table.ts';
import { startTable, TABLE } from '../engine/table.ts';
import { serveHttp } from '../servers/loopback.ts';
import { monitorOf, resultOf } from '../shared/build.ts';
import { deployment as base, HOUR, MINUTE, NOW } from './connections.ts';
import { fakeIo } from './process.ts';

const deployment: Deployment = {
  ...base,
  notify: [
    { protocol: 'email', endpoint: 'oncall@acme.example', severities: ['critical', 'warning', 'info'] },
    { protocol: 'sms', endpoint: '+15555550100', severities: ['critical'] },
  ],
};

function progress(over: Partial<Progress> = {}): Progress {
  return {
    heartbeatEpochMs: NOW - 20_000,
    active: true,
    watchingSinceEpochMs: NOW - HOUR,
    evaluatedUntilEpochMs: NOW,
    heldBack: {},
    closedUntilEpochMs: NOW,
    regions: {},
    ...over,
  };
}

/** Results of the last minutes from every region but these. */
function batches(minutes: number, except: readonly string[] = []): PutItemCommandInput[] {
  return deployment.regions
    .filter((region) => !except.includes(region))
    .flatMap((region) =>
      Array.from({ length: minutes }, (_, back) => {
        const startEpochMs = NOW - (back + 1) * MINUTE;
        const results = deployment.monitors.map(({ id }) => resultOf({ monitorId: id, slotEpochMs: startEpochMs }));
        return batchPut(TABLE, { region, startEpochMs, shard: 0, results }, deployment.retention);
      }),
    );
}

const HEARTBEATS = [
  progressPut(TABLE, 'us-east-1', progress(), 0),
  progressPut(TABLE, 'eu-west-1', progress({ active: false }), 0),
];

interface Case {
  readonly stored?: readonly PutItemCommandInput[];
  readonly account?: Partial<Inspection>;
  readonly deployment?: Deployment;
}

/** A deployment that is well but for what the case says; its table is a real engine. */
async function examine(t: TestContext, stated: Case, argv: readonly string[] = ['--json']) {
  const client = await startTable(t);
  for (const put of stated.stored ?? [...HEARTBEATS, ...batches(5)]) await client.send(new PutItemCommand(put));
  const account: Inspection = {
    identity: async () => ({ accountId: '123456789012', partition: 'aws', by: 'arn:aws:iam::123456789012:user/ada' }),
    bootstrapVersion: async () => 30,
    ...inspectTable(
      () => client,
      () => NOW,
    ),
    replicas: async () => deployment.regions.map((region) => ({ region, status: 'ACTIVE' })),
    clockOffsetMs: async () => 0,
    subscriptions: async () => deployment.notify.map((subscriber) => ({ ...subscriber, confirmed: true })),
    smsAccount: async () => ({ sandbox: false, verifiedNumbers: [], monthlySpendLimitUsd: 50 }),
    schedule: async () => 'ENABLED',
    queueDepth: async () => 0,
    parameters: async (_, names) => new Map(names.map((name) => [name, 'encrypted'])),
    secrets: async (_, names) => new Map(names.map((name) => [name, 'encrypted'])),
    close: () => {},
    ...stated.account,
  };
  const io = fakeIo();
  const open = () => ({ deployment: stated.deployment ?? deployment, account });
  const code = await createDoctorVerb({ open, now: () => NOW }).run(argv, io);
  const findings: readonly Finding[] = argv.includes('--json') && code !== 2 ? JSON.parse(io.said.out).findings : [];
  const not = findings.filter(({ state }) => state !== 'ok');
  return {
    code,
    ...io.said,
    /** What is not well, as `check region state`. */
    troubles: not.map(({ check, region, state }) => `${check} ${region ?? '-'} ${state}`),
    text: not.map(({ message, remedy }) => `${message} | ${remedy}`).join('\n'),
    checks: new Set(findings.map(({ check }) => check)),
  };
}

function failing(name: string, message = 'no'): () => Promise<never> {
  return async () => {
    throw Object.assign(new Error(message), { name });
  };
}

test('a deployment that is well: every check says so, and the answer is yes', async (t) => {
  const { code, troubles, checks } = await examine(t, {});
  assert.deepEqual([code, troubles], [0, []]);
  const expected: CheckName[] = [
    'bootstrap',
    'replicas',
    'schedules',
    'dead-letters',
    'subscriptions',
    'sms',
    'clock',
    'heartbeat',
    'last-slot',
  ];
  assert.deepEqual([...checks], expected);
});

test('a person reads a mark, where, what, and below it what to do', async (t) => {
  const { out, err } = await examine(
    t,
    { account: { queueDepth: async (region) => (region === 'eu-west-1' ? 2 : 0) } },
    [],
  );
  assert.match(out, /^✓ bootstrap {6}us-east-1 {7}bootstrapped, version 30$/m);
  assert.match(
    out,
    /^✗ dead-letters {3}eu-west-1 {7}2 events of the prober .*\n {4}See docs\/runbook\.md#prober-dead-letters$/m,
  );
  assert.match(err, /^2 wrong, \d+ well \(test in account 123456789012\)\n$/);
});

const CASES: readonly (readonly [what: string, given: Case, troubles: readonly string[], text: RegExp])[] = [
  [
    'a region that is not bootstrapped',
    { account: { bootstrapVersion: async (region) => (region === 'ap-southeast-2' ? null : 30) } },
    ['bootstrap ap-southeast-2 problem'],
    /not bootstrapped.* \| npx cdk bootstrap aws:\/\/123456789012\/ap-southeast-2/,
  ],
  [
    'a bootstrap that is too old',
    { account: { bootstrapVersion: async () => 5 } },
    ['bootstrap ap-southeast-2 problem', 'bootstrap eu-west-1 problem', 'bootstrap us-east-1 problem'],
    /version 5, and 6 is needed/,
  ],
  [
    'no table',
    { account: { replicas: async () => null } },
    ['replicas us-east-1 problem'],
    /there is no table parallax-test \| npx cdk deploy --all/,
  ],
  [
    'one replica too few',
    {
      account: {
        replicas: async () => [
          { region: 'us-east-1', status: 'ACTIVE' },
          { region: 'eu-west-1', status: 'ACTIVE' },
        ],
      },
    },
    ['replicas us-east-1 problem'],
    /npx cdk deploy parallax-test-table, which is to add ap-southeast-2; then npx cdk deploy --all/,
  ],
  [
    'several replicas to change, which takes as many deployments',
    {
      account: {
        replicas: async () => [
          { region: 'us-east-1', status: 'ACTIVE' },
          { region: 'sa-east-1', status: 'ACTIVE' },
        ],
      },
    },
    ['replicas us-east-1 problem'],
    /in 3 steps, .*: 1\. add ap-southeast-2, 2\. add eu-west-1, 3\. remove sa-east-1\./,
  ],
  [
    'a replica that is being made',
    {
      account: {
        replicas: async () => [
          { region: 'us-east-1', status: 'ACTIVE' },
          { region: 'eu-west-1', status: 'CREATING' },
        ],
      },
    },
    ['replicas us-east-1 warning'],
    /eu-west-1 is CREATING/,
  ],
  [
    'a schedule that somebody disabled',
    {
      account: {
        schedule: async (region, name) => (region === 'eu-west-1' && /prober/.test(name) ? 'DISABLED' : 'ENABLED'),
      },
    },
    ['schedules eu-west-1 problem'],
    /the prober does not run: parallax-test-prober-0 was disabled by hand \| .*npx parallax pause/,
  ],
  [
    'a schedule that is missing',
    { account: { schedule: async (_, name) => (/aggregator/.test(name) ? null : 'ENABLED') } },
    ['schedules us-east-1 problem', 'schedules eu-west-1 problem'],
    /npx cdk deploy parallax-test-aggregator-eu-west-1/,
  ],
  [
    'a recipient who has not confirmed in standby',
    {
      account: {
        subscriptions: async (region) =>
          deployment.notify.map((each) => ({ ...each, confirmed: region === 'us-east-1' || each.protocol === 'sms' })),
      },
    },
    ['subscriptions eu-west-1 problem'],
    /oncall@acme\.example \(email\) has not confirmed, .*aws sns subscribe --region eu-west-1 --topic-arn arn:aws:sns:eu-west-1:123456789012:parallax-test /,
  ],
  [
    'a recipient who is not subscribed',
    { account: { subscriptions: async () => [] } },
    Array.from(['us-east-1', 'us-east-1', 'eu-west-1', 'eu-west-1'], (region) => `subscriptions ${region} problem`),
    /\+15555550100 \(sms\) is not subscribed/,
  ],
  [
    'a topic that is missing',
    { account: { subscriptions: async (region) => (region === 'us-east-1' ? null : await subscribed()) } },
    ['subscriptions us-east-1 problem'],
    /there is no topic parallax-test/,
  ],
  [
    'nobody who is told',
    { deployment: { ...deployment, notify: [] } },
    ['subscriptions - warning'],
    /nobody is told of incidents/,
  ],
  [
    'a number in the SMS sandbox that is not verified',
    {
      account: {
        smsAccount: async () => ({ sandbox: true, verifiedNumbers: ['+15555550199'], monthlySpendLimitUsd: 50 }),
      },
    },
    ['sms us-east-1 problem', 'sms eu-west-1 problem'],
    /in the SMS sandbox, and \+15555550100 is not verified/,
  ],
  [
    'a spend limit that a bad day uses up',
    { account: { smsAccount: async () => ({ sandbox: false, verifiedNumbers: [], monthlySpendLimitUsd: 1 }) } },
    ['sms us-east-1 warning', 'sms eu-west-1 warning'],
    /SMS stop for the month at \$1/,
  ],
  [
    'home that has not run for longer than its standby waits, and the standby doing its work',
    {
      stored: [
        progressPut(TABLE, 'us-east-1', progress({ heartbeatEpochMs: NOW - 181_000 }), 0),
        progressPut(TABLE, 'eu-west-1', progress(), 0),
        ...batches(5),
      ],
    },
    ['heartbeat us-east-1 problem', 'heartbeat eu-west-1 warning'],
    /home last ran 3m 1s ago.*\n.*the standby is doing home’s work/,
  ],
  [
    'an aggregator that has never run',
    { stored: [HEARTBEATS[0] ?? progressPut(TABLE, 'us-east-1', progress(), 0), ...batches(5)] },
    ['heartbeat eu-west-1 problem'],
    /the aggregator in the standby has never run/,
  ],
  [
    'a region without new results',
    { stored: [...HEARTBEATS, ...batches(5, ['eu-west-1'])] },
    ['last-slot eu-west-1 problem'],
    /no result since the slot of 2026-01-05 11:57:00 UTC \| See docs\/runbook\.md#prober-not-running/,
  ],
  [
    'a machine whose clock is behind',
    { account: { clockOffsetMs: async () => 90_000 }, stored: [...HEARTBEATS, ...batches(0)] },
    [
      'clock us-east-1 warning',
      'last-slot ap-southeast-2 problem',
      'last-slot eu-west-1 problem',
      'last-slot us-east-1 problem',
    ],
    /this machine’s clock is 1m 30s behind AWS’s/,
  ],
];

function subscribed() {
  return deployment.notify.map((subscriber) => ({ ...subscriber, confirmed: true }));
}

for (const [what, given, troubles, text] of CASES) {
  test(`names ${what}`, async (t) => {
    const found = await examine(t, given);
    assert.deepEqual(found.troubles, troubles);
    assert.match(found.text, text);
    assert.equal(found.code, troubles.every((trouble) => trouble.endsWith('warning')) ? 0 : 1);
  });
}

test('secrets that are missing or not encrypted are named by region, never shown', async (t) => {
  const request = { ...monitorOf().request, headers: { authorization: 'Bearer ${secret:token} ${secret:other}' } };
  const found = await examine(t, {
    deployment: { ...deployment, monitors: [monitorOf({ request, regions: ['eu-west-1'] })] },
    account: {
      parameters: async () =>
        new Map([
          ['/parallax/test/token', 'missing'],
          ['/parallax/test/other', 'plain'],
        ]),
    },
    stored: [...HEARTBEATS, ...batches(5)],
  });
  assert.deepEqual(found.troubles, ['secrets eu-west-1 problem', 'secrets eu-west-1 problem']);
  assert.match(found.text, /\/parallax\/test\/token is missing/);
  assert.match(found.text, /\/parallax\/test\/other is there, but not encrypted \| .* --overwrite/);
});

test('secrets in Secrets Manager are looked for there, once each', async (t) => {
  const request = {
    ...monitorOf().request,
    headers: { a: '${secret:db#user} ${secret:db#password}', b: '${secret:old}', c: '${secret:well}' },
  };
  const asked: string[] = [];
  const found = await examine(t, {
    deployment: {
      ...deployment,
      secretStore: 'secrets-manager',
      monitors: [monitorOf({ request, regions: ['eu-west-1'] })],
    },
    account: {
      parameters: failing('asked for parameters'),
      secrets: async (region, names) => {
        asked.push(...names.map((name) => `${region} ${name}`));
        return new Map([
          ['parallax/test/db', 'missing'],
          ['parallax/test/old', 'deleted'],
          ['parallax/test/well', 'encrypted'],
        ]);
      },
    },
    stored: [...HEARTBEATS, ...batches(5)],
  });
  assert.deepEqual(
    asked,
    ['db', 'old', 'well'].map((name) => `eu-west-1 parallax/test/${name}`),
  );
  assert.deepEqual(found.troubles, ['secrets eu-west-1 problem', 'secrets eu-west-1 problem']);
  assert.match(
    found.text,
    /test\/db is missing.* \| aws secretsmanager create-secret --region eu-west-1 --name parallax\/test\/db /,
  );
  assert.match(found.text, /test\/old is marked for deletion.* \| aws secretsmanager restore-secret /);
});

test('a region whose monitors are all paused owes no results', async (t) => {
  const pause = { kind: 'pause', target: 'all', reason: null, by: 'ada@desk' } as const;
  const control = controlPut(TABLE, 'eu-west-1', newControl(pause, 2 * HOUR, null, NOW - HOUR));
  const { code, troubles } = await examine(t, { stored: [...HEARTBEATS, control] });
  assert.deepEqual([code, troubles], [0, []]);
});

test('what may not be looked at says which permission it needs, hides nothing else, and is not well', async (t) => {
  const found = await examine(t, { account: { subscriptions: failing('AuthorizationErrorException') } });
  assert.equal(found.code, 1);
  assert.deepEqual(found.troubles, ['subscriptions us-east-1 unseen', 'subscriptions eu-west-1 unseen']);
  assert.match(found.text, /could not look: not allowed \| Allow sns:ListSubscriptionsByTopic\./);
  assert.equal(found.checks.size, 9);
});

test('a region that does not answer leaves the others to be seen', async (t) => {
  const found = await examine(t, {
    account: {
      schedule: async (region) => (region === 'eu-west-1' ? failing('TimeoutError', 'timed out')() : 'ENABLED'),
    },
  });
  assert.deepEqual(found.troubles, ['schedules eu-west-1 unseen', 'schedules eu-west-1 unseen']);
});

test('while home’s replica does not answer, standby’s is read', async (t) => {
  const client = await startTable(t);
  for (const put of [...HEARTBEATS, ...batches(5)]) await client.send(new PutItemCommand(put));
  const table = inspectTable(
    () => client,
    () => NOW,
  );
  const gone = failing('TimeoutError', 'timed out');
  const found = await examine(t, {
    account: {
      item: (region, get) => (region === 'us-east-1' ? gone() : table.item(region, get)),
      query: (region, input) => (region === 'us-east-1' ? gone() : table.query(region, input)),
    },
  });
  assert.deepEqual(found.troubles, []);
});

test('without credentials it could not run', async (t) => {
  const { code, err } = await examine(t, { account: { identity: failing('CredentialsProviderError') } });
  assert.equal(code, 2);
  assert.match(err, /parallax doctor: AWS does not accept the credentials/);
});

test('AWS’s clock is read off its answers, refusals too', async (t) => {
  const port = await serveHttp(t, (_, response) => {
    response.writeHead(400, { date: 'Mon, 05 Jan 2026 12:01:30 GMT', 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify({ __type: 'com.amazonaws.dynamodb.v20120810#AccessDeniedException', message: 'no' }));
  });
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  t.after(() => client.destroy());
  const table = inspectTable(
    () => client,
    () => NOW,
  );
  // The header is cut to whole seconds: half a one is added.
  assert.equal(await table.clockOffsetMs('us-east-1'), 90_500);
});
