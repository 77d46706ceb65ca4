/** The time, and being called after some of it. Injected, so that tests decide when it passes. */
export interface Clock {
  nowEpochMs(): number;
  /** Calls once after the delay; returns how to prevent it. */
  after(delayMs: number, run: () => void): () => void;
}

export const SYSTEM_CLOCK: Clock = {
  nowEpochMs: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

export interface Schedule {
  readonly periodMs: number;
  /** Fires this long after each multiple of the period, below the period. */
  readonly offsetMs: number;
}

/**
 * Stands in for EventBridge Scheduler: fires at wall-clock multiples of the period and says which one is meant.
 *
 *     period 5 s, offset 2 s:   12:00:00   :05   :10          asleep           12:07:15
 *     fires                          :02   :07   :12                              :17
 *     with scheduled time            :00   :05   :10                              :15
 *
 * A machine that slept does not catch up: those slots were not checked, and are `unknown`.
 * Returns how to stop.
 */
export function startSchedule(clock: Clock, schedule: Schedule, fire: (scheduledEpochMs: number) => void): () => void {
  const { periodMs, offsetMs } = schedule;
  let cancel = (): void => {};

  const arm = (scheduledEpochMs: number): void => {
    // Never below zero, and again where a timer comes early: Node's may, by a millisecond.
    const delayMs = Math.max(0, scheduledEpochMs + offsetMs - clock.nowEpochMs());
    cancel = clock.after(delayMs, () => {
      const now = clock.nowEpochMs();
      if (now < scheduledEpochMs + offsetMs) return arm(scheduledEpochMs);
      const latest = multipleUntil(now - offsetMs, periodMs);
      arm(latest + periodMs);
      fire(latest);
    });
  };

  arm(multipleUntil(clock.nowEpochMs() - offsetMs, periodMs) + periodMs);
  return () => cancel();
}

function multipleUntil(epochMs: number, periodMs: number): number {
  return Math.floor(epochMs / periodMs) * periodMs;
}
