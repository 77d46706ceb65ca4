import { MINUTES_PER_MONTH } from '../shared/plan/assumed.ts';
import type { Plan } from '../shared/plan/plan.ts';
import { PRICE_UNITS } from '../shared/plan/prices.ts';

/** `parallax plan --json`; docs/plan.md promises these names. Amounts are dollars, not rounded. */
export function planJson(plan: Plan, budget: number | null): string {
  const { table, alternatives, dollarsPerMonth } = plan;
  const compared = (other: number) => ({
    dollarsPerMonth: other,
    times: dollarsPerMonth === 0 ? null : other / dollarsPerMonth,
  });
  const document = {
    name: plan.name,
    ok: budget === null || dollarsPerMonth <= budget,
    budget,
    daysPerMonth: MINUTES_PER_MONTH / 24 / 60,
    dollarsPerMonth,
    dollarsPerMillionChecks: plan.dollarsPerMillionChecks,
    outageDollarsPerMonth: plan.outageDollarsPerMonth,
    checksPerMonth: table.checksPerMonth,
    aggregatorRunMs: plan.aggregatorRunMs,
    table: {
      writeUnitsPerMonth: table.writeUnitsPerMonth,
      writeUnitsPerCheck: table.checksPerMonth === 0 ? null : table.writeUnitsPerMonth / table.checksPerMonth,
      readUnitsPerRun: table.readUnitsPerRun,
      storedBytes: table.storedBytes,
    },
    regions: plan.regions.map((region) => ({
      region: region.region,
      home: region.isHome,
      standby: region.isStandby,
      probed: region.isProbed,
      monitors: region.monitors,
      functions: region.functions.map(({ kind, memoryMb, timeoutMs }) => ({ kind, memoryMb, timeoutMs })),
      schedules: region.schedules,
      invocationsPerMonth: region.schedules * MINUTES_PER_MONTH,
      queues: region.queues,
      alarms: region.alarms,
      logGroups: region.logGroups,
      topics: region.topics,
      buses: region.buses,
      shards: region.shards.map(({ shard, monitors, runTime }) => ({
        shard,
        monitors,
        expectedRunMs: runTime.expectedMs,
        longestRunMs: runTime.longestMs,
      })),
      dollarsPerMonth: plan.lines
        .filter((line) => line.region === region.region)
        .reduce((sum, line) => sum + line.dollars, 0),
    })),
    pricesAsOf: plan.prices.asOf,
    lines: plan.lines.map(({ name, region, quantity, price, unitPrice, dollars }) => ({
      name,
      region,
      quantity,
      ...PRICE_UNITS[price],
      price,
      unitPrice,
      dollars,
    })),
    alternatives: {
      synthetics: compared(alternatives.synthetics),
      oneRunPerCheck: compared(alternatives.oneRunPerCheck),
    },
    warnings: plan.warnings,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
