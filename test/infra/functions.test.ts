import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ENVIRONMENT } from '../../shared/environment.ts';
import type { Deployment, Monitor } from '../../shared/monitor.ts';
import { batchPut } from '../../shared/table.ts';
import { heartbeatOf } from '../shared/build.ts';
import { deploymentOf, monitorOf } from './build.ts';
import { list, member, permissionsOf } from './permissions.ts';
import { allPropertiesOf, onlyOf, propertiesOf, stackOf, synthesize } from './synthesize.ts';

const REGION = 'ap-southeast-2';
const MONITOR = monitorOf();
const synthesized = synthesize({ config: deploymentOf(), api: true });
const prober = stackOf(synthesized, `parallax-acme-prober-${REGION}`);
const aggregator = stackOf(synthesized, 'parallax-acme-aggregator-us-east-1');
const api = stackOf(synthesized, 'parallax-acme-api-us-east-1');
const withJob = synthesize({ config: deploymentOf({ monitors: [MONITOR, heartbeatOf()] }) });
const receiver = stackOf(withJob, 'parallax-acme-receiver-us-east-1');

const tableArn = (region: string) => `arn:aws:dynamodb:${region}:<AWS::AccountId>:table/parallax-acme`;
const withoutIds = (lines: readonly string[]) => lines.map((line) => line.replace(/<(\D+?)[0-9A-F]{8}/g, '<$1'));

