import type { MetricAggregate, PlainMetric } from './monitor.ts';
import type { MetricStats, WindowStats } from './window.ts';

/** In the metric's unit, null where there is none; `n`: how many results, or metric values, it stands on. */
export interface MetricValue {
  readonly value: number | null;
  readonly n: number;
}

/**
 * The metric's value in a window; null where there is none. A quantile is the nearest rank whatever n: with too few
 * results it is the slowest one, which errs towards telling. n goes with it, and people are shown it.
 */
export function metricValue(metric: PlainMetric, stats: WindowStats): MetricValue {
  switch (metric.kind) {
    case 'availability':
      return { value: stats.availability, n: stats.conclusive };
    case 'errorRate':
      return { value: stats.errorRate(metric.class), n: stats.conclusive };
    case 'flakeRate':
      return { value: stats.flakeRate, n: stats.conclusive };
    case 'latency':
      return { value: stats.latency.quantile(metric.quantile), n: stats.latency.n };
    case 'certificateDaysLeft':
      return { value: stats.certificateDaysLeft, n: stats.certificateDaysLeft === null ? 0 : 1 };
    case 'custom': {
      const found = stats.metrics.get(metric.name);
      return found === undefined
        ? { value: null, n: 0 }
        : { value: aggregateOf(metric.aggregate, found), n: found.sketch.n };
    }
  }
}

function aggregateOf(aggregate: MetricAggregate, { sketch, last }: MetricStats): number | null {
  switch (aggregate) {
    case 'avg':
      return sketch.n === 0 ? null : sketch.sum / sketch.n;
    case 'max':
      return sketch.max;
    case 'min':
      return sketch.min;
    case 'last':
      return last;
    case 'p95':
      return sketch.quantile(0.95);
    case 'sum':
      return sketch.n === 0 ? null : sketch.sum;
  }
}
