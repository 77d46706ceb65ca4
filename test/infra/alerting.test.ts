import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Subscriber } from '../../shared/monitor.ts';
import { deploymentOf } from './build.ts';
import { list, member, permissionsOf } from './permissions.ts';
import { onlyOf, propertiesOf, type SynthesizedStack, stackOf, synthesize } from './synthesize.ts';

const ALL = ['critical', 'warning', 'info'] as const;
const EMAIL: Subscriber = { protocol: 'email', endpoint: 'oncall@acme.example', severities: ALL };
const SMS: Subscriber = { protocol: 'sms', endpoint: '+15555550100', severities: ['critical'] };
const HOOK: Subscriber = {
  protocol: 'https',
  endpoint: 'https://hooks.acme.example/p',
  severities: ['info', 'warning'],
};

const synthesized = synthesize({ config: deploymentOf({ notify: [EMAIL, SMS, HOOK] }) });
const home = stackOf(synthesized, 'parallax-acme-aggregator-us-east-1');
const standby = stackOf(synthesized, 'parallax-acme-aggregator-eu-west-1');

function notified(notify: readonly Subscriber[]): SynthesizedStack {
  const config = deploymentOf({ standby: null, regions: ['us-east-1'], notify });
  return stackOf(synthesize({ config }), 'parallax-acme-aggregator-us-east-1');
}

/** `email oncall@acme.example {"severity":[…]}`, by topic. */
function subscriptionsOf(stack: SynthesizedStack): Record<string, string[]> {
  const topics = Object.entries(stack.resources).filter(([, { Type }]) => Type === 'AWS::SNS::Topic');
  return Object.fromEntries(
    topics.map(([id, { Properties }]) => [
      String(Properties['TopicName']),
      propertiesOf(stack, 'AWS::SNS::Subscription')
        .filter((subscription) => subscription['TopicArn'] === `<${id}>`)
        .map(({ Protocol, Endpoint, FilterPolicy }) =>
          [Protocol, Endpoint, ...(FilterPolicy === undefined ? [] : [JSON.stringify(FilterPolicy)])].join(' '),
        ),
    ]),
  );
}

describe('the topic', () => {
  it('has the same subscribers in home and standby, each with the severities that it asked for', () => {
    const expected = {
      'parallax-acme': [
        'email oncall@acme.example',
        'sms +15555550100 {"severity":["critical"]}',
        'https https://hooks.acme.example/p {"severity":["warning","info"]}',
      ],
    };
    assert.deepEqual([subscriptionsOf(home), subscriptionsOf(standby)], [expected, expected]);
  });

  it('subscribes an address that is named twice once, to what either asked for', () => {
    const twice = notified([EMAIL, SMS, { ...SMS, severities: ['warning'] }]);
    assert.deepEqual(subscriptionsOf(twice)['parallax-acme'], [
      'email oncall@acme.example',
      'sms +15555550100 {"severity":["critical","warning"]}',
    ]);
  });

  it('takes messages over TLS only, and from this account’s alarms', () => {
    const document = onlyOf(home, 'AWS::SNS::TopicPolicy')['PolicyDocument'];
    const statements = list(member(document, 'Statement')).map((statement) => [
      member(statement, 'Effect'),
      JSON.stringify(member(statement, 'Principal')),
      member(statement, 'Action'),
      JSON.stringify(member(statement, 'Condition')),
    ]);
    assert.deepEqual(statements, [
      ['Deny', '"*"', 'sns:Publish', '{"Bool":{"aws:SecureTransport":"false"}}'],
      [
        'Allow',
        '{"Service":"cloudwatch.amazonaws.com"}',
        'sns:Publish',
        '{"StringEquals":{"aws:SourceAccount":"<AWS::AccountId>"}}',
      ],
    ]);
  });
});

describe('alarms', () => {
  const alarmTopics = (stack: SynthesizedStack) => {
    const names = Object.fromEntries(
      Object.entries(stack.resources).map(([id, { Properties }]) => [`<${id}>`, Properties['TopicName']]),
    );
    const actions = propertiesOf(stack, 'AWS::CloudWatch::Alarm').flatMap(({ AlarmActions }) => list(AlarmActions));
    return [...new Set(actions.map((action) => names[String(action)]))];
  };

  it('go to the topic where somebody takes all that is on it', () => {
    assert.deepEqual(alarmTopics(notified([EMAIL, SMS])), ['parallax-acme']);
  });

  it('go to a topic without filters where every subscriber has one, as no filter lets them through', () => {
    const stack = notified([SMS, HOOK]);
    assert.deepEqual(alarmTopics(stack), ['parallax-acme-alarms']);
    assert.deepEqual(subscriptionsOf(stack)['parallax-acme-alarms'], ['sms +15555550100']);
  });

  it('go to everybody where nobody takes what is critical', () => {
    assert.deepEqual(subscriptionsOf(notified([HOOK]))['parallax-acme-alarms'], ['https https://hooks.acme.example/p']);
  });

  it('go to a topic that lets CloudWatch publish, when it is one of its own', () => {
    const policies = propertiesOf(notified([SMS]), 'AWS::SNS::TopicPolicy').map((policy) => JSON.stringify(policy));
    assert.equal(policies.length, 2);
    for (const policy of policies) assert.match(policy, /"aws:SecureTransport":"false"/);
    assert.equal(policies.filter((policy) => policy.includes('cloudwatch.amazonaws.com')).length, 1);
  });
});

describe('the bus', () => {
  it('has the deployment’s name in home and standby', () => {
    assert.deepEqual(
      [home, standby].map((stack) => onlyOf(stack, 'AWS::Events::EventBus')['Name']),
      ['parallax-acme', 'parallax-acme'],
    );
  });

  it('relays other regions’ alarms as one line that a person can read', () => {
    const rule = onlyOf(home, 'AWS::Events::Rule');
    assert.match(String(rule['EventBusName']), /^<AlertingBus\w+>$/);
    assert.deepEqual(rule['EventPattern'], {
      source: ['aws.cloudwatch'],
      'detail-type': ['CloudWatch Alarm State Change'],
    });
    const [target] = list(rule['Targets']);
    assert.equal(
      member(member(target, 'InputTransformer'), 'InputTemplate'),
      '"<detail-state-value>: <detail-alarmName> in <region>. <detail-configuration-description> (<detail-state-reason>)"',
    );
    const [permission, ...others] = permissionsOf(home, 'events.amazonaws.com');
    assert.match(String(permission), /^sns:Publish on <AlertingTopic\w+>$/);
    assert.deepEqual(others, []);
  });
});
