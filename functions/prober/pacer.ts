import { LAUNCH_PACE_MS } from '../../shared/plan/run-time.ts';
import { type Clock, sleep } from './clock.ts';

/** Lets one launch go at a time, in the order of asking. */
export type Pacer = () => Promise<void>;

/** For a launch that has no neighbours. */
export const UNPACED: Pacer = async () => {};

/** One per process: what runs in parallel there shares one core. After a stall the distance is kept, not made up for. */
export function createPacer(clock: Clock, paceMs: number | (() => number) = LAUNCH_PACE_MS): Pacer {
  const paceNow = typeof paceMs === 'number' ? () => paceMs : paceMs;
  let lastMs = Number.NEGATIVE_INFINITY;
  let queue = Promise.resolve();
  return () => {
    queue = queue.then(async () => {
      const waitMs = lastMs + paceNow() - clock.monotonicMs();
      if (waitMs > 0) await sleep(clock, waitMs);
      lastMs = clock.monotonicMs();
    });
    return queue;
  };
}

/** The part of its time that the loop may be busy: up to here errors grow slowly, and at once from there. */
const MAX_BUSY = 0.5;
/** Enough that one slow answer does not decide, few enough to learn within a run. */
const LAUNCHES = 16;
/** A hundred launches are under way in 1.2 s, and as many as a shard has within the 5 s of its fastest monitors. */
const MAX_PACE_MS = 2 * LAUNCH_PACE_MS;

/**
 * A pace for machines that are slower than the plan takes them to be: a share of a core, a busy neighbour, heavy
 * answers. `busyMs`: for how long the event loop has been working since some fixed instant, throttled time included.
 */
export function adaptivePace(busyMs: () => number): () => number {
  /** After each of the last launches, the oldest first. */
  const busyAtMs: number[] = [];
  return () => {
    const nowMs = busyMs();
    busyAtMs.push(nowMs);
    if (busyAtMs.length > LAUNCHES) busyAtMs.shift();
    const launches = busyAtMs.length - 1;
    if (launches < LAUNCHES / 2) return LAUNCH_PACE_MS;
    const busyPerLaunchMs = (nowMs - (busyAtMs[0] ?? nowMs)) / launches;
    return Math.min(MAX_PACE_MS, Math.max(LAUNCH_PACE_MS, busyPerLaunchMs / MAX_BUSY));
  };
}

/** Of this thread's event loop. */
export function eventLoopBusyMs(): number {
  return performance.eventLoopUtilization().active;
}
