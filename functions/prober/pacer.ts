import { type Clock, sleep } from './clock.ts';

/**
 * Milliseconds between two launches. A TLS check costs about 2 ms of CPU on a full core. Launched at once, a hundred
 * of them read 160 ms too long; 6 ms apart they keep the core a third busy and read the truth within 2–3 ms (p99),
 * and all hundred are under way after 0.6 s.
 */
export const LAUNCH_PACE_MS = 6;

/** Lets one launch go at a time, in the order of asking. */
export type Pacer = () => Promise<void>;

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
