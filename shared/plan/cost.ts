import type { Deployment, Region } from '../monitor.ts';
import { MINUTE_MS, SECOND_MS } from '../schedule.ts';
import { SECRET_CACHE_MS, secretsUsedBy } from '../secret-store.ts';
import {
  AGGREGATOR_REGION_WAIT_MS,
  AGGREGATOR_WAIT_MS,
  CHECK_PACKET_BYTES,
  INCIDENTS_PER_MONTH,
  LOG_COMPRESSION,
  LOG_RETENTION_MONTHS,
  MINUTES_PER_MONTH,
  NOTIFICATIONS_PER_INCIDENT,
  PLATFORM_LOG_BYTES,
  RECEIVER_RUN_MS,
  STANDBY_WAIT_MS,
} from './assumed.ts';
import { CHECK_REQUEST_BYTES, RESULT_CPU_US, RUN_LOG_BYTES } from './measured.ts';
import { PRICE_UNITS, type PriceList, type PriceName, priceIn } from './prices.ts';
import type { PlannedFunction, RegionResources } from './resources.ts';
import { shardsOf } from './shards.ts';
import { checksIn, probedRegions, type TableUse } from './table-use.ts';

/** What is paid for, in the order in which it is shown. */
export const LINE_NAMES = [
  'prober time',
  'prober runs',
  'aggregator time',
  'aggregator runs',
  'receiver time',
  'receiver runs',
  'schedules',
  'table writes',
  'table reads',
  'table storage',
  'table backup',
  'replication traffic',
  'check traffic',
  'secrets',
  'secret calls',
  'logs',
  'log storage',
  'alarms',
  'notifications',
  'e-mails',
  'text messages',
  'https calls',
  'events',
] as const;
export type LineName = (typeof LINE_NAMES)[number];

/** One kind of cost in one region, in a month. */
export interface CostLine {
  readonly name: LineName;
  readonly region: Region;
  /** In single units: GB-seconds, requests, GB. */
  readonly quantity: number;
  readonly price: PriceName;
  /** Dollars for so many units as the price's name says. */
  readonly unitPrice: number;
  readonly dollars: number;
}

/** The sum of its lines, and nothing else. */
export function dollarsOf(lines: readonly CostLine[]): number {
  return lines.reduce((sum, { dollars }) => sum + dollars, 0);
}

const GB = 1_073_741_824;

export function costLines(
  deployment: Deployment,
  resources: readonly RegionResources[],
  use: TableUse,
  prices: PriceList,
): readonly CostLine[] {
  return resources.flatMap((region) =>
    quantities(deployment, resources.length, region, use)
      .filter(({ quantity }) => quantity > 0)
      .map(({ name, price, quantity }): CostLine => {
        const unitPrice = priceIn(prices, region.region, price);
        return {
          name,
          region: region.region,
          quantity,
          price,
          unitPrice,
          dollars: (quantity * unitPrice) / PRICE_UNITS[price].per,
        };
      }),
  );
}

type Quantity = Pick<CostLine, 'name' | 'price' | 'quantity'>;

function quantities(deployment: Deployment, replicas: number, region: RegionResources, use: TableUse): Quantity[] {
  return [
    ...proberUse(deployment, region, use),
    ...aggregatorUse(deployment, region, use),
    ...receiverUse(region, use),
    of('schedules', 'schedulerMillionInvocations', region.schedules * MINUTES_PER_MONTH),
    ...tableCost(replicas, region, use),
    ...secretCost(deployment, region),
    ...logCost(region, use),
    of('alarms', 'alarmMonth', region.alarms),
    ...(region.isHome ? notificationCost(deployment) : []),
  ];
}

function proberUse(deployment: Deployment, { functions, shards, region }: RegionResources, use: TableUse): Quantity[] {
  const prober = functions.find(({ kind }) => kind === 'prober');
  if (prober === undefined) return [];
  const runMs = shards.reduce((sum, { runTime }) => sum + runTime.expectedMs, 0);
  const monitors = probedRegions(deployment).find((each) => each.region === region)?.monitors ?? [];
  const probed = monitors.filter(({ type }) => type !== 'heartbeat');
  const checks = probed.reduce((sum, each) => sum + checksIn(each, MINUTE_MS * MINUTES_PER_MONTH), 0);
  const withJobs = [...shardsOf(monitors).values()].filter((shard) => shard.some(({ type }) => type === 'heartbeat'));
  const readUnits = shards.length * use.readUnitsPerProberRun + withJobs.length * use.readUnitsPerHeartbeatsRun;
  return [
    of('prober time', 'lambdaGbSecond', gbSeconds(prober, runMs) * MINUTES_PER_MONTH),
    of('prober runs', 'lambdaMillionRequests', shards.length * MINUTES_PER_MONTH),
    of('table reads', 'dynamoMillionReadUnits', readUnits * MINUTES_PER_MONTH),
    of('check traffic', 'internetGbOut', (checks * (CHECK_REQUEST_BYTES + CHECK_PACKET_BYTES)) / GB),
  ];
}

