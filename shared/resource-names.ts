import type { Deployment, Region } from './monitor.ts';

/**
 * Names that can be computed on both sides of a stack or region boundary. Nothing is passed between stacks at deploy
 * time: a region's stack knows the table, topic and bus by these names (docs/adr/0011-deterministic-names.md).
 */
export type StackKind = 'table' | 'aggregator' | 'prober' | 'api' | 'receiver';

/** The table's stack has no region in its name: its home cannot be moved without moving the table. */
export function stackName(deploymentName: string, kind: StackKind, region: Region): string {
  return kind === 'table' ? `parallax-${deploymentName}-table` : `parallax-${deploymentName}-${kind}-${region}`;
}

/** Topic of the notifications, in home and in standby. */
export function topicName(deploymentName: string): string {
  return `parallax-${deploymentName}`;
}

/** Where CloudWatch alarms go when no subscriber would see them on the notifications' topic. See `alerting.ts`. */
export function alarmTopicName(deploymentName: string): string {
  return `parallax-${deploymentName}-alarms`;
}

/** Bus of the incidents' transitions, in home and in standby. */
export function eventBusName(deploymentName: string): string {
  return `parallax-${deploymentName}`;
}

export type FunctionKind = 'prober' | 'aggregator' | 'api' | 'receiver';

export function functionName(deploymentName: string, kind: FunctionKind): string {
  return `parallax-${deploymentName}-${kind}`;
}

export function deadLetterQueueName(deploymentName: string, kind: FunctionKind): string {
  return `parallax-${deploymentName}-${kind}-dead-letters`;
}

/** Scheduler allows 64 characters. */
export function scheduleName(deploymentName: string, kind: FunctionKind, shard: number): string {
  return `parallax-${deploymentName}-${kind}-${shard}`;
}

export function alarmName(deploymentName: string, entry: string): string {
  return `parallax-${deploymentName}-${entry}`;
}

/** Where a replica of the table is: wherever something runs. */
export function tableRegions(deployment: Pick<Deployment, 'home' | 'standby' | 'regions'>): readonly Region[] {
  return [...new Set([...aggregatorRegions(deployment), ...deployment.regions])].sort();
}

/** Where an aggregator is, and with it a topic and a bus. Home first. */
export function aggregatorRegions({ home, standby }: Pick<Deployment, 'home' | 'standby'>): readonly Region[] {
  return standby === null ? [home] : [home, standby];
}
