import { NO_DATA_POLICY, SPEND_CAP_POLICY } from '../incident.ts';
import type { AlertPolicy, PolicyMetric, Retention } from '../monitor.ts';
import { MIN_WEEK_VALUES, WEEK_MS } from '../own-week.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../schedule.ts';
import type { Reporter } from './diagnostics.ts';
import { formatDuration } from './durations-and-ratios.ts';
import type { ParsedAlert } from './monitor-base-schema.ts';
import { parsePolicyMetric, parseThreshold } from './policy-metric.ts';
import { quote } from './schema-leaves.ts';

const DEFAULT_OVER_MS = 5 * MINUTE_MS;
const DEFAULT_REMIND_EVERY_MS = 4 * HOUR_MS;

const OWN_IDS: readonly string[] = [NO_DATA_POLICY, SPEND_CAP_POLICY];

/** What the rest of the monitor says, null where that has problems of its own and so cannot be judged against. */
export interface PolicyContext {
  readonly everyMs: number | null;
  /** How often there is a time to measure. */
  readonly latencyEveryMs: number | null;
  readonly timeoutMs: number | null;
  readonly customMetrics: readonly string[] | null;
  readonly streamMetrics: readonly string[];
  readonly regionCount: number | null;
  readonly retention: Retention;
}

/** What a monitor without `alerts` gets: failing in a majority of regions, in two slots after another. */
export function defaultPolicy(everyMs: number): AlertPolicy {
  return {
    id: 'down',
    metricName: 'availability',
    metric: { kind: 'availability' },
    breach: 'below',
    threshold: 0.5,
    overMs: everyMs,
    regions: 'majority',
    severity: 'critical',
    confirm: 2,
    recover: 2,
    remindEveryMs: DEFAULT_REMIND_EVERY_MS,
  };
}

/** A heartbeat has one judge, who saw nothing but what came: a miss needs no second look, and a call ends it. */
export function defaultHeartbeatPolicy(everyMs: number): AlertPolicy {
  return { ...defaultPolicy(everyMs), regions: 'any', confirm: 1, recover: 1 };
}

/** Each alert comes with its index in `alerts`, to which the reporter's paths are relative. */
export function resolvePolicies(
  alerts: readonly { readonly index: number; readonly alert: ParsedAlert }[],
  context: PolicyContext,
  reporter: Reporter,
): AlertPolicy[] {
  const ids = policyIds(alerts, reporter);
  return alerts.flatMap(({ index, alert }, position) => {
    const policy = resolvePolicy(alert, ids[position] ?? alert.metric, context, reporter.at([index]));
    return policy === null ? [] : [policy];
  });
}

function policyIds(
  alerts: readonly { readonly index: number; readonly alert: ParsedAlert }[],
  reporter: Reporter,
): string[] {
  const taken = new Map<string, number>();
  for (const { index, alert } of alerts) {
    if (alert.id === undefined) continue;
    if (OWN_IDS.includes(alert.id)) {
      reporter.error([index, 'id'], {
        message: `The policy id ${quote(alert.id)} is Parallax's own: two incidents would be one.`,
        remedy: 'Choose another id.',
      });
    }
    const first = taken.get(alert.id);
    if (first === undefined) taken.set(alert.id, index);
    else {
      reporter.error([index, 'id'], {
        message: `The policy id ${quote(alert.id)} is already that of alerts[${first}].`,
        remedy: 'Give each policy of a monitor its own id.',
      });
    }
  }
  return alerts.map(({ index, alert }) => {
    if (alert.id !== undefined) return alert.id;
    let id = alert.metric;
    for (let n = 2; taken.has(id); n += 1) id = `${alert.metric}-${n}`;
    taken.set(id, index);
    return id;
  });
}

