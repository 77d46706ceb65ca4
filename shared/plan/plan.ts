import type { Deployment } from '../monitor.ts';
import { type Alternatives, alternatives } from './alternatives.ts';
import { MINUTES_PER_MONTH } from './assumed.ts';
import { aggregatorRunMs, type CostLine, costLines, dollarsOf, gbSeconds } from './cost.ts';
import { type PriceList, priceIn } from './prices.ts';
import { plannedResources, type RegionResources } from './resources.ts';
import { type TableUse, tableUse } from './table-use.ts';

/** What a deployment will create, do and cost, known before it is deployed. The same definitions and prices give the same plan. */
export interface Plan {
  readonly name: string;
  readonly regions: readonly RegionResources[];
  readonly table: TableUse;
  readonly aggregatorRunMs: number;
  readonly prices: PriceList;
  readonly lines: readonly CostLine[];
  readonly dollarsPerMonth: number;
  /** Null where nothing is checked. */
  readonly dollarsPerMillionChecks: number | null;
  /** A month in which every target hangs until its timeout: what runs cost more then. */
  readonly outageDollarsPerMonth: number;
  readonly alternatives: Alternatives;
  /** What is allowed, and hardly meant: a sentence each. */
  readonly warnings: readonly string[];
}

export function planOf(deployment: Deployment, prices: PriceList): Plan {
  const regions = plannedResources(deployment);
  const table = tableUse(deployment);
  const lines = costLines(deployment, regions, table, prices);
  const dollarsPerMonth = dollarsOf(lines);
  const aggregator = regions[0]?.functions.find(({ kind }) => kind === 'aggregator');
  return {
    name: deployment.name,
    regions,
    table,
    aggregatorRunMs: aggregator === undefined ? 0 : aggregatorRunMs(deployment, aggregator, table),
    prices,
    lines,
    dollarsPerMonth,
    dollarsPerMillionChecks: table.checksPerMonth > 0 ? (dollarsPerMonth * 1_000_000) / table.checksPerMonth : null,
    outageDollarsPerMonth: dollarsPerMonth + hangingCost(regions, prices),
    alternatives: alternatives(
      deployment,
      lines,
      regions.map(({ region }) => region),
      prices,
    ),
    warnings: regions.flatMap((region) => warningsOf(region)),
  };
}

function hangingCost(regions: readonly RegionResources[], prices: PriceList): number {
  let dollars = 0;
  for (const { region, functions, shards } of regions) {
    const prober = functions.find(({ kind }) => kind === 'prober');
    if (prober === undefined) continue;
    const moreMs = shards.reduce((sum, { runTime }) => sum + runTime.longestMs - runTime.expectedMs, 0);
    dollars += gbSeconds(prober, moreMs) * MINUTES_PER_MONTH * priceIn(prices, region, 'lambdaGbSecond');
  }
  return dollars;
}

/** Less than one vCPU. */
const TRUE_MEMORY_MB = 1_769;

function warningsOf({ region, functions, shards }: RegionResources): string[] {
  const prober = functions.find(({ kind }) => kind === 'prober');
  if (prober === undefined) return [];
  const longestMs = Math.max(0, ...shards.map(({ runTime }) => runTime.longestMs));
  return [
    ...(prober.memoryMb < TRUE_MEMORY_MB
      ? [
          `The prober in ${region} is set to ${prober.memoryMb} MB, a part of a vCPU: it will measure latencies too long by milliseconds. Set functions.prober.memoryMb to ${TRUE_MEMORY_MB}, or leave it out.`,
        ]
      : []),
    ...(prober.timeoutMs < longestMs
      ? [
          `The prober in ${region} is set to end after ${prober.timeoutMs / 1_000} s, and its runs last up to ${Math.ceil(longestMs / 1_000)} s when targets hang: their results would be lost. Raise functions.prober.timeout, or leave it out.`,
        ]
      : []),
  ];
}
