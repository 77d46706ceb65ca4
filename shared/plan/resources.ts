import type { Deployment, Region } from '../monitor.ts';
import type { FunctionKind } from '../resource-names.ts';
import { type RunTime, runTime } from './run-time.ts';
import { shardsOf } from './shards.ts';
import { type FunctionSize, functionSize } from './sizes.ts';

/** What a deployment creates in one region, as `infra/` does it; `test/plan/resources.test.ts` holds it to the templates. */
export interface RegionResources {
  readonly region: Region;
  readonly isHome: boolean;
  readonly isStandby: boolean;
  readonly isProbed: boolean;
  readonly monitors: number;
  readonly functions: readonly PlannedFunction[];
  /** One for each shard of the prober, one for the aggregator; each fires every minute. */
  readonly schedules: number;
  readonly queues: number;
  readonly alarms: number;
  readonly logGroups: number;
  readonly topics: number;
  readonly buses: number;
  readonly shards: readonly PlannedShard[];
}

export interface PlannedFunction extends FunctionSize {
  readonly kind: FunctionKind;
}

export interface PlannedShard {
  readonly shard: number;
  readonly monitors: number;
  readonly runTime: RunTime;
}

/** Of each function that runs on a schedule: failing, throttled, dead letters, not running. */
const ALARMS_PER_FUNCTION = 4;
/** Of each that runs when it is called: failing, throttled. */
const ALARMS_PER_CALLED_FUNCTION = 2;
/** Notifications that could not be delivered. */
const ALARMS_PER_TOPIC = 1;

/** By region, home first, then standby. Each has a replica of the table. */
export function plannedResources(deployment: Deployment): readonly RegionResources[] {
  const { home, standby, regions } = deployment;
  const everywhere = [...new Set([home, ...(standby === null ? [] : [standby]), ...regions])];
  return everywhere.map((region) => resourcesIn(deployment, region));
}

function resourcesIn(deployment: Deployment, region: Region): RegionResources {
  const isHome = region === deployment.home;
  const isStandby = region === deployment.standby;
  const isProbed = deployment.regions.includes(region);
  const aggregates = isHome || isStandby;
  const monitors = deployment.monitors.filter((monitor) => monitor.regions.includes(region));
  const shards = [...shardsOf(monitors)].map(([shard, members]) => ({
    shard,
    monitors: members.length,
    runTime: runTime(members),
  }));
  const kinds: readonly FunctionKind[] = [
    ...(isProbed ? (['prober'] as const) : []),
    ...(aggregates ? (['aggregator'] as const) : []),
  ];
  const receives = isHome && deployment.monitors.some(({ type }) => type === 'heartbeat');
  const called: readonly FunctionKind[] = receives ? ['receiver'] : [];
  return {
    region,
    isHome,
    isStandby,
    isProbed,
    monitors: monitors.length,
    functions: [...kinds, ...called].map((kind) => ({ kind, ...functionSize(deployment, kind, region) })),
    schedules: (isProbed ? shards.length : 0) + (aggregates ? 1 : 0),
    queues: kinds.length,
    alarms:
      kinds.length * ALARMS_PER_FUNCTION +
      called.length * ALARMS_PER_CALLED_FUNCTION +
      (aggregates ? ALARMS_PER_TOPIC : 0),
    logGroups: kinds.length + called.length,
    topics: aggregates ? topicsFor(deployment) : 0,
    buses: aggregates ? 1 : 0,
    shards: isProbed ? shards : [],
  };
}

/** CloudWatch's alarms need a topic of their own where every recipient chooses by severity: alarms carry none. */
function topicsFor({ notify }: Deployment): number {
  const severities = new Map<string, Set<string>>();
  for (const { protocol, endpoint, severities: chosen } of notify) {
    const key = `${protocol} ${endpoint}`;
    severities.set(key, new Set([...(severities.get(key) ?? []), ...chosen]));
  }
  const ALL = 3;
  return severities.size > 0 && [...severities.values()].every((chosen) => chosen.size < ALL) ? 2 : 1;
}
