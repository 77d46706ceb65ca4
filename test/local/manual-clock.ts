import type { Clock } from '../../local/scheduler.ts';

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #now: number;
  #timers: { at: number; run: () => void }[] = [];

  constructor(nowEpochMs: number) {
    this.#now = nowEpochMs;
  }

  nowEpochMs(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.#now + delayMs, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Moves on, and runs what comes due at its own instant. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const due = this.#timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#now = Math.max(this.#now, due.at);
      this.#timers = this.#timers.filter((other) => other !== due);
      due.run();
    }
    this.#now = until;
  }

  /** Time passes and nothing runs, as on a laptop that is closed. */
  sleep(ms: number): void {
    this.#now += ms;
  }
}
