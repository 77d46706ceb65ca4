import type { Monitor } from '../shared/monitor.ts';
import type { Result } from '../shared/result.ts';
import { DAY_MS } from '../shared/schedule.ts';
import { batchPut, type Item, windowPuts } from '../shared/table.ts';
import { WindowStats } from '../shared/window.ts';
import { deploymentOf, monitorOf } from '../test/shared/build.ts';
import { seededRandom } from './random.ts';
import { resultAt } from './sample-results.ts';

const RESULTS = 200;
const START = Date.UTC(2026, 0, 5);
const REGION = 'ap-southeast-2';
const { retention } = deploymentOf([]);
const METRIC = { name: 'queueDepth', from: 'json', path: '$.queue.depth' } as const;
const STEPS = ['login', 'find-product', 'add-to-cart', 'pay', 'log-out'];
/** From one check in a window (a monitor of five minutes and slower) to a day of one every five seconds. */
const CHECKS_IN_WINDOW = [1, 5, 20, 60, 300, 1_440, 17_280];

/** What `shared/plan/measured.ts` holds of the table's items: sizes as DynamoDB counts them. The same each time. */
export function itemBytes() {
  const empty = batchBytes(0, []);
  const plain = batchBytes(RESULTS, []);
  const measured = batchBytes(RESULTS, [METRIC]);
  const stepped = batchBytes(RESULTS, [], STEPS);
  return {
    BATCH_BYTES: empty,
    RESULT_BYTES: round((plain - empty) / RESULTS),
    RESULT_METRIC_BYTES: round((measured - plain) / RESULTS),
    RESULT_STEP_BYTES: round((stepped - plain) / RESULTS / STEPS.length),
    WINDOWS_BYTES: windowItemBytes(0, 0, []),
    WINDOW_BYTES: CHECKS_IN_WINDOW.map((checks) => [checks, windowBytes(checks, [])]),
    WINDOW_METRIC_BYTES: CHECKS_IN_WINDOW.map((checks) => [
      checks,
      round(windowBytes(checks, [METRIC]) - windowBytes(checks, [])),
    ]),
  };
}

function batchBytes(results: number, metrics: Monitor['metrics'], steps: readonly string[] = []): number {
  const random = seededRandom(11);
  const monitors = sampleMonitors(results, metrics);
  const found = monitors.map((monitor) => withSteps(resultAt(monitor, START, 120, random), steps));
  return bytesOf(batchPut('t', { region: REGION, startEpochMs: START, shard: 0, results: found }, retention).Item);
}

/** As a flow's result has them: each step on a connection of its own. */
function withSteps(result: Result, names: readonly string[]): Result {
  if (names.length === 0) return result;
  const { outcome, reason, failedPhase, totalMs, phases, status } = result;
  const made = { isCleanup: false, outcome, reason, failedPhase, totalMs, phases, status };
  return { ...result, steps: names.map((name) => ({ name, ...made })) };
}

function windowBytes(checks: number, metrics: Monitor['metrics']): number {
  const monitors = 20;
  const ids = sampleMonitors(monitors, []).reduce((sum, { id }) => sum + id.length, 0);
  return round((windowItemBytes(monitors, checks, metrics) - windowItemBytes(0, 0, []) - ids) / monitors);
}

function windowItemBytes(monitors: number, checks: number, metrics: Monitor['metrics']): number {
  const random = seededRandom(13);
  const windows = new Map<string, WindowStats>();
  for (const monitor of sampleMonitors(monitors, metrics)) {
    const stats = new WindowStats();
    for (let check = 0; check < checks; check += 1)
      stats.add(resultAt(monitor, START + check * 1_000, 120, random), null);
    windows.set(monitor.id, stats);
  }
  const [put] = windowPuts('t', REGION, REGION, '5m', START - (START % DAY_MS), windows, retention);
  return bytesOf(put?.Item);
}

function sampleMonitors(count: number, metrics: Monitor['metrics']): Monitor[] {
  return Array.from({ length: count }, (_, i) => monitorOf({ id: `team-${i % 7}-service-${i}`, metrics }));
}

/**
 * Names and values in bytes; numbers as a byte for two digits and one more.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
function bytesOf(item: Item | undefined): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(item ?? {})) {
    bytes += name.length + (value.S?.length ?? 0) + (value.B?.length ?? 0);
    if (value.N !== undefined) bytes += Math.ceil(value.N.length / 2) + 1;
  }
  return bytes;
}

function round(bytes: number): number {
  return Math.round(bytes * 10) / 10;
}
