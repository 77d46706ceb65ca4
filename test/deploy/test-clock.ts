import { setTimeout as sleep } from 'node:timers/promises';
import { MINUTE_MS } from '../../shared/schedule.ts';

/** How fast the deployment's clock runs: schedules fire each minute of it. `PARALLAX_TEST_SPEED=1` makes it the wall’s. */
const DEFAULT_SPEED = 6;

/** The deployment's clock. The local AWS and the functions have the same one (`bridges/clock.py`, `virtual-clock.ts`). */
export class TestClock {
  readonly settings: { readonly anchorEpochMs: number; readonly speed: number };

  constructor(speed: number = speedFromEnvironment()) {
    this.settings = { anchorEpochMs: Date.now(), speed };
  }

  nowEpochMs(): number {
    const { anchorEpochMs, speed } = this.settings;
    return Math.floor(anchorEpochMs + (Date.now() - anchorEpochMs) * speed);
  }

  /**
   * Asks again and again until there is an answer.
   * @param minutes of this clock, at most
   * @throws when there is none in time, with what `state` says last
   */
  async waitFor<T>(
    what: string,
    minutes: number,
    ask: () => Promise<T | null>,
    state: () => unknown = () => null,
  ): Promise<T> {
    const deadline = this.nowEpochMs() + minutes * MINUTE_MS;
    for (;;) {
      const answer = await ask();
      if (answer !== null) return answer;
      if (this.nowEpochMs() > deadline) {
        throw new Error(`${what}: not within ${minutes} minutes of schedule time. Last: ${JSON.stringify(state())}`);
      }
      await sleep(200);
    }
  }
}

function speedFromEnvironment(): number {
  const speed = Number(process.env['PARALLAX_TEST_SPEED'] ?? DEFAULT_SPEED);
  if (!(speed >= 1 && speed <= 20)) {
    throw new RangeError('PARALLAX_TEST_SPEED must be from 1 (the clock on the wall) to 20');
  }
  return speed;
}
