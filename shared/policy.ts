import { metricValue } from './metric-value.ts';
import type { AlertPolicy, Region, RegionRule } from './monitor.ts';
import { againstWeek, type WeekValue } from './own-week.ts';
import { WindowStats } from './window.ts';

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
  /** What the value is a multiple of, where it is compared with the monitor's own week; else null. */
  readonly usual: number | null;
}

export interface PolicyEvaluation {
  readonly state: PolicyState;
  readonly regions: readonly RegionEvaluation[];
  /** The merged regions' value where the rule is `pooled`, else null. */
  readonly pooled: WeekValue | null;
}

/** The windows of one monitor at one slot, one per region that it is checked from. */
export type RegionWindows = ReadonlyMap<Region, WindowStats>;

/** What a monitor's metrics are compared with: its windows over the week before, per region, and how often it is checked. */
export interface OwnWeek {
  readonly windows: RegionWindows;
  readonly everyMs: number;
}

/** `week`: for metrics that are compared with it; without it those are unknown. */
export function evaluatePolicy(
  policy: Pick<AlertPolicy, 'metric' | 'breach' | 'threshold' | 'regions' | 'overMs'>,
  windows: RegionWindows,
  week: OwnWeek | null = null,
): PolicyEvaluation {
  const look = (chosen: readonly (readonly [Region, WindowStats])[]) => lookAt(policy, chosen, week);
  const regions = [...windows].map(([region, stats]): RegionEvaluation => {
    const seen = look([[region, stats]]);
    return { region, state: stateOf(policy, seen.value), ...seen };
  });
  if (policy.regions === 'pooled') {
    const pooled = look([...windows]);
    return { state: stateOf(policy, pooled.value), regions, pooled };
  }
  return { state: agree(policy.regions, regions), regions, pooled: null };
}

/** The metric over the given regions together. */
function lookAt(
  { metric, overMs }: Pick<AlertPolicy, 'metric' | 'overMs'>,
  windows: readonly (readonly [Region, WindowStats])[],
  week: OwnWeek | null,
): WeekValue {
  if (metric.kind === 'vsWeek') {
    const pairs = windows.map(([region, now]) => ({ now, week: week?.windows.get(region) ?? new WindowStats() }));
    return againstWeek(metric.of, pairs, overMs, week?.everyMs ?? overMs);
  }
  const only = windows.length === 1 ? windows[0]?.[1] : undefined;
  return { ...metricValue(metric, only ?? mergeAll(windows)), usual: null };
}

function mergeAll(windows: readonly (readonly [Region, WindowStats])[]): WindowStats {
  const merged = new WindowStats();
  for (const [, stats] of windows) merged.merge(stats);
  return merged;
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
