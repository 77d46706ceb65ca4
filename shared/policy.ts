import type { AlertPolicy, MetricAggregate, PolicyMetric, Region, RegionRule } from './monitor.ts';
import { type MetricStats, WindowStats } from './window.ts';

/** `unknown`: there is not enough data to say. It neither opens nor resolves anything. */
export type PolicyState = 'breached' | 'ok' | 'unknown';

/** A region's window seen through one policy. */
export interface RegionEvaluation {
  readonly region: Region;
  readonly state: PolicyState;
  /** In the metric's unit. Null when unknown. */
  readonly value: number | null;
  /** How many results, or metric values, the value stands on. */
  readonly n: number;
}

export interface PolicyEvaluation {
  readonly state: PolicyState;
  readonly regions: readonly RegionEvaluation[];
  /** The merged regions' value where the rule is `pooled`, else null. */
  readonly pooled: { readonly value: number | null; readonly n: number } | null;
}

/** The windows of one monitor at one slot, one per region that it is checked from. */
export type RegionWindows = ReadonlyMap<Region, WindowStats>;

export function evaluatePolicy(
  policy: Pick<AlertPolicy, 'metric' | 'breach' | 'threshold' | 'regions'>,
  windows: RegionWindows,
): PolicyEvaluation {
  const regions = [...windows].map(([region, stats]): RegionEvaluation => {
    const { value, n } = metricOf(policy.metric, stats);
    return { region, state: stateOf(policy, value), value, n };
  });
  if (policy.regions === 'pooled') {
    const merged = new WindowStats();
    for (const stats of windows.values()) merged.merge(stats);
    const pooled = metricOf(policy.metric, merged);
    return { state: stateOf(policy, pooled.value), regions, pooled };
  }
  return { state: agree(policy.regions, regions), regions, pooled: null };
}

function stateOf(policy: Pick<AlertPolicy, 'breach' | 'threshold'>, value: number | null): PolicyState {
  if (value === null) return 'unknown';
  const breached = policy.breach === 'above' ? value > policy.threshold : value < policy.threshold;
  return breached ? 'breached' : 'ok';
}

/**
 * Whether enough regions breach. Regions without data neither agree nor disagree: the others go on as long as
 * they can tell. One region of several never makes a majority, and never is `all`, even when the others are silent.
 */
function agree(rule: Exclude<RegionRule, 'pooled'>, regions: readonly RegionEvaluation[]): PolicyState {
  const withData = regions.filter((r) => r.state !== 'unknown').length;
  const breached = regions.filter((r) => r.state === 'breached').length;
  if (breached >= regionsNeeded(rule, withData, regions.length)) return 'breached';
  const quorum = Math.floor(regions.length / 2) + 1;
  return withData > 0 && (breached === 0 || withData >= quorum) ? 'ok' : 'unknown';
}

/** How many regions must breach, of those with data. */
export function regionsNeeded(rule: Exclude<RegionRule, 'pooled'>, withData: number, configured: number): number {
  if (typeof rule === 'number') return rule;
  const notJustOne = Math.min(2, configured);
  switch (rule) {
    case 'any':
      return 1;
    case 'majority':
      return Math.max(Math.floor(withData / 2) + 1, notJustOne);
    case 'all':
      return Math.max(withData, notJustOne);
  }
}

/**
 * The metric's value in a window; null where there is none. A quantile is the nearest rank whatever n: with too few
 * results it is the slowest one, which errs towards telling. n goes with it, and people are shown it.
 */
function metricOf(metric: PolicyMetric, stats: WindowStats): { value: number | null; n: number } {
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
