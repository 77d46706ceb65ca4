import { LAUNCH_PACE_MS } from '../../shared/plan/run-time.ts';
import { type Clock, sleep } from './clock.ts';

/** Lets one launch go at a time, in the order of asking. */
export type Pacer = () => Promise<void>;

/** For a launch that has no neighbours. */
export const UNPACED: Pacer = async () => {};

/** One per process: what runs in parallel there shares one core. After a stall the distance is kept, not made up for. */
export function createPacer(clock: Clock, paceMs: number = LAUNCH_PACE_MS): Pacer {
  let lastMs = Number.NEGATIVE_INFINITY;
  let queue = Promise.resolve();
  return () => {
    queue = queue.then(async () => {
      const waitMs = lastMs + paceMs - clock.monotonicMs();
      if (waitMs > 0) await sleep(clock, waitMs);
      lastMs = clock.monotonicMs();
    });
    return queue;
  };
}