function aggregatorUse(deployment: Deployment, { functions, isHome }: RegionResources, use: TableUse): Quantity[] {
  const aggregator = functions.find(({ kind }) => kind === 'aggregator');
  if (aggregator === undefined) return [];
  const runMs = isHome ? aggregatorRunMs(deployment, aggregator, use) : STANDBY_WAIT_MS;
  return [
    of('aggregator time', 'lambdaGbSecond', gbSeconds(aggregator, runMs) * MINUTES_PER_MONTH),
    of('aggregator runs', 'lambdaMillionRequests', MINUTES_PER_MONTH),
    of(
      'table reads',
      'dynamoMillionReadUnits',
      (isHome ? use.readUnitsPerRun : use.readUnitsPerIdleRun) * MINUTES_PER_MONTH,
    ),
  ];
}

function receiverUse({ functions }: RegionResources, { heartbeatsPerMonth }: TableUse): Quantity[] {
  const receiver = functions.find(({ kind }) => kind === 'receiver');
  if (receiver === undefined) return [];
  return [
    of('receiver time', 'lambdaGbSecond', gbSeconds(receiver, RECEIVER_RUN_MS) * heartbeatsPerMonth),
    of('receiver runs', 'lambdaMillionRequests', heartbeatsPerMonth),
  ];
}

/** How much of a core a function has, at most one for one thread. */
const MB_PER_CPU = 1_769;

export function aggregatorRunMs(
  deployment: Deployment,
  size: Pick<PlannedFunction, 'memoryMb'>,
  use: TableUse,
): number {
  const cpuMs = (use.resultsPerRun * RESULT_CPU_US) / 1_000;
  const waitMs = AGGREGATOR_WAIT_MS + probedRegions(deployment).length * AGGREGATOR_REGION_WAIT_MS;
  return waitMs + cpuMs / Math.min(1, size.memoryMb / MB_PER_CPU);
}

/** Each write is paid in each replica; what it carries is paid once for each replica that it goes to, here shared out evenly. */
function tableCost(replicas: number, { isHome }: RegionResources, use: TableUse): Quantity[] {
  const write = replicas > 1 ? 'dynamoMillionReplicatedWriteUnits' : 'dynamoMillionWriteUnits';
  return [
    of('table writes', write, use.writeUnitsPerMonth),
    of('table storage', 'dynamoGbMonth', use.storedBytes / GB),
    of('table backup', 'dynamoBackupGbMonth', isHome ? use.storedBytes / GB : 0),
    of('replication traffic', 'betweenRegionsGb', (use.writtenBytesPerMonth * (replicas - 1)) / replicas / GB),
  ];
}

/** Parameter Store takes nothing for standard parameters and their calls. Each environment keeps what it read for a while. */
function secretCost(deployment: Deployment, { region, shards }: RegionResources): Quantity[] {
  if (deployment.secretStore !== 'secrets-manager') return [];
  const monitors = probedRegions(deployment).find((each) => each.region === region)?.monitors ?? [];
  const secrets = secretsUsedBy(monitors).length;
  const readings = shards.length * ((MINUTES_PER_MONTH * MINUTE_MS) / SECRET_CACHE_MS);
  return [of('secrets', 'secretMonth', secrets), of('secret calls', 'secretMillionCalls', secrets * readings)];
}

function logCost({ shards, isHome, isStandby }: RegionResources, { heartbeatsPerMonth }: TableUse): Quantity[] {
  const runs = (shards.length + (isHome || isStandby ? 1 : 0)) * MINUTES_PER_MONTH;
  const calls = isHome ? heartbeatsPerMonth : 0;
  const gb = (runs * (RUN_LOG_BYTES + PLATFORM_LOG_BYTES) + calls * PLATFORM_LOG_BYTES) / GB;
  return [
    of('logs', 'logsGbIngested', gb),
    of('log storage', 'logsGbMonth', gb * LOG_RETENTION_MONTHS * LOG_COMPRESSION),
  ];
}

function notificationCost({ notify }: Deployment): Quantity[] {
  const notifications = INCIDENTS_PER_MONTH * NOTIFICATIONS_PER_INCIDENT;
  const to = (protocol: string) => notifications * notify.filter((one) => one.protocol === protocol).length;
  return [
    of('notifications', 'snsMillionPublishes', notifications),
    of('e-mails', 'snsMillionEmails', to('email')),
    of('text messages', 'snsSms', to('sms')),
    of('https calls', 'snsMillionHttps', to('https')),
    of('events', 'eventBridgeMillionEvents', notifications),
  ];
}

export function gbSeconds({ memoryMb }: Pick<PlannedFunction, 'memoryMb'>, ms: number): number {
  return (memoryMb / 1_024) * (ms / SECOND_MS);
}

function of(name: LineName, price: PriceName, quantity: number): Quantity {
  return { name, price, quantity };
}
