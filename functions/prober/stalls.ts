import type { Clock } from './clock.ts';

/** Watches whether this process's event loop runs. While it stands still, what arrives is noticed, and timed, too late. */
export interface StallWatch {
  /** From now until `end`. */
  watch(): StallWindow;
}

export interface StallWindow {
  /** Stops watching. The longest stall that reached into the window, in whole milliseconds. */
  end(): number;
}

/** Half of a stall that matters. 100 wake-ups a second take 0.2 % of a core; at 1 ms they would take 4 %. */
const TICK_MS = 10;

/**
 * One ticker, however many watch; none while nobody does, so that the time for which Lambda freezes a process between
 * two runs is no stall. A tick that comes late says how long the loop stood still, but for up to a tick's length.
 */
export function createStallWatch(clock: Clock): StallWatch {
  const windows = new Set<{ longestMs: number }>();
  let dueMs = 0;
  let cancel = () => {};

  function schedule(): void {
    dueMs = clock.monotonicMs() + TICK_MS;
    cancel = clock.after(TICK_MS, () => {
      note(clock.monotonicMs() - dueMs);
      schedule();
    });
  }

  function note(lateMs: number): void {
    for (const window of windows) window.longestMs = Math.max(window.longestMs, lateMs);
  }

  return {
    watch() {
      if (windows.size === 0) schedule();
      // A tick that is overdue already began to be so before this window.
      const window = { longestMs: 0 };
      windows.add(window);
      return {
        end() {
          // The stall's own tick may still be waiting behind the answer that it delayed.
          note(clock.monotonicMs() - dueMs);
          windows.delete(window);
          if (windows.size === 0) cancel();
          return Math.round(window.longestMs);
        },
      };
    },
  };
}
