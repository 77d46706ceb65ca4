import type { MetricAggregate, PlainMetric, PolicyMetric, Quantile } from '../monitor.ts';
import { REASONS } from '../result.ts';
import { DAY_MS } from '../schedule.ts';
import { streamMetricUnit } from '../stream-metrics.ts';
import type { Complaint } from './diagnostics.ts';
import { parseDurationMs, parseRatio } from './durations-and-ratios.ts';
import { nearest } from './nearest.ts';
import { quote } from './schema-leaves.ts';

const QUANTILES: Readonly<Record<string, Quantile>> = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99 };
const AGGREGATES: readonly MetricAggregate[] = ['avg', 'max', 'min', 'last', 'p95', 'sum'];
/** Of a maximum or a last value, nothing is usual over another length of time. */
const COMPARABLE: readonly MetricAggregate[] = ['avg', 'p95', 'sum'];
/** After a metric's name: as a multiple of its own week. */
const VS_WEEK = '.vsWeek';
/** Those of inconclusive results are never an error of the target. */
const ERROR_CLASSES = [
  '4xx',
  '5xx',
  ...REASONS.filter((reason) => reason !== 'prober' && reason !== 'awaiting'),
] as const;

/** The first part of a built-in metric's name: no custom metric may have it. */
export const RESERVED_METRIC_NAMES: readonly string[] = [
  'availability',
  'errorRate',
  'flakeRate',
  'latency',
  'certificate',
];

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly complaint: Complaint };

/** `latency.p95` and its like. A name without a dot that is not built in is the average of a custom metric. */
export function parsePolicyMetric(
  name: string,
  ownNames: readonly string[],
  streamNames: readonly string[] = [],
): Parsed<PolicyMetric> {
  const customNames = [...ownNames, ...streamNames];
  const metric = find(name, customNames, streamNames);
  if (metric !== null) return { ok: true, value: metric };
  const known = [
    'availability',
    'errorRate',
    ...ERROR_CLASSES.map((errorClass) => `errorRate.${errorClass}`),
    'flakeRate',
    ...Object.keys(QUANTILES).map((quantile) => `latency.${quantile}`),
    'certificate.daysLeft',
    ...Object.keys(QUANTILES).map((quantile) => `latency.${quantile}${VS_WEEK}`),
    ...customNames
      .flatMap((custom) => [custom, ...COMPARABLE.map((aggregate) => `${custom}.${aggregate}`)])
      .map((of) => `${of}${VS_WEEK}`),
    ...customNames.flatMap((custom) => [custom, ...AGGREGATES.map((aggregate) => `${custom}.${aggregate}`)]),
  ];
  const meant = nearest(name, known);
  return {
    ok: false,
    complaint: {
      message: `There is no metric ${quote(name)}.`,
      allowed: known.join(', '),
      remedy: meant === null ? 'Write one of these, or define it under "metrics".' : `Did you mean ${quote(meant)}?`,
    },
  };
}

function find(name: string, customNames: readonly string[], streamNames: readonly string[]): PolicyMetric | null {
  if (!name.endsWith(VS_WEEK)) return findPlain(name, customNames, streamNames);
  const of = findPlain(name.slice(0, -VS_WEEK.length), customNames, streamNames);
  const isComparable = of?.kind === 'latency' || (of?.kind === 'custom' && COMPARABLE.includes(of.aggregate));
  return isComparable ? { kind: 'vsWeek', of } : null;
}

