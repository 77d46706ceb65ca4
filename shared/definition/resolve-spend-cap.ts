import type { Retention } from '../monitor.ts';
import { COST_METRIC, MAX_PERIOD_MS, type SpendCap } from '../spend-cap.ts';
import type { Reporter } from './diagnostics.ts';
import { formatDuration } from './durations-and-ratios.ts';
import type { ParsedSpendCap } from './monitor-base-schema.ts';

/** `metrics`: the names of all that its checks are measured by; null where those have problems of their own. */
export function resolveSpendCap(
  cap: ParsedSpendCap,
  metrics: readonly string[] | null,
  retention: Retention,
  reporter: Reporter,
): SpendCap {
  if (metrics !== null && !metrics.includes(COST_METRIC)) {
    reporter.error([], {
      message: 'The checks of this monitor have no cost, so there is nothing to cap.',
      remedy:
        'Add "price" to a stream whose usage is known ("stream": "openai-chat" and its like), a metric "cost" in dollars to "metrics", or remove "spendCap".',
    });
  }
  // All of the period but its last hours is read from days, however long hours are kept.
  const keptMs = retention.daysMs;
  if (MAX_PERIOD_MS[cap.per] > keptMs) {
    reporter.error(['per'], {
      message: `A ${cap.per} lasts up to ${formatDuration(MAX_PERIOD_MS[cap.per])}, and days are kept for ${formatDuration(keptMs)}.`,
      remedy: 'Write a shorter period, or raise "retention.days" in parallax.json.',
    });
  }
  return cap;
}
