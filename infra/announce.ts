import { Stack } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { EventBus, type EventPattern, Rule } from 'aws-cdk-lib/aws-events';
import { EventBus as ToEventBus } from 'aws-cdk-lib/aws-events-targets';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Region } from '../shared/monitor.ts';
import { eventBusName } from './names.ts';

/** What CloudWatch puts on a region's default bus when an alarm's state changes. */
export const ALARM_EVENTS: EventPattern = { source: ['aws.cloudwatch'], detailType: ['CloudWatch Alarm State Change'] };

/** Tells a topic's subscribers when an alarm of the same region begins and ends. */
export function announceOn(topic: ITopic, alarms: readonly Alarm[]): void {
  const action = new SnsAction(topic);
  for (const alarm of alarms) {
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
  }
}

export interface AlarmForwardingProps {
  readonly deploymentName: string;
  readonly home: Region;
  readonly alarms: readonly Alarm[];
}

/**
 * An alarm can only publish to a topic of its own region, and a topic in each region would mean that every subscriber
 * confirms once per region. So a region without a topic sends its alarms to home's bus, which relays them to the topic.
 * While home is gone they wait (EventBridge retries for a day); that the region is silent is announced by standby.
 */
export class AlarmForwarding extends Construct {
  constructor(scope: Construct, id: string, props: AlarmForwardingProps) {
    super(scope, id);
    const homeBusArn = Stack.of(this).formatArn({
      service: 'events',
      region: props.home,
      resource: 'event-bus',
      resourceName: eventBusName(props.deploymentName),
    });
    new Rule(this, 'Rule', {
      description: `Alarms of this region's prober, to ${props.home}`,
      eventPattern: { ...ALARM_EVENTS, resources: props.alarms.map((alarm) => alarm.alarmArn) },
      targets: [new ToEventBus(EventBus.fromEventBusArn(this, 'HomeBus', homeBusArn))],
    });
  }
}
