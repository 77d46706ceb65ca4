import type { StatusResponse } from '../shared/api-types.ts';
import { MINUTE_MS, SECOND_MS } from '../shared/schedule.ts';
import { renderComparison } from './comparison.ts';
import { oneLine } from './local-error.ts';
import type { Clock } from './scheduler.ts';
import type { Screen } from './screen.ts';

export interface WatchOptions {
  /** Rejects where the API does not answer. */
  readonly fetchStatus: () => Promise<StatusResponse>;
  readonly clock: Clock;
  readonly screen: Screen;
  /** How long a state stands. */
  readonly showEveryMs: number;
  /** Lines below the comparison. */
  readonly footer: () => readonly string[];
}

/** How far the comparison looks back: long enough for percentiles, short enough that a fault leaves it again. */
export const WATCH_RANGE_MS = 15 * MINUTE_MS;

/** Nothing was found yet: look again soon, so that the first result is seen at once. */
const IMPATIENT_MS = 1 * SECOND_MS;
/** What to show by then, with or without a result. */
const FIRST_WITHIN_MS = 12 * SECOND_MS;

/** Shows the comparison again and again. Returns how to stop. */
export function watch({ fetchStatus, clock, screen, showEveryMs, footer }: WatchOptions): () => void {
  const startedAt = clock.nowEpochMs();
  let stopped = false;
  let cancel = (): void => {};
  let shown = false;

  const look = async (): Promise<void> => {
    let lines: readonly string[] | null = null;
    const below = footer();
    let hasResults = false;
    try {
      const status = await fetchStatus();
      hasResults = status.monitors.some(({ regions }) => regions.some(({ latest }) => latest !== null));
      lines = renderComparison(status, {
        columns: screen.columns(),
        rows: screen.rows() - below.length,
        paint: screen.paint,
      });
    } catch (error) {
      if (!stopped && clock.nowEpochMs() - startedAt > FIRST_WITHIN_MS) {
        screen.warn(`The API does not answer: ${oneLine(error)}`);
      }
    }
    if (stopped) return;
    const due = hasResults || shown || clock.nowEpochMs() - startedAt >= FIRST_WITHIN_MS;
    if (lines !== null && due) {
      shown = true;
      screen.show([...lines, ...below]);
    }
    cancel = clock.after(shown ? showEveryMs : IMPATIENT_MS, () => void look());
  };

  void look();
  return () => {
    stopped = true;
    cancel();
  };
}
