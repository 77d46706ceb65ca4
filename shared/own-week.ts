import { type MetricValue, metricValue } from './metric-value.ts';
import type { ComparableMetric } from './monitor.ts';
import { DAY_MS } from './schedule.ts';
import { resultsNeeded } from './sketch.ts';
import { WindowStats } from './window.ts';

/** How far back a monitor's own week reaches, from where the window ends that is compared with it. */
export const WEEK_MS = 7 * DAY_MS;
/** What is usual of a day's course cannot be told from less than a day. */
const MIN_HISTORY_MS = DAY_MS;
/** Values that a usual one stands on, at least: a single dear check is not what is usual. */
export const MIN_WEEK_VALUES = 20;

/** A metric as a multiple of its usual value, and that value, in the metric's unit. */
export interface WeekValue extends MetricValue {
  readonly usual: number | null;
}

/**
 * What a metric is now ÷ what it usually is, over one region or several together. Percentiles come from merged
 * sketches. A sum is compared with what as many checks cost in the week: a pause in it, or another `every`, is no anomaly.
 *
 * Null where nobody can tell: regions with less than a day of results are left out (a region that was just added is no
 * anomaly either), and a usual value of nothing has no multiples.
 *
 * @param overMs how long the window is
 */
export function againstWeek(
  metric: ComparableMetric,
  pairs: readonly { readonly now: WindowStats; readonly week: WindowStats }[],
  overMs: number,
  everyMs: number,
): WeekValue {
  const known = pairs.filter(({ week }) => week.total * everyMs >= MIN_HISTORY_MS);
  const now = metricValue(metric, merged(known.map((pair) => pair.now)));
  const week = metricValue(metric, merged(known.map((pair) => pair.week)));
  const needed = neededFor(metric);
  if (now.value === null || week.value === null) return { value: null, n: now.n, usual: null };
  const usual =
    metric.kind === 'custom' && metric.aggregate === 'sum'
      ? known.reduce(
          (sum, pair) => sum + ((metricValue(metric, pair.week).value ?? 0) / pair.week.total) * (overMs / everyMs),
          0,
        )
      : week.value;
  const canTell = usual > 0 && now.n >= needed && week.n >= Math.max(needed, MIN_WEEK_VALUES);
  return { value: canTell ? now.value / usual : null, n: now.n, usual: canTell ? usual : null };
}

/** A percentile of fewer is only the largest of them, and would be compared with a true one. */
function neededFor(metric: ComparableMetric): number {
  if (metric.kind === 'latency') return resultsNeeded(metric.quantile);
  return metric.aggregate === 'p95' ? resultsNeeded(0.95) : 1;
}

function merged(parts: readonly WindowStats[]): WindowStats {
  const all = new WindowStats();
  for (const part of parts) all.merge(part);
  return all;
}