describe('every function', () => {
  it('runs the bundle on ARM with the newest Node', () => {
    for (const lambda of allPropertiesOf(synthesized, 'AWS::Lambda::Function')) {
      const { Runtime, Architectures, Handler } = lambda;
      assert.deepEqual(
        { Runtime, Architectures, Handler },
        { Runtime: 'nodejs24.x', Architectures: ['arm64'], Handler: 'index.handler' },
      );
    }
  });

  it('is never tried again by Lambda', () => {
    const invocations = allPropertiesOf(synthesized, 'AWS::Lambda::EventInvokeConfig');
    assert.equal(invocations.length, allPropertiesOf(synthesized, 'AWS::Lambda::Function').length);
    for (const { MaximumRetryAttempts, MaximumEventAgeInSeconds } of invocations) {
      assert.deepEqual(
        { MaximumRetryAttempts, MaximumEventAgeInSeconds },
        { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
      );
    }
  });

  it('logs JSON into a group that forgets', () => {
    for (const stack of [prober, aggregator, api, receiver]) {
      const group = onlyOf(stack, 'AWS::Logs::LogGroup');
      const { LoggingConfig, FunctionName } = onlyOf(stack, 'AWS::Lambda::Function');
      assert.equal(group['LogGroupName'], `/aws/lambda/${String(FunctionName)}`);
      assert.equal(group['RetentionInDays'], 14);
      assert.equal(member(LoggingConfig, 'LogFormat'), 'JSON');
      assert.match(String(member(LoggingConfig, 'LogGroup')), /^<\w+Log\w+>$/);
    }
  });

  it('keeps what it could not handle, if nobody waits for an answer', () => {
    const destinations = [prober, aggregator, api].map((stack) =>
      member(member(onlyOf(stack, 'AWS::Lambda::EventInvokeConfig')['DestinationConfig'], 'OnFailure'), 'Destination'),
    );
    assert.deepEqual(withoutIds(destinations.map(String)), [
      '<ProberDeadLetters.Arn>',
      '<AggregatorDeadLetters.Arn>',
      'undefined',
    ]);
  });

  it('reserves no concurrency unless asked to', () => {
    for (const lambda of allPropertiesOf(synthesized, 'AWS::Lambda::Function')) {
      assert.equal(lambda['ReservedConcurrentExecutions'], undefined);
    }
  });

  it('takes the settings that it is given', () => {
    const settings = { memoryMb: 3_008, timeoutMs: 90_000, reservedConcurrency: 3 };
    const given = synthesize({ config: deploymentOf({ regions: [REGION] }), functions: { prober: settings } });
    const { MemorySize, Timeout, ReservedConcurrentExecutions } = onlyOf(
      stackOf(given, `parallax-acme-prober-${REGION}`),
      'AWS::Lambda::Function',
    );
    assert.deepEqual([MemorySize, Timeout, ReservedConcurrentExecutions], [3_008, 90, 3]);
  });

  it('takes the sizes that the definition gives it', () => {
    const functions = { aggregator: { memoryMb: 2_048 } };
    const given = synthesize({ config: deploymentOf({ regions: [REGION], functions }) });
    const lambda = onlyOf(stackOf(given, 'parallax-acme-aggregator-us-east-1'), 'AWS::Lambda::Function');
    assert.deepEqual([lambda['MemorySize'], lambda['Timeout']], [2_048, 180]);
  });

  for (const [kind, stack] of [
    ['prober', prober],
    ['aggregator', aggregator],
    ['api', api],
    ['receiver', receiver],
  ] as const) {
    it(`may call what the code of the ${kind} calls, and nothing else`, () => {
      const granted = permissionsOf(stack, 'lambda.amazonaws.com').map((line) => line.split(' on ')[0] ?? line);
      const plumbing = ['logs:CreateLogStream', 'logs:PutLogEvents', 'sqs:SendMessage'];
      const own = granted.filter((action) => !plumbing.includes(action));
      // Secrets are read only where a monitor uses one: below.
      const isSecret = (action: string) => /^(ssm|secretsmanager):/.test(action);
      const called = actionsCalledBy(kind).filter((action) => !isSecret(action));
      assert.deepEqual(
        [...new Set(own)].filter((action) => kind !== 'receiver' || !isSecret(action)),
        called,
      );
    });
  }
});

describe('the prober', () => {
  it('has a whole vCPU, and is told its table and definitions', () => {
    const { MemorySize, Environment } = onlyOf(prober, 'AWS::Lambda::Function');
    assert.equal(MemorySize, 1_769);
    assert.deepEqual(member(Environment, 'Variables'), {
      [ENVIRONMENT.table]: 'parallax-acme',
      [ENVIRONMENT.deployment]: 'deployment.json',
    });
  });

  it('may write its own region’s batches, read what is paused, and nothing else', () => {
    const controls = JSON.stringify({
      'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['control#us-east-1', 'control#eu-west-1'] },
    });
    const condition = JSON.stringify({ 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [`batch#${REGION}`] } });
    assert.deepEqual(withoutIds(permissionsOf(prober, 'lambda.amazonaws.com')), [
      `dynamodb:PutItem on ${tableArn(REGION)} if ${condition}`,
      `dynamodb:Query on ${tableArn(REGION)} if ${controls}`,
      'logs:CreateLogStream on <ProberLog.Arn>',
      'logs:PutLogEvents on <ProberLog.Arn>',
      'sqs:SendMessage on <ProberDeadLetters.Arn>',
    ]);
  });

  it('may write where the table’s keys say that a batch is', () => {
    const batch = { region: REGION, startEpochMs: 0, shard: 0, results: [] };
    const { Item } = batchPut('t', batch, deploymentOf().retention);
    assert.match(permissionsOf(prober, 'lambda.amazonaws.com').join(), new RegExp(`\\["${Item?.['pk']?.S}"\\]`));
  });

  for (const [where, request] of [
    ['url', { url: 'https://api.acme.example/?key=${secret:key}' }],
    ['header', { headers: { authorization: 'Bearer ${secret:key}' } }],
    ['body', { body: '{"key":"${secret:key}"}' }],
  ] as const) {
    it(`may read the secret that a ${where} of its region needs`, () => {
      const monitors = [monitorOf({ regions: [REGION], request: { ...MONITOR.request, ...request } })];
      const secretive = deploymentOf({ regions: [REGION, 'eu-west-1'], monitors });
      assert.deepEqual(secretsReadable(secretive, REGION), [`ssm:GetParameters on ${parameterArn('key')}`]);
      assert.deepEqual(secretsReadable(secretive, 'eu-west-1'), []);
    });
  }

  for (const [store, allowed] of [
    ['parameter-store', ['db', 'key'].map((name) => `ssm:GetParameters on ${parameterArn(name)}`)],
    [
      'secrets-manager',
      ['db', 'key'].map(
        (name) =>
          `secretsmanager:GetSecretValue on arn:<AWS::Partition>:secretsmanager:${REGION}:<AWS::AccountId>:secret:parallax/acme/${name}-??????`,
      ),
    ],
  ] as const) {
    it(`may read each secret that is used, by name, in the ${store} and nowhere else`, () => {
      const headers = { a: '${secret:key}', b: '${secret:db#user}', c: '${secret:db#password}' };
      const monitors = [monitorOf({ regions: [REGION], request: { ...MONITOR.request, headers } })];
      assert.deepEqual(
        secretsReadable(deploymentOf({ regions: [REGION], monitors, secretStore: store }), REGION),
        allowed,
      );
    });

    it(`may read the deployment’s path in the ${store} where naming each secret would outgrow a policy`, () => {
      const headers = Object.fromEntries(
        Array.from({ length: 60 }, (_, n) => [`x-${n}`, `\${secret:${'s'.repeat(20)}-${n}}`]),
      );
      const monitors = [monitorOf({ regions: [REGION], request: { ...MONITOR.request, headers } })];
      const [path, ...others] = secretsReadable(
        deploymentOf({ regions: [REGION], monitors, secretStore: store }),
        REGION,
      );
      assert.match(path ?? '', /:(parameter\/|secret:)parallax\/acme\/\*$/);
      assert.deepEqual(others, []);
    });
  }

  for (const [what, monitors, seconds] of [
    ['the longest check', [monitorOf({ timeoutMs: 1_000 }), monitorOf({ id: 'slow', timeoutMs: 30_000 })], 91],
    ['a minute of checks', [monitorOf({ everyMs: 15_000, timeoutMs: 30_000 })], 151],
    [
      'launching as many as one shard takes',
      Array.from({ length: 400 }, (_, n) => monitorOf({ id: `m-${n}`, timeoutMs: 1_000 })),
      65,
    ],
    ['no monitors', [], 60],
  ] as const satisfies readonly (readonly [string, readonly Monitor[], number])[]) {
    it(`has time for ${what}`, () => {
      const config = deploymentOf({ home: 'us-east-1', standby: null, regions: ['us-east-1'], monitors });
      const stack = stackOf(synthesize({ config }), 'parallax-acme-prober-us-east-1');
      assert.equal(onlyOf(stack, 'AWS::Lambda::Function')['Timeout'], seconds);
    });
  }
});

