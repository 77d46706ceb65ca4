import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { alarmName, type FunctionKind } from './names.ts';

/** A heading of `docs/runbook.md`: what the alarm means, how to investigate, how to resolve. */
type RunbookEntry =
  | `${FunctionKind}-${'failing' | 'dead-letters' | 'not-running' | 'throttled'}`
  | 'notifications-failing';

const PERIOD = Duration.minutes(5);

interface RunbookAlarmProps {
  readonly deploymentName: string;
  readonly entry: RunbookEntry;
  /** One sentence: what is the case, and what that costs. */
  readonly meaning: string;
  readonly metric: IMetric;
  /** Alarms when the metric is at least one; `none` alarms when it is less, or missing. */
  readonly when: 'any' | 'none';
}

/** An alarm whose text leads to its runbook entry. */
export class RunbookAlarm extends Alarm {
  constructor(scope: Construct, id: string, props: RunbookAlarmProps) {
    super(scope, id, {
      alarmName: alarmName(props.deploymentName, props.entry),
      alarmDescription: `${props.meaning} What to do: docs/runbook.md#${props.entry}`,
      metric: props.metric,
      threshold: 1,
      evaluationPeriods: 1,
      ...(props.when === 'any'
        ? {
            comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treatMissingData: TreatMissingData.NOT_BREACHING,
          }
        : {
            comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
            treatMissingData: TreatMissingData.BREACHING,
          }),
    });
  }
}

export interface FunctionAlarmsProps {
  readonly deploymentName: string;
  readonly kind: FunctionKind;
  readonly lambda: IFunction;
  /** Null for a function that runs only when somebody asks. */
  readonly deadLetterQueue: IQueue | null;
}

/** A failure alarm cannot see a function that never starts, so each is paired with one for silence. */
export class FunctionAlarms extends Construct {
  readonly all: readonly Alarm[];

  constructor(scope: Construct, id: string, props: FunctionAlarmsProps) {
    super(scope, id);
    const { deploymentName, kind, lambda, deadLetterQueue } = props;
    const all: Alarm[] = [
      new RunbookAlarm(this, 'Failing', {
        deploymentName,
        entry: `${kind}-failing`,
        meaning: `The ${kind} threw or ran out of time in the last 5 minutes.`,
        metric: lambda.metricErrors({ period: PERIOD, statistic: 'Sum' }),
        when: 'any',
      }),
      new RunbookAlarm(this, 'Throttled', {
        deploymentName,
        entry: `${kind}-throttled`,
        meaning: `Lambda refused to run the ${kind} in the last 5 minutes.`,
        metric: lambda.metricThrottles({ period: PERIOD, statistic: 'Sum' }),
        when: 'any',
      }),
    ];
    if (deadLetterQueue !== null) {
      all.push(
        new RunbookAlarm(this, 'DeadLetters', {
          deploymentName,
          entry: `${kind}-dead-letters`,
          meaning: `Events for the ${kind} were not delivered or not handled.`,
          metric: deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period: PERIOD, statistic: 'Maximum' }),
          when: 'any',
        }),
        new RunbookAlarm(this, 'NotRunning', {
          deploymentName,
          entry: `${kind}-not-running`,
          meaning: `The ${kind} has not run for 5 minutes; its schedule runs it every minute.`,
          metric: lambda.metricInvocations({ period: PERIOD, statistic: 'Sum' }),
          when: 'none',
        }),
      );
    }
    this.all = all;
  }
}
