import { Annotations, Stack } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { type ITableV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct, Dependable } from 'constructs';
import { tableName } from '../shared/environment.ts';
import type { Deployment, FunctionsSettings, Region } from '../shared/monitor.ts';
import { Aggregator } from './aggregator.ts';
import { Alerting } from './alerting.ts';
import { AlarmForwarding, announceOn } from './announce.ts';
import { Api } from './api.ts';
import { GlobalTable } from './global-table.ts';
import { alarmTopicName, type StackKind, stackName, topicName } from './names.ts';
import { Prober } from './prober.ts';
import { readConfig } from './read-config.ts';
import { Receiver } from './receiver.ts';
import { alarmSubscribers } from './subscribers.ts';

export interface ParallaxProps {
  /** Path of a `parallax.json`, or a deployment that was read and checked already. */
  readonly config: string | Deployment;
  /** An endpoint in home that answers for the monitors' state, for callers who sign with IAM. Default: none. */
  readonly api?: boolean;
  /** Where a function's memory, time or concurrency should not follow from what it has to do; over what `config` says. */
  readonly functions?: FunctionsSettings;
}

/**
 * A whole deployment, as stacks beside those of the app that it stands in:
 *
 * ```
 *                    ┌─ aggregator, home ─────┬─ prober, home
 * table, home ───────┼─ aggregator, standby ──┼─ prober, standby      an arrow to the right: is deployed before
 *                    ├─ prober, elsewhere     ┘
 *                    ├─ receiver, home (only if there are heartbeats)
 *                    └─ api, home (only if asked for)
 * ```
 *
 * @throws InvalidConfigError with every problem of the definitions, before anything is created
 */
export class Parallax extends Construct {
  readonly deployment: Deployment;
  readonly #stacks: Stack[] = [];

  constructor(scope: Construct, id: string, props: ParallaxProps) {
    super(scope, id);
    const { deployment: configured, warnings } =
      typeof props.config === 'string' ? readConfig(props.config) : { deployment: props.config, warnings: [] };
    const deployment = { ...configured, functions: { ...configured.functions, ...props.functions } };
    const { home, standby, regions } = deployment;
    this.deployment = deployment;
    // What depends on a Parallax depends on its stacks; by itself the CDK would look for resources of this construct.
    Dependable.implement(this, { dependencyRoots: this.#stacks });

    const tableStack = this.#stack('table', home, `The table of ${deployment.name}, in all its regions`);
    for (const [index, warning] of warnings.entries()) {
      Annotations.of(tableStack).addWarningV2(`parallax:definition-${index}`, warning);
    }
    new GlobalTable(tableStack, 'GlobalTable', { deployment });

    const aggregators = new Map<Region, Stack>();
    for (const region of standby === null ? [home] : [home, standby]) {
      const stack = this.#stack('aggregator', region, `Aggregates and alerts for ${deployment.name}`, tableStack);
      const { topic, bus, alarmTopic } = new Alerting(stack, 'Alerting', { deployment });
      const table = this.#replica(stack);
      const aggregator = new Aggregator(stack, 'Aggregator', { deployment, region, table, topic, bus });
      announceOn(alarmTopic, aggregator.alarms);
      aggregators.set(region, stack);
    }

    for (const region of regions) {
      const stack = this.#stack('prober', region, `Checks the monitors of ${deployment.name}`, tableStack);
      const prober = new Prober(stack, 'Prober', { deployment, region, table: this.#replica(stack) });
      this.#announce(stack, prober.alarms, aggregators.get(region));
    }

    if (deployment.monitors.some(({ type }) => type === 'heartbeat')) {
      const stack = this.#stack('receiver', home, `Receives the heartbeats of ${deployment.name}`, tableStack);
      const receiver = new Receiver(stack, 'Receiver', { deployment, table: this.#replica(stack) });
      this.#announce(stack, receiver.alarms, aggregators.get(home));
    }

    if (props.api === true) {
      const stack = this.#stack('api', home, `Answers for the state of ${deployment.name}`, tableStack);
      const api = new Api(stack, 'Api', { deployment, table: this.#replica(stack) });
      this.#announce(stack, api.alarms, aggregators.get(home));
    }
  }

  #stack(kind: StackKind, region: Region, description: string, after?: Stack): Stack {
    const name = stackName(this.deployment.name, kind, region);
    const id = kind === 'table' ? kind : `${kind}-${region}`;
    const stack = new Stack(this, id, { stackName: name, description, env: { region } });
    this.#stacks.push(stack);
    if (after !== undefined) stack.addStackDependency(after);
    return stack;
  }

  /** The replica in the stack's own region, known by its name alone. */
  #replica(stack: Stack): ITableV2 {
    return TableV2.fromTableName(stack, 'Table', tableName(this.deployment.name));
  }

  /** @param aggregator the stack of the same region that has the topic, if there is one */
  #announce(stack: Stack, alarms: readonly Alarm[], aggregator: Stack | undefined): void {
    const { name, home, notify } = this.deployment;
    if (aggregator === undefined) {
      new AlarmForwarding(stack, 'AlarmForwarding', { deploymentName: name, home, alarms });
      return;
    }
    stack.addStackDependency(aggregator);
    const resource = alarmSubscribers(notify).separate ? alarmTopicName(name) : topicName(name);
    announceOn(Topic.fromTopicArn(stack, 'AlarmTopic', stack.formatArn({ service: 'sns', resource })), alarms);
  }
}
