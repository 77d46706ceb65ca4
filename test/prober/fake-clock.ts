import type { Clock } from '../../functions/prober/clock.ts';

/** Time that passes only when told: in steps from timer to timer, with all that follows from one before the next. */
export class FakeClock implements Clock {
  #nowMs: number;
  #timers: { readonly dueMs: number; readonly callback: () => void }[] = [];

  constructor(nowEpochMs: number) {
    this.#nowMs = nowEpochMs;
  }

  epochMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  }

  async pass(durationMs: number): Promise<void> {
    const untilMs = this.#nowMs + durationMs;
    await settled();
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined || next.dueMs > untilMs) break;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      this.#timers = this.#timers.filter((one) => one !== next);
      next.callback();
      await settled();
    }
    this.#nowMs = untilMs;
  }

  /** The process stands still: time passes, and timers are noticed only afterwards. */
  stall(durationMs: number): void {
    this.#nowMs += durationMs;
  }
}

/** All promises that can settle by themselves have. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
