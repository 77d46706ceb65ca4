import { Stack } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { EventBus, EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Deployment, Subscriber } from '../shared/monitor.ts';
import { RunbookAlarm } from './alarm.ts';
import { ALARM_EVENTS, announceOn } from './announce.ts';
import { alarmTopicName, eventBusName, topicName } from './names.ts';
import { alarmSubscribers, subscribe } from './subscribers.ts';

/**
 * Where incidents leave AWS: a topic with its subscribers, and a bus for whatever else a team wires to it. In home and,
 * with the same subscribers, in standby.
 *
 * The topics are not encrypted at rest: with the key that AWS manages for SNS, CloudWatch's alarms are dropped without
 * a word, and a key of one's own costs $1 a month and region for messages that hold no secrets and leave as e-mail and SMS.
 */
export class Alerting extends Construct {
  readonly topic: ITopic;
  readonly bus: EventBus;
  /** For CloudWatch's alarms. The same topic wherever all who should hear of them are reached by it. */
  readonly alarmTopic: ITopic;

  constructor(scope: Construct, id: string, props: { readonly deployment: Deployment }) {
    super(scope, id);
    const { name, notify } = props.deployment;
    const heard = alarmSubscribers(notify);
    const topic = this.#newTopic('Topic', topicName(name), notify);
    const alarmTopic = heard.separate ? this.#newTopic('AlarmTopic', alarmTopicName(name), heard.subscribers) : topic;
    this.topic = topic;
    this.alarmTopic = alarmTopic;
    this.bus = new EventBus(this, 'Bus', {
      eventBusName: eventBusName(name),
      description: `Transitions of the incidents of ${name}`,
    });

    alarmTopic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [alarmTopic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    this.#relayAlarmsOfOtherRegions();
    announceOn(alarmTopic, [
      new RunbookAlarm(this, 'NotificationsFailing', {
        deploymentName: name,
        entry: 'notifications-failing',
        meaning: 'SNS could not deliver notifications in the last 5 minutes.',
        metric: failedNotifications(topicName(name)),
        when: 'any',
      }),
    ]);
  }

  #newTopic(id: string, name: string, subscribers: readonly Subscriber[]): Topic {
    const topic = new Topic(this, id, { topicName: name, enforceSSL: true });
    subscribe(topic, subscribers);
    return topic;
  }

  #relayAlarmsOfOtherRegions(): void {
    const field = (path: string): string => EventField.fromPath(`$.${path}`);
    const headline = `${field('detail.state.value')}: ${field('detail.alarmName')} in ${field('region')}.`;
    const text = `${headline} ${field('detail.configuration.description')} (${field('detail.state.reason')})`;
    new Rule(this, 'AlarmsOfOtherRegions', {
      description: 'Alarms of regions that have no topic of their own',
      eventBus: this.bus,
      eventPattern: ALARM_EVENTS,
      targets: [new SnsTopic(this.alarmTopic, { message: RuleTargetInput.fromText(text), authorizeUsingRole: true })],
    });
  }
}

/** SNS counts each failed attempt of an https endpoint, retries included. */
function failedNotifications(topic: string): Metric {
  return new Metric({
    namespace: 'AWS/SNS',
    metricName: 'NumberOfNotificationsFailed',
    dimensionsMap: { TopicName: topic },
    statistic: 'Sum',
  });
}