function findPlain(name: string, customNames: readonly string[], streamNames: readonly string[]): PlainMetric | null {
  if (name === 'availability') return { kind: 'availability' };
  if (name === 'errorRate') return { kind: 'errorRate', class: null };
  if (name === 'flakeRate') return { kind: 'flakeRate' };
  if (name === 'certificate.daysLeft') return { kind: 'certificateDaysLeft' };
  const dot = name.indexOf('.');
  const [head, tail] = dot === -1 ? [name, null] : [name.slice(0, dot), name.slice(dot + 1)];
  if (head === 'errorRate') {
    const errorClass = ERROR_CLASSES.find((candidate) => candidate === tail);
    return errorClass === undefined ? null : { kind: 'errorRate', class: errorClass };
  }
  if (head === 'latency') {
    const quantile = tail !== null && Object.hasOwn(QUANTILES, tail) ? QUANTILES[tail] : undefined;
    return quantile === undefined ? null : { kind: 'latency', quantile };
  }
  if (!customNames.includes(head)) return null;
  const aggregate = tail === null ? 'avg' : AGGREGATES.find((candidate) => candidate === tail);
  if (aggregate === undefined) return null;
  const unit = streamNames.includes(head) ? streamMetricUnit(head) : null;
  return { kind: 'custom', name: head, aggregate, ...(unit === null ? {} : { unit }) };
}

/** Ratio 0–1, milliseconds, days, a multiple, or the metric's own unit: see `AlertPolicy.threshold`. */
export function parseThreshold(
  metric: PolicyMetric,
  breach: 'above' | 'below',
  written: number | string,
): Parsed<number> {
  switch (metric.kind) {
    case 'availability':
    case 'errorRate':
    case 'flakeRate':
      return ratioThreshold(breach, written);
    case 'latency':
      return durationThreshold(breach, written, 'a response time');
    case 'certificateDaysLeft': {
      const ms = typeof written === 'string' ? parseDurationMs(written) : null;
      const days = typeof written === 'number' ? written : ms === null ? null : ms / DAY_MS;
      if (days !== null) return { ok: true, value: days };
      return wrong(written, 'a number of days', 'a number of days, or a duration such as "14d"', 'Write "14d".');
    }
    case 'vsWeek':
      if (typeof written === 'number' && written > 0) return { ok: true, value: written };
      return wrong(
        written,
        'a multiple of what is usual',
        'a number more than 0, such as 3: three times as much',
        'Write a plain number.',
      );
    case 'custom':
      if (metric.unit === 'ms') return durationThreshold(breach, written, 'a time');
      if (metric.unit === 'dollars' && typeof written !== 'number') {
        return wrong(written, 'a number of dollars', 'a number of dollars, such as 0.05', 'Write a plain number.');
      }
      if (typeof written === 'number') return { ok: true, value: written };
      return wrong(written, 'a number', "a number in the metric's own unit", 'Write a plain number.');
  }
}

function durationThreshold(breach: 'above' | 'below', written: number | string, what: string): Parsed<number> {
  const ms = typeof written === 'string' ? parseDurationMs(written) : null;
  if (ms !== null && (ms > 0 || breach === 'above')) return { ok: true, value: ms };
  const remedy = typeof written === 'number' ? `Did you mean "${written}ms"?` : 'Write a duration such as "800ms".';
  return wrong(written, what, 'a duration such as "800ms" or "2s"', remedy);
}

function ratioThreshold(breach: 'above' | 'below', written: number | string): Parsed<number> {
  const allowed = 'a ratio: 0 to 1, or a percentage such as "99%"';
  const ratio = parseRatio(written);
  if (ratio === null) {
    const percent = Number(written);
    const remedy = percent > 1 && percent <= 100 ? `Did you mean "${percent}%"?` : 'Write a percentage such as "99%".';
    return wrong(written, 'a ratio', allowed, remedy);
  }
  if ((breach === 'below' && ratio === 0) || (breach === 'above' && ratio === 1)) {
    return {
      ok: false,
      complaint: {
        message: `A ratio is never ${breach} ${ratio * 100}%, so this can never breach.`,
        allowed,
        remedy: breach === 'below' ? 'Raise the threshold.' : 'Lower the threshold.',
      },
    };
  }
  return { ok: true, value: ratio };
}

function wrong(written: number | string, what: string, allowed: string, remedy: string): Parsed<never> {
  const shown = typeof written === 'string' ? quote(written) : String(written);
  return { ok: false, complaint: { message: `${shown} is not ${what}.`, allowed, remedy } };
}
