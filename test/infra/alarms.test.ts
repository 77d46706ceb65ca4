import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { heartbeatOf } from '../shared/build.ts';
import { deploymentOf, monitorOf } from './build.ts';
import { list, member, permissionsOf } from './permissions.ts';
import { allPropertiesOf, onlyOf, propertiesOf, type SynthesizedStack, stackOf, synthesize } from './synthesize.ts';

const synthesized = synthesize({ config: deploymentOf({ monitors: [monitorOf(), heartbeatOf()] }), api: true });
const alarms = allPropertiesOf(synthesized, 'AWS::CloudWatch::Alarm');
const far = stackOf(synthesized, 'parallax-acme-prober-ap-southeast-2');

const namesIn = (stack: SynthesizedStack) =>
  propertiesOf(stack, 'AWS::CloudWatch::Alarm')
    .map((alarm) => String(alarm['AlarmName']))
    .sort();

describe('a function on a schedule', () => {
  for (const kind of ['prober', 'aggregator']) {
    it(`(${kind}) is watched for failing and for not running`, () => {
      const stack = stackOf(synthesized, `parallax-acme-${kind}-us-east-1`);
      const expected = ['dead-letters', 'failing', 'not-running', 'throttled'].map(
        (what) => `parallax-acme-${kind}-${what}`,
      );
      assert.deepEqual(
        namesIn(stack).filter((name) => name.includes(kind)),
        expected,
      );
    });
  }

  for (const [entry, metric, statistic, comparison, missing] of [
    ['failing', 'AWS/Lambda Errors', 'Sum', 'GreaterThanOrEqualToThreshold', 'notBreaching'],
    ['throttled', 'AWS/Lambda Throttles', 'Sum', 'GreaterThanOrEqualToThreshold', 'notBreaching'],
    [
      'dead-letters',
      'AWS/SQS ApproximateNumberOfMessagesVisible',
      'Maximum',
      'GreaterThanOrEqualToThreshold',
      'notBreaching',
    ],
    ['not-running', 'AWS/Lambda Invocations', 'Sum', 'LessThanThreshold', 'breaching'],
  ] as const) {
    it(`is ${entry} by ${metric} of five minutes, and what missing data means is said`, () => {
      for (const alarm of alarms.filter(({ AlarmName }) =>
        new RegExp(`(prober|aggregator)-${entry}$`).test(String(AlarmName)),
      )) {
        const {
          Namespace,
          MetricName,
          Statistic,
          ComparisonOperator,
          TreatMissingData,
          Threshold,
          Period,
          EvaluationPeriods,
        } = alarm;
        assert.deepEqual(
          [
            `${Namespace} ${MetricName}`,
            Statistic,
            ComparisonOperator,
            TreatMissingData,
            Threshold,
            Period,
            EvaluationPeriods,
          ],
          [metric, statistic, comparison, missing, 1, 300, 1],
        );
      }
    });
  }
});

it('a function that answers is watched for failing, not for silence', () => {
  assert.deepEqual(namesIn(stackOf(synthesized, 'parallax-acme-api-us-east-1')), [
    'parallax-acme-api-failing',
    'parallax-acme-api-throttled',
  ]);
});

it('notifications that SNS cannot deliver raise an alarm in home and in standby', () => {
  for (const region of ['us-east-1', 'eu-west-1']) {
    const stack = stackOf(synthesized, `parallax-acme-aggregator-${region}`);
    const alarm = propertiesOf(stack, 'AWS::CloudWatch::Alarm').find(
      ({ MetricName }) => MetricName === 'NumberOfNotificationsFailed',
    );
    assert.deepEqual(alarm?.['Dimensions'], [{ Name: 'TopicName', Value: 'parallax-acme' }]);
  }
});

describe('an alarm of a region', () => {
  it('with a topic goes there, when it begins and when it ends', () => {
    const arn = 'arn:aws:sns:eu-west-1:<AWS::AccountId>:parallax-acme';
    for (const alarm of propertiesOf(
      stackOf(synthesized, 'parallax-acme-prober-eu-west-1'),
      'AWS::CloudWatch::Alarm',
    )) {
      assert.deepEqual([alarm['AlarmActions'], alarm['OKActions']], [[arn], [arn]]);
    }
  });

  it('without a topic goes to home’s bus: each of this region’s alarms, and no others', () => {
    const rule = onlyOf(far, 'AWS::Events::Rule');
    const ids = Object.entries(far.resources).flatMap(([id, { Type }]) =>
      Type === 'AWS::CloudWatch::Alarm' ? [`<${id}.Arn>`] : [],
    );
    assert.deepEqual(rule['EventPattern'], {
      source: ['aws.cloudwatch'],
      'detail-type': ['CloudWatch Alarm State Change'],
      resources: ids,
    });
    assert.equal(ids.length, 4);
    const bus = 'arn:aws:events:us-east-1:<AWS::AccountId>:event-bus/parallax-acme';
    assert.deepEqual(
      list(rule['Targets']).map((target) => member(target, 'Arn')),
      [bus],
    );
    assert.deepEqual(permissionsOf(far, 'events.amazonaws.com'), [`events:PutEvents on ${bus}`]);
  });
});

describe('the runbook', () => {
  const text = readFileSync('docs/runbook.md', 'utf8');
  const entries = new Map(
    text
      .split(/^## /m)
      .slice(1)
      .map((entry) => [entry.slice(0, entry.indexOf('\n')), entry]),
  );

  it('has an entry for each alarm, and no entry without one', () => {
    const linked = alarms.map(({ AlarmDescription }) => /docs\/runbook\.md#(\S+)$/.exec(String(AlarmDescription))?.[1]);
    assert.deepEqual([...entries.keys()].sort(), [...new Set(linked)].sort());
  });

  it('is linked from an alarm of the entry’s own name', () => {
    for (const { AlarmName, AlarmDescription } of alarms) {
      const entry = String(AlarmName).replace('parallax-acme-', '');
      assert.ok(String(AlarmDescription).endsWith(` What to do: docs/runbook.md#${entry}`), entry);
    }
  });

  for (const [name, entry] of entries) {
    it(`says of ${name} what it means, how to investigate and how to resolve it`, () => {
      assert.match(entry, /^\*\*What it means\.\*\* [\s\S]+^\*\*Investigate\.\*\* [\s\S]+^\*\*Resolve\.\*\* /m);
    });
  }

  it('leads nowhere that does not exist', () => {
    for (const [, anchor = ''] of text.matchAll(/\]\(#([^)]+)\)/g)) assert.ok(entries.has(anchor), anchor);
  });
});