function resolvePolicy(alert: ParsedAlert, id: string, context: PolicyContext, reporter: Reporter): AlertPolicy | null {
  const everyMs = alert.metric.startsWith('latency.') ? context.latencyEveryMs : context.everyMs;
  const overMs = alert.over ?? Math.max(DEFAULT_OVER_MS, everyMs ?? MINUTE_MS);
  const regions = alert.regions ?? 'majority';
  if (everyMs !== null) checkWindow(overMs, everyMs, context.retention, reporter);
  if (typeof regions === 'number' && context.regionCount !== null && regions > context.regionCount) {
    reporter.error(['regions'], {
      message: `${regions} regions must breach, and the monitor is checked from ${context.regionCount}: this can never breach.`,
      allowed: `"any", "majority", "all", "pooled", or 1 to ${context.regionCount}`,
      remedy: 'Lower it, or check from more regions.',
    });
  }
  const breach = breachOf(alert, reporter);
  // Without knowing the custom metrics, a name that is not built in may be one of them.
  if (context.customMetrics === null) return null;
  const metric = parsePolicyMetric(alert.metric, context.customMetrics, context.streamMetrics);
  if (!metric.ok) {
    reporter.error(['metric'], metric.complaint);
    return null;
  }
  if (breach === null) return null;
  const threshold = parseThreshold(metric.value, breach.breach, breach.written);
  if (!threshold.ok) {
    reporter.error([breach.breach], threshold.complaint);
    return null;
  }
  if (metric.value.kind === 'vsWeek') {
    checkWeek(overMs, context.retention, reporter);
    if (everyMs !== null) checkWeekValues(everyMs, context, regions === 'pooled', reporter);
  }
  if (everyMs !== null)
    warnOfFewResults(alert.metric, metric.value, overMs, everyMs, context, regions === 'pooled', reporter);
  warnOfTimeout(metric.value, breach.breach, threshold.value, context.timeoutMs, reporter);
  return {
    id,
    metricName: alert.metric,
    metric: metric.value,
    breach: breach.breach,
    threshold: threshold.value,
    overMs,
    regions,
    severity: alert.severity ?? 'critical',
    confirm: alert.confirm ?? 1,
    recover: alert.recover ?? 2,
    remindEveryMs: alert.remindEvery === 'never' ? null : (alert.remindEvery ?? DEFAULT_REMIND_EVERY_MS),
  };
}

function breachOf(
  alert: ParsedAlert,
  reporter: Reporter,
): { breach: 'above' | 'below'; written: number | string } | null {
  const { above, below } = alert;
  if (above !== undefined && below === undefined) return { breach: 'above', written: above };
  if (below !== undefined && above === undefined) return { breach: 'below', written: below };
  reporter.error([], {
    message: above === undefined ? 'The alert has no threshold.' : 'The alert has both "above" and "below".',
    allowed: 'exactly one of above, below',
    remedy: above === undefined ? 'Add "above" or "below".' : 'Make them two alerts.',
  });
  return null;
}

function checkWindow(overMs: number, everyMs: number, retention: Retention, reporter: Reporter): void {
  if (overMs < everyMs) {
    reporter.error(['over'], {
      message: `The window of ${formatDuration(overMs)} is shorter than the ${formatDuration(everyMs)} between two checks: it would mostly be empty.`,
      remedy: `Write at least "${formatDuration(everyMs)}".`,
    });
  }
  const keptMs = longestKeptMs(retention);
  if (overMs > keptMs) {
    reporter.error(['over'], {
      message: `The window of ${formatDuration(overMs)} is longer than anything is kept (${formatDuration(keptMs)}).`,
      remedy: `Write at most "${formatDuration(keptMs)}", or raise "retention" in parallax.json.`,
    });
  }
}

