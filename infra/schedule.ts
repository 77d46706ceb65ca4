import { Duration } from 'aws-cdk-lib';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import {
  ContextAttribute,
  type IScheduleTarget,
  Schedule,
  ScheduleExpression,
  ScheduleTargetInput,
  TimeWindow,
} from 'aws-cdk-lib/aws-scheduler';
import { ScheduleTargetBase, type ScheduleTargetBaseProps } from 'aws-cdk-lib/aws-scheduler-targets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** How long a slot's event is worth delivering: afterwards the next one is there. Also Scheduler's and Lambda's floor. */
export const MAX_EVENT_AGE = Duration.seconds(60);

/** The slot comes from the schedule, never from a clock: the event arrives anywhere within its minute, or twice. */
export const SCHEDULED_TIME = ContextAttribute.scheduledTime;

export interface EveryMinuteProps {
  readonly scheduleName: string;
  readonly target: IFunction;
  /** What could not be delivered. */
  readonly deadLetterQueue: IQueue;
  /** The event; strings may hold a `ContextAttribute`. */
  readonly input: Readonly<Record<string, string | number>>;
}

/** Invokes a function every minute: once, never retried (the defaults are 185 retries over a day, useless for a probe). */
export class EveryMinute extends Construct {
  constructor(scope: Construct, id: string, props: EveryMinuteProps) {
    super(scope, id);
    new Schedule(this, 'Schedule', {
      scheduleName: props.scheduleName,
      // A rate counts from the second of the deployment: slots are whole minutes, and a run would wait for its own.
      schedule: ScheduleExpression.cron({ minute: '*' }),
      timeWindow: TimeWindow.off(),
      target: new InvokeFunction(props.target, {
        input: ScheduleTargetInput.fromObject(props.input),
        retryAttempts: 0,
        maxEventAge: MAX_EVENT_AGE,
        deadLetterQueue: props.deadLetterQueue,
      }),
    });
  }
}

/** The library's own target would also allow every version and alias of the function. */
class InvokeFunction extends ScheduleTargetBase implements IScheduleTarget {
  constructor(target: IFunction, props: ScheduleTargetBaseProps) {
    super(props, target.functionArn);
  }

  protected override addTargetActionToRole(role: IRole): void {
    role.addToPrincipalPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [this.targetArn] }));
  }
}
