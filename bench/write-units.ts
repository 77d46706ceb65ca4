import type { Deployment } from '../shared/monitor.ts';
import { tableUse } from '../shared/plan/table-use.ts';
import { deploymentOf, monitorOf, policyOf } from '../test/shared/build.ts';
import { itemBytes } from './item-bytes.ts';
import { measureTableUse } from './table-use.ts';

const MONITORS = 100;
const REGIONS = ['ap-southeast-2', 'eu-central-1', 'eu-west-1', 'us-east-1', 'us-west-2'];
/** Two hours around midnight, so that windows of every length close. The day's is counted in full: the true cost is a little lower. */
const START = Date.UTC(2026, 0, 5, 23);
const MINUTES = 125;
const MAX_UNITS_PER_CHECK = 0.12;
/** What one item a check would cost: an item of up to 1 KB is one unit. */
const NAIVE_UNITS_PER_CHECK = 1;
/** Runs that have a full stretch behind them to read again. */
const SETTLED_AFTER_RUNS = 20;

/** Consumed write units per check and replica, as the engine itself counts them, of everything that is written. */
export async function measureWriteUnits(): Promise<{ met: boolean; unitsPerCheck: number }> {
  const deployment = benchDeployment();
  const { checks, writes, readUnitsOfRuns } = await measureTableUse(deployment, START, MINUTES);
  console.log(
    `${MONITORS} monitors x ${REGIONS.length} regions x ${MINUTES} min = ${checks} checks, 0.5 % of them failing\n`,
  );
  let total = 0;
  for (const [kind, { requests, units }] of [...writes].sort((a, b) => b[1].units - a[1].units)) {
    total += units;
    console.log(
      `${kind.padEnd(14)} ${String(requests).padStart(6)} writes ${String(units).padStart(7)} units  ${(units / checks).toFixed(4)} per check`,
    );
  }
  const perCheck = total / checks;
  console.log(
    `${'all'.padEnd(14)} ${' '.repeat(13)} ${String(total).padStart(7)} units  ${perCheck.toFixed(4)} per check and replica (mark: ${MAX_UNITS_PER_CHECK})`,
  );
  console.log(
    `An item a check would take ${NAIVE_UNITS_PER_CHECK}: ${(NAIVE_UNITS_PER_CHECK / perCheck).toFixed(0)} times as much.`,
  );
  const settled = readUnitsOfRuns.slice(SETTLED_AFTER_RUNS);
  const readUnits = settled.reduce((sum, units) => sum + units, 0) / settled.length;
  console.log(`The aggregator reads ${readUnits.toFixed(1)} units a run.`);
  const planned = tableUse(deployment);
  console.log(
    `\nparallax plan expects ${(planned.writeUnitsPerMonth / planned.checksPerMonth).toFixed(4)} write units a check and ${planned.readUnitsPerRun.toFixed(1)} read units a run, from shared/plan/measured.ts, where these are:\n`,
  );
  console.log(JSON.stringify(itemBytes(), null, 2));
  return { met: perCheck <= MAX_UNITS_PER_CHECK, unitsPerCheck: perCheck };
}

function benchDeployment(): Deployment {
  const monitors = Array.from({ length: MONITORS }, (_, i) =>
    monitorOf({
      id: `team-${i % 7}-service-${i}`,
      regions: REGIONS,
      policies: [policyOf(), policyOf({ id: 'availability', threshold: 0.99, overMs: 300_000, confirm: 1 })],
      metrics: i % 4 === 0 ? [{ name: 'queueDepth', from: 'json', path: '$.queue.depth' }] : [],
    }),
  );
  return deploymentOf(monitors, { regions: REGIONS });
}
