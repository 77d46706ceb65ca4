import type { Deployment } from '../monitor.ts';
import { MINUTE_MS, SECOND_MS } from '../schedule.ts';
import { MINUTES_PER_MONTH, PLATFORM_LOG_BYTES } from './assumed.ts';
import type { CostLine } from './cost.ts';
import { RUN_LOG_BYTES } from './measured.ts';
import { type PriceList, type PriceName, priceIn } from './prices.ts';
import { expectedCheckMs } from './run-time.ts';
import { checksIn, probedRegions } from './table-use.ts';

/** The same checks, bought or built otherwise. Dollars a month. */
export interface Alternatives {
  /** A canary run for each check; the Lambda time, logs and storage that AWS bills besides are left out. */
  readonly synthetics: number;
  /**
   * An invocation, an item and a log line for each check, from a small function; aggregation, alarms and whatever else
   * does not grow by the check as planned.
   */
  readonly oneRunPerCheck: number;
}

/** Enough for one check at a time, with a latency that is measured some milliseconds wrong. */
const NAIVE_MEMORY_MB = 512;
const GB = 1_073_741_824;

/** Lines that are the same whichever way checks are run. */
const SHARED_LINES: ReadonlySet<string> = new Set([
  'aggregator time',
  'aggregator runs',
  'receiver time',
  'receiver runs',
  'table reads',
  'check traffic',
  'alarms',
  'notifications',
  'e-mails',
  'text messages',
  'https calls',
  'events',
]);

export function alternatives(
  deployment: Deployment,
  lines: readonly CostLine[],
  replicas: readonly string[],
  prices: PriceList,
): Alternatives {
  let synthetics = 0;
  let oneRunPerCheck = lines
    .filter(({ name }) => SHARED_LINES.has(name))
    .reduce((sum, { dollars }) => sum + dollars, 0);
  for (const { region, monitors } of probedRegions(deployment)) {
    const price = (name: PriceName) => priceIn(prices, region, name);
    const writes = replicas.reduce((sum, each) => sum + priceIn(prices, each, 'dynamoMillionReplicatedWriteUnits'), 0);
    // Nothing goes out for a heartbeat, and a canary cannot wait for a call.
    for (const monitor of monitors.filter(({ type }) => type !== 'heartbeat')) {
      const checks = checksIn(monitor, MINUTE_MS * MINUTES_PER_MONTH);
      const gbSeconds = (NAIVE_MEMORY_MB / 1_024) * (expectedCheckMs(monitor) / SECOND_MS);
      const millions = price('schedulerMillionInvocations') + price('lambdaMillionRequests') + writes;
      synthetics += checks * price('syntheticsRun');
      oneRunPerCheck +=
        (checks * millions) / 1_000_000 +
        checks * gbSeconds * price('lambdaGbSecond') +
        ((checks * (RUN_LOG_BYTES + PLATFORM_LOG_BYTES)) / GB) * price('logsGbIngested');
    }
  }
  return { synthetics, oneRunPerCheck };
}