/** The week ends where the window begins, in hours and days. */
function checkWeek(overMs: number, retention: Retention, reporter: Reporter): void {
  if (overMs > DAY_MS) {
    reporter.error(['over'], {
      message: `A window of ${formatDuration(overMs)} cannot be compared with a week.`,
      remedy: 'Write at most "1d".',
    });
  }
  const neededMs = WEEK_MS + 2 * DAY_MS;
  if (retention.hoursMs < neededMs || retention.daysMs < neededMs) {
    reporter.error(['metric'], {
      message: `The week before is made of hours and days, and they are kept for ${formatDuration(Math.min(retention.hoursMs, retention.daysMs))}.`,
      remedy: `Raise "retention" in parallax.json to ${formatDuration(neededMs)} for both, or choose another metric.`,
    });
  }
}

/** What is usual stands on so many values, whatever the window. */
function checkWeekValues(everyMs: number, context: PolicyContext, pooled: boolean, reporter: Reporter): void {
  const perRegion = Math.floor(WEEK_MS / everyMs);
  const values = pooled ? perRegion * (context.regionCount ?? MIN_WEEK_VALUES) : perRegion;
  if (values >= MIN_WEEK_VALUES) return;
  reporter.error(['metric'], {
    message: `A week has ${values} checks${pooled ? ' in all regions' : ' per region'}, and what is usual stands on ${MIN_WEEK_VALUES}: this can never breach.`,
    remedy: `Write an "every" of at most "8h"${pooled ? '' : ', "regions": "pooled" over enough regions'}, or choose another metric.`,
  });
}

export function longestKeptMs(retention: Retention): number {
  return Math.max(retention.resultsMs, retention.fiveMinutesMs, retention.hoursMs, retention.daysMs);
}

/** Below 1 ÷ (1 − q) results, the quantile is only the slowest of them. */
function warnOfFewResults(
  name: string,
  metric: PolicyMetric,
  overMs: number,
  everyMs: number,
  context: PolicyContext,
  pooled: boolean,
  reporter: Reporter,
): void {
  const needed = resultsNeeded(metric);
  const perRegion = Math.floor(overMs / everyMs);
  const results = pooled ? perRegion * (context.regionCount ?? 1) : perRegion;
  if (needed === null || results < 1 || results >= needed) return;
  if (pooled && context.regionCount === null) return;
  const pool = !pooled && context.regionCount !== null && perRegion * context.regionCount >= needed;
  const holds = `A window of ${formatDuration(overMs)} holds ${results} results${pooled ? ' of all regions' : ' per region'}, and ${name} needs ${needed}`;
  const orPooled = pool ? ', or "regions": "pooled"' : '';
  const enough = `Write "over": "${formatDuration(needed * everyMs)}" or longer${orPooled}.`;
  if (metric.kind !== 'vsWeek') {
    reporter.warning(['over'], { message: `${holds}: with fewer it is only the slowest.`, remedy: enough });
    return;
  }
  const isPossible = needed * everyMs <= DAY_MS;
  const remedy = isPossible ? enough : `Choose a lower percentile or a shorter "every"${orPooled}.`;
  reporter.error(['over'], { message: `${holds}: this can never breach.`, remedy });
}

function resultsNeeded(metric: PolicyMetric): number | null {
  if (metric.kind === 'vsWeek') return resultsNeeded(metric.of);
  // Rounded, since 1 ÷ (1 − 0.95) is 19.999… in doubles.
  if (metric.kind === 'latency') return Math.round(1 / (1 - metric.quantile));
  if (metric.kind === 'custom' && metric.aggregate === 'p95') return 20;
  return null;
}

function warnOfTimeout(
  metric: PolicyMetric,
  breach: string,
  threshold: number,
  timeoutMs: number | null,
  reporter: Reporter,
): void {
  if (metric.kind !== 'latency' || breach !== 'above' || timeoutMs === null || threshold < timeoutMs) return;
  reporter.warning(['above'], {
    message: `No check is slower than its timeout of ${formatDuration(timeoutMs)}, so this never breaches.`,
    remedy: 'Lower the threshold, or raise "timeout".',
  });
}
