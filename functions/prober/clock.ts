/** Time as the prober sees it. Injected, so that tests pass time in. */
export interface Clock {
  /** Unix epoch milliseconds: for slots and certificates. Can jump. */
  epochMs(): number;
  /** Milliseconds since some fixed instant, microsecond resolution: for durations. Never goes back. */
  monotonicMs(): number;
  /** Calls back once, after at least this long. Returns how to cancel it. */
  after(delayMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  epochMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}
