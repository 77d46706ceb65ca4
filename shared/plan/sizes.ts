import type { Deployment, Monitor, Region } from '../monitor.ts';
import type { FunctionKind } from '../resource-names.ts';
import { MINUTE_MS, SECOND_MS } from '../schedule.ts';
import { MAX_MEMORY_MB } from './lambda-bounds.ts';
import { RESULT_HEAP_BYTES } from './measured.ts';
import { shardsOf } from './shards.ts';
import { checksIn, probedRegions, tableUse } from './table-use.ts';

/** What a function gets. CPU comes with memory: 1,769 MB is one vCPU. */
export interface FunctionSize {
  readonly memoryMb: number;
  readonly timeoutMs: number;
}

/** A function's size in a region: what the deployment sets, and else what follows from what it has to do. */
export function functionSize(deployment: Deployment, kind: FunctionKind, region: Region): FunctionSize {
  const { memoryMb, timeoutMs } = deployment.functions?.[kind] ?? {};
  const follows = sizeOf(deployment, kind, region);
  return { memoryMb: memoryMb ?? follows.memoryMb, timeoutMs: timeoutMs ?? follows.timeoutMs };
}

function sizeOf(deployment: Deployment, kind: FunctionKind, region: Region): FunctionSize {
  switch (kind) {
    case 'prober':
      return proberSize(deployment.monitors.filter((monitor) => monitor.regions.includes(region)));
    case 'aggregator':
      return aggregatorSize(deployment);
    case 'api':
      // A person waits for the answer.
      return { memoryMb: 1_024, timeoutMs: 15_000 };
    case 'receiver':
      // Reads secrets and writes one item, each for 5 s at most; a job waits for it.
      return { memoryMb: 512, timeoutMs: 15_000 };
  }
}

/** One vCPU: with a share of one, latency is measured wrong by milliseconds. With more, one thread is no faster. */
const PROBER_MEMORY_MB = 1_769;
/** Starting up, and reading secrets (5 s); then the last batch, which is tried to be stored for up to 48 s: it exists nowhere else. */
const MARGIN_MS = MINUTE_MS;
/** A bound on what a launch waits for those before it: they are paced 6 ms apart, unless the core is busy. */
const LAUNCH_MS = 10;

/**
 * A run begins whenever the schedule fires, and keeps the distances of its slots from there.
 *
 * | monitors of the shard  | last launch | longest run                        |
 * | each minute or slower  | at once     | launches + timeout + margin        |
 * | several times a minute | below 60 s  | 60 s + launches + timeout + margin |
 */
function proberSize(monitors: readonly Monitor[]): FunctionSize {
  const longestMs = [...shardsOf(monitors).values()].map((shard) => {
    const lastSlotMs = shard.some(({ everyMs }) => everyMs < MINUTE_MS) ? MINUTE_MS : 0;
    return lastSlotMs + shard.length * LAUNCH_MS + Math.max(0, ...shard.map(({ timeoutMs }) => timeoutMs));
  });
  const timeoutMs = Math.max(0, ...longestMs) + MARGIN_MS;
  return { memoryMb: PROBER_MEMORY_MB, timeoutMs: Math.ceil(timeoutMs / SECOND_MS) * SECOND_MS };
}

/** Decoding and merging is work for a core, but a short one. */
const AGGREGATOR_MEMORY_MB = 1_024;
/** Usually seconds. After hours of absence a run has all of them to catch up with, and a run that is cut off starts over. */
const AGGREGATOR_TIMEOUT_MS = 180_000;
/** Node, the SDK and the code. */
const PROCESS_MB = 200;
/** Results are grouped, merged and encoded while they are held, and garbage waits to be collected. */
const HEAP_SHARE = 1 / 3;
/** What is read at once after an absence. */
const CATCH_UP_MS = 60 * MINUTE_MS;
const STEP_MB = 128;

/** Memory for the results that a run holds at once: the recent ones of all regions, and an hour of one while catching up. */
function aggregatorSize(deployment: Deployment): FunctionSize {
  const hours = probedRegions(deployment).map(({ monitors }) =>
    monitors.reduce((sum, monitor) => sum + checksIn(monitor, CATCH_UP_MS), 0),
  );
  const held = tableUse(deployment).resultsPerRun + Math.max(0, ...hours);
  const neededMb = PROCESS_MB + (held * RESULT_HEAP_BYTES) / HEAP_SHARE / 1_048_576;
  const memoryMb = Math.ceil(Math.max(AGGREGATOR_MEMORY_MB, neededMb) / STEP_MB) * STEP_MB;
  return { memoryMb: Math.min(memoryMb, MAX_MEMORY_MB), timeoutMs: AGGREGATOR_TIMEOUT_MS };
}
