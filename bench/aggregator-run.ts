import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { aggregate } from '../functions/aggregator/aggregate.ts';
import { Store } from '../functions/aggregator/store.ts';
import { decodeBatch, encodeBatch } from '../shared/batch-codec.ts';
import type { Deployment } from '../shared/monitor.ts';
import * as assumed from '../shared/plan/measured.ts';
import { MINUTE_MS } from '../shared/schedule.ts';
import { batchPut } from '../shared/table.ts';
import { deploymentOf, monitorOf, policyOf } from '../test/shared/build.ts';
import { memoryTable } from './memory-table.ts';
import { seededRandom } from './random.ts';
import { resultAt } from './sample-results.ts';

const MONITORS = 400;
const REGIONS = ['ap-southeast-2', 'eu-west-1', 'us-east-1'];
const START = Date.UTC(2026, 0, 5, 23, 30);
const MINUTES = 50;
const SETTLED_AFTER_RUNS = 20;
/** A machine's other work shows in CPU time; more than this is a change of the code. */
const TOLERANCE = 2;

/** What a run of the aggregator takes for each result that it looks at, waiting for the table not counted. */
export async function measureAggregatorRun(): Promise<{ met: boolean }> {
  const { resultsPerRun, cpuMsPerRun } = await measureRuns(benchDeployment());
  const microseconds = (cpuMsPerRun * 1_000) / resultsPerRun;
  const bytes = heapBytesPerResult();
  console.log(
    `${MONITORS} monitors x ${REGIONS.length} regions: ${resultsPerRun} results a run, ${cpuMsPerRun.toFixed(0)} ms of CPU\n`,
  );
  console.log('                       measured  in shared/plan/measured.ts');
  console.log(
    `${'RESULT_CPU_US'.padEnd(20)} ${microseconds.toFixed(1).padStart(10)} ${String(assumed.RESULT_CPU_US).padStart(10)}`,
  );
  console.log(
    `${'RESULT_HEAP_BYTES'.padEnd(20)} ${bytes.toFixed(0).padStart(10)} ${String(assumed.RESULT_HEAP_BYTES).padStart(10)}`,
  );
  return {
    met: microseconds <= assumed.RESULT_CPU_US * TOLERANCE && bytes <= assumed.RESULT_HEAP_BYTES * TOLERANCE,
  };
}

async function measureRuns(deployment: Deployment): Promise<{ resultsPerRun: number; cpuMsPerRun: number }> {
  const { home, retention } = deployment;
  const client = memoryTable();
  const store = new Store(client, 't', home, retention);
  const history = {
    table: 't',
    writers: [home],
    retention,
    query: store.query,
    onDamage: (error: Error) => {
      throw error;
    },
  };
  const random = seededRandom(7);
  let results = 0;
  let cpuMs = 0;
  for (let minute = 0; minute < MINUTES; minute += 1) {
    const slot = START + minute * MINUTE_MS;
    for (const region of deployment.regions) {
      const found = deployment.monitors.map((monitor) => resultAt(monitor, slot, 120, random));
      const put = batchPut('t', { region, startEpochMs: slot, shard: 0, results: found }, retention);
      await client.send(new PutItemCommand(put));
    }
    const now = slot + MINUTE_MS;
    const before = process.threadCpuUsage();
    const aggregation = { deployment, writer: home, store, history, deliver: async () => {} };
    const summary = await aggregate(aggregation, now, now + MINUTE_MS);
    const { user, system } = process.threadCpuUsage(before);
    if (minute < SETTLED_AFTER_RUNS) continue;
    results += summary.results;
    cpuMs += (user + system) / 1_000;
  }
  const runs = MINUTES - SETTLED_AFTER_RUNS;
  return { resultsPerRun: Math.round(results / runs), cpuMsPerRun: cpuMs / runs };
}

/** Of results as they are held in memory, decoded. */
function heapBytesPerResult(): number {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const random = seededRandom(3);
  const found = benchDeployment().monitors.map((monitor) => resultAt(monitor, START, 120, random));
  const bytes = encodeBatch({ region: 'us-east-1', startEpochMs: START, shard: 0, results: found });
  collect();
  const before = process.memoryUsage().heapUsed;
  const held = Array.from({ length: 100 }, () => decodeBatch(bytes).results);
  collect();
  return (process.memoryUsage().heapUsed - before) / held.flat().length;
}

function benchDeployment(): Deployment {
  const monitors = Array.from({ length: MONITORS }, (_, i) =>
    monitorOf({
      id: `team-${i % 7}-service-${i}`,
      regions: REGIONS,
      policies: [policyOf(), policyOf({ id: 'availability', threshold: 0.99, overMs: 300_000, confirm: 1 })],
    }),
  );
  return deploymentOf(monitors, { regions: REGIONS });
}