describe('the aggregator', () => {
  it('is told its table, definitions, topic and bus', () => {
    const variables = member(onlyOf(aggregator, 'AWS::Lambda::Function')['Environment'], 'Variables');
    const values = [ENVIRONMENT.table, ENVIRONMENT.deployment, ENVIRONMENT.topicArn, ENVIRONMENT.eventBus].map((name) =>
      String(member(variables, name)),
    );
    assert.deepEqual(withoutIds(values), ['parallax-acme', 'deployment.json', '<AlertingTopic>', '<AlertingBus>']);
  });

  for (const region of ['us-east-1', 'eu-west-1']) {
    it(`in ${region} may read the table, write its own partitions, and announce on its own topic and bus`, () => {
      const own = [
        `window#${region}#*`,
        ...['progress', 'alert', 'incident', 'notification', 'control'].map((kind) => `${kind}#${region}`),
      ];
      const condition = JSON.stringify({ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': own } });
      const alerts = JSON.stringify({ 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [`alert#${region}`] } });
      const stack = stackOf(synthesized, `parallax-acme-aggregator-${region}`);
      assert.deepEqual(withoutIds(permissionsOf(stack, 'lambda.amazonaws.com')), [
        `dynamodb:DeleteItem on ${tableArn(region)} if ${alerts}`,
        `dynamodb:GetItem on ${tableArn(region)}`,
        `dynamodb:PutItem on ${tableArn(region)} if ${condition}`,
        `dynamodb:Query on ${tableArn(region)}`,
        'events:PutEvents on <AlertingBus.Arn>',
        'logs:CreateLogStream on <AggregatorLog.Arn>',
        'logs:PutLogEvents on <AggregatorLog.Arn>',
        'sns:Publish on <AlertingTopic>',
        'sqs:SendMessage on <AggregatorDeadLetters.Arn>',
      ]);
    });
  }
});

describe('the API', () => {
  it('is not there unless asked for', () => {
    assert.deepEqual(allPropertiesOf(synthesize({ config: deploymentOf() }), 'AWS::Lambda::Url'), []);
  });

  it('answers only to signed requests', () => {
    assert.equal(onlyOf(api, 'AWS::Lambda::Url')['AuthType'], 'AWS_IAM');
    assert.deepEqual(allPropertiesOf(synthesized, 'AWS::Lambda::Permission'), []);
  });

  it('may read the table and nothing else', () => {
    assert.deepEqual(withoutIds(permissionsOf(api, 'lambda.amazonaws.com')), [
      `dynamodb:GetItem on ${tableArn('us-east-1')}`,
      `dynamodb:Query on ${tableArn('us-east-1')}`,
      'logs:CreateLogStream on <ApiLog.Arn>',
      'logs:PutLogEvents on <ApiLog.Arn>',
    ]);
  });
});

describe('the receiver', () => {
  it('is there where a job calls, and only there', () => {
    assert.deepEqual(
      [...synthesized.stacks.keys()].filter((name) => name.includes('receiver')),
      [],
    );
    assert.deepEqual(
      [...withJob.stacks.keys()].filter((name) => name.includes('receiver')),
      ['parallax-acme-receiver-us-east-1'],
    );
  });

  it('is called by anybody, through its URL alone, which is printed', () => {
    assert.equal(onlyOf(receiver, 'AWS::Lambda::Url')['AuthType'], 'NONE');
    const permissions = propertiesOf(receiver, 'AWS::Lambda::Permission').map(
      ({ Action, Principal, FunctionUrlAuthType, InvokedViaFunctionUrl }) => ({
        Action,
        Principal,
        only: FunctionUrlAuthType ?? InvokedViaFunctionUrl,
      }),
    );
    assert.deepEqual(permissions, [
      { Action: 'lambda:InvokeFunctionUrl', Principal: '*', only: 'NONE' },
      { Action: 'lambda:InvokeFunction', Principal: '*', only: true },
    ]);
    assert.match(receiver.text, /"Outputs":\s*\{\s*"ReceiverUrl/);
  });

  it('may note when jobs called and read their tokens, and nothing else', () => {
    const condition = JSON.stringify({
      'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['heartbeat#us-east-1'] },
    });
    assert.deepEqual(withoutIds(permissionsOf(receiver, 'lambda.amazonaws.com')), [
      `dynamodb:UpdateItem on ${tableArn('us-east-1')} if ${condition}`,
      'logs:CreateLogStream on <ReceiverLog.Arn>',
      'logs:PutLogEvents on <ReceiverLog.Arn>',
      'ssm:GetParameters on arn:<AWS::Partition>:ssm:us-east-1:<AWS::AccountId>:parameter/parallax/acme/nightly',
    ]);
  });

  it('lets home’s prober read what was called, and no other', () => {
    const jobKeys = (region: string) =>
      permissionsOf(stackOf(withJob, `parallax-acme-prober-${region}`), 'lambda.amazonaws.com').flatMap((line) => [
        ...line.matchAll(/(?:heartbeat|awaited)#[\w-]+/g),
      ]);
    assert.deepEqual(jobKeys('us-east-1').map(String), [
      'awaited#us-east-1',
      'heartbeat#us-east-1',
      'awaited#us-east-1',
    ]);
    assert.deepEqual(jobKeys('eu-west-1'), []);
  });
});

describe('a schedule', () => {
  it('is there for each shard of a region’s monitors', () => {
    const monitors = [
      ...Array.from({ length: 500 }, (_, n) => monitorOf({ id: `m-${n}`, regions: [REGION] })),
      monitorOf({ id: 'fast', regions: [REGION], everyMs: 10_000 }),
      monitorOf({ id: 'elsewhere', regions: ['eu-west-1'] }),
    ];
    const sharded = synthesize({ config: deploymentOf({ regions: [REGION, 'eu-west-1'], monitors }) });
    const shardsIn = (region: string) =>
      propertiesOf(stackOf(sharded, `parallax-acme-prober-${region}`), 'AWS::Scheduler::Schedule').map((schedule) => [
        schedule['Name'],
        JSON.parse(String(member(schedule['Target'], 'Input'))).shard,
      ]);
    assert.deepEqual(shardsIn(REGION), [
      ['parallax-acme-prober-0', 0],
      ['parallax-acme-prober-1', 1],
      ['parallax-acme-prober-100', 100],
    ]);
    assert.deepEqual(shardsIn('eu-west-1'), [['parallax-acme-prober-0', 0]]);
  });

  for (const [kind, stack, input] of [
    ['prober', prober, { scheduledTime: '<aws.scheduler.scheduled-time>', periodMs: 60_000, shard: 0 }],
    ['aggregator', aggregator, { scheduledTime: '<aws.scheduler.scheduled-time>' }],
  ] as const) {
    it(`runs the ${kind} on each whole minute, once, with the minute that it is for`, () => {
      const schedule = onlyOf(stack, 'AWS::Scheduler::Schedule');
      const { ScheduleExpression, FlexibleTimeWindow, State, Target } = schedule;
      assert.deepEqual(
        { ScheduleExpression, FlexibleTimeWindow, State },
        { ScheduleExpression: 'cron(* * * * ? *)', FlexibleTimeWindow: { Mode: 'OFF' }, State: 'ENABLED' },
      );
      assert.deepEqual(member(Target, 'RetryPolicy'), { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 });
      assert.match(String(member(member(Target, 'DeadLetterConfig'), 'Arn')), /DeadLetters\w+\.Arn>$/);
      assert.deepEqual(JSON.parse(String(member(Target, 'Input'))), input);
    });

    it(`may invoke the ${kind} and leave a dead letter, for this account’s schedules only`, () => {
      const name = kind === 'prober' ? 'Prober' : 'Aggregator';
      assert.deepEqual(withoutIds(permissionsOf(stack, 'scheduler.amazonaws.com')), [
        `lambda:InvokeFunction on <${name}Function.Arn>`,
        `sqs:SendMessage on <${name}DeadLetters.Arn>`,
      ]);
      const trust = Object.values(stack.resources)
        .map((resource) => JSON.stringify(resource.Properties['AssumeRolePolicyDocument']))
        .find((document) => document?.includes('scheduler.amazonaws.com'));
      assert.match(trust ?? '', /"aws:SourceAccount":"<AWS::AccountId>"/);
    });
  }
});

it('a queue takes messages over TLS only, encrypted, and keeps them for two weeks', () => {
  for (const stack of [prober, aggregator]) {
    const { MessageRetentionPeriod, SqsManagedSseEnabled } = onlyOf(stack, 'AWS::SQS::Queue');
    assert.deepEqual([MessageRetentionPeriod, SqsManagedSseEnabled], [14 * 86_400, true]);
    const [denial] = list(member(onlyOf(stack, 'AWS::SQS::QueuePolicy')['PolicyDocument'], 'Statement'));
    assert.equal(member(denial, 'Effect'), 'Deny');
    assert.deepEqual(member(denial, 'Condition'), { Bool: { 'aws:SecureTransport': 'false' } });
  }
});

function parameterArn(secret: string): string {
  return `arn:<AWS::Partition>:ssm:${REGION}:<AWS::AccountId>:parameter/parallax/acme/${secret}`;
}

function secretsReadable(config: Deployment, region: string): string[] {
  const stack = stackOf(synthesize({ config }), `parallax-acme-prober-${region}`);
  return permissionsOf(stack, 'lambda.amazonaws.com').filter((line) => /^(ssm|secretsmanager|kms):/.test(line));
}

const SERVICES: Readonly<Record<string, string>> = {
  dynamodb: 'dynamodb',
  sns: 'sns',
  eventbridge: 'events',
  ssm: 'ssm',
  'secrets-manager': 'secretsmanager',
};

/** IAM's names of the SDK commands and paginators that a function's files import, sorted. */
function actionsCalledBy(kind: string): string[] {
  const actions = new Set<string>();
  for (const file of readdirSync(`functions/${kind}`)) {
    const source = readFileSync(`functions/${kind}/${file}`, 'utf8');
    for (const [, names = '', client = ''] of source.matchAll(/import \{([^}]+)\} from '@aws-sdk\/client-([\w-]+)'/g)) {
      for (const name of names.split(',').map((part) => part.trim())) {
        const operation = /^(\w+)Command$/.exec(name)?.[1] ?? /^paginate(\w+)$/.exec(name)?.[1];
        if (operation !== undefined) actions.add(`${SERVICES[client]}:${operation}`);
      }
    }
  }
  return [...actions].sort();
}
