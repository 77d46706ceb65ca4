import type { Json, MetricDefinition, Monitor, Region, Retention, Slo } from '../monitor.ts';
import type { Reporter } from './diagnostics.ts';
import { formatDuration } from './durations-and-ratios.ts';
import {
  AlertSchema,
  CUSTOM_METRIC_NAME,
  MonitorSchema,
  type ParsedAlert,
  type ParsedMonitor,
} from './monitor-schema.ts';
import { nearest } from './nearest.ts';
import { RESERVED_METRIC_NAMES } from './policy-metric.ts';
import { reportJsonPath, resolveExpectations } from './resolve-expectations.ts';
import { defaultPolicy, longestKeptMs, resolvePolicies } from './resolve-policies.ts';
import { headerNameProblem, resolveRequest } from './resolve-request.ts';
import { quote } from './schema-leaves.ts';
import { checkAgainst } from './schema-problems.ts';

const SoundMonitor = MonitorSchema.partial();

/** What a monitor inherits from its deployment. */
export interface MonitorContext {
  /** Null where they are not known, because parallax.json has problems or there is none: nothing is judged against them. */
  readonly regions: readonly Region[] | null;
  /** For a monitor that names none while the deployment's are not known. */
  readonly standInRegions: readonly Region[];
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly retention: Retention;
}

export interface ResolvedMonitor {
  /** Null where it is missing or malformed. */
  readonly id: string | null;
  /** Null where something was reported that keeps the monitor from being used; see the reporter's errors. */
  readonly monitor: Monitor | null;
}

/** Checks one monitor as it was written and fills in every default. Problems go to the reporter, all at once. */
export function resolveMonitor(value: Json, context: MonitorContext, reporter: Reporter): ResolvedMonitor {
  const { value: parsed, broken } = checkAgainst(MonitorSchema, SoundMonitor, value, reporter);
  if (parsed === null) return { id: null, monitor: null };
  const known = <T>(property: keyof ParsedMonitor, resolved: T): T | null => (broken.has(property) ? null : resolved);

  const everyMs = parsed.every ?? context.everyMs;
  const timeoutMs = parsed.timeout ?? context.timeoutMs;
  const regions = resolveRegions(parsed.regions, context, reporter.at(['regions']));
  const regionsKnown = parsed.regions !== undefined || context.regions !== null;
  const request = parsed.request === undefined ? null : resolveRequest(parsed.request, reporter.at(['request']));
  const metrics = resolveMetrics(parsed.metrics ?? {}, reporter.at(['metrics']));
  const policyContext = {
    everyMs: known('every', everyMs),
    timeoutMs: known('timeout', timeoutMs),
    customMetrics: metricNames(value),
    regionCount: regionsKnown ? known('regions', regions.length) : null,
    retention: context.retention,
  };
  const resolved = {
    type: parsed.type ?? 'http',
    tags: [...new Set(parsed.tags)],
    regions,
    everyMs,
    timeoutMs,
    expect: resolveExpectations(
      parsed.expect,
      { timeoutMs: policyContext.timeoutMs, request: known('request', request) },
      reporter.at(['expect']),
    ),
    metrics,
    policies:
      parsed.alerts === undefined && !broken.has('alerts')
        ? [defaultPolicy(everyMs)]
        : resolvePolicies(soundAlerts(value), policyContext, reporter.at(['alerts'])),
    slo:
      parsed.slo === undefined ? null : resolveSlo(parsed.slo, context, policyContext.timeoutMs, reporter.at(['slo'])),
    runbook: parsed.runbook ?? null,
  };
  const { id } = parsed;
  if (id === undefined) return { id: null, monitor: null };
  const usable = request !== null && broken.size === 0;
  return { id, monitor: usable ? { id, name: parsed.name ?? id, request, ...resolved } : null };
}

/** The alerts that are right by themselves, each with its place, so that a bad neighbour hides nothing. */
function soundAlerts(value: Json): { index: number; alert: ParsedAlert }[] {
  const alerts: unknown = typeof value === 'object' && value !== null && 'alerts' in value ? value.alerts : [];
  if (!Array.isArray(alerts)) return [];
  return alerts.flatMap((written, index) => {
    const parsed = AlertSchema.safeParse(written);
    return parsed.success ? [{ index, alert: parsed.data }] : [];
  });
}

/** As they are written, so that an alert on a metric with problems has none of its own. Null where they cannot be told. */
function metricNames(value: Json): string[] | null {
  const metrics: unknown = typeof value === 'object' && value !== null && 'metrics' in value ? value.metrics : {};
  return typeof metrics === 'object' && metrics !== null && !Array.isArray(metrics) ? Object.keys(metrics) : null;
}

function resolveRegions(
  written: readonly Region[] | undefined,
  context: MonitorContext,
  reporter: Reporter,
): readonly Region[] {
  if (written === undefined) return context.regions ?? context.standInRegions;
  const known = context.regions;
  written.forEach((region, index) => {
    if (written.indexOf(region) !== index) {
      reporter.error([index], { message: `${quote(region)} is listed twice.`, remedy: 'Remove one.' });
    } else if (known !== null && !known.includes(region)) {
      const meant = nearest(region, known);
      reporter.error([index], {
        message: `The deployment does not check from ${quote(region)}.`,
        allowed: known.join(', '),
        remedy: `${meant === null ? '' : `Did you mean ${quote(meant)}? Otherwise a`}${meant === null ? 'A' : ''}dd it to "regions" in parallax.json.`,
      });
    }
  });
  return written;
}

function resolveMetrics(written: NonNullable<ParsedMonitor['metrics']>, reporter: Reporter): MetricDefinition[] {
  return Object.entries(written).flatMap(([name, source]): MetricDefinition[] => {
    if (!CUSTOM_METRIC_NAME.test(name) || RESERVED_METRIC_NAMES.includes(name)) {
      reporter.error([name], {
        message: RESERVED_METRIC_NAMES.includes(name)
          ? `${quote(name)} is built in.`
          : `${quote(name)} is not a metric's name.`,
        allowed: '1 to 64 letters, digits, - and _, beginning with a letter',
        remedy: 'Give it another name.',
      });
    }
    if (source.json !== undefined) {
      reportJsonPath(source.json, [name, 'json'], reporter);
      return [{ name, from: 'json', path: source.json }];
    }
    if (source.header !== undefined) {
      const problem = headerNameProblem(source.header);
      if (problem !== null)
        reporter.error([name, 'header'], { message: problem, remedy: 'Use letters, digits and -.' });
      return [{ name, from: 'header', header: source.header.toLowerCase() }];
    }
    return source.body === undefined ? [] : [{ name, from: 'body', pattern: source.body }];
  });
}

function resolveSlo(
  slo: NonNullable<ParsedMonitor['slo']>,
  context: MonitorContext,
  timeoutMs: number | null,
  reporter: Reporter,
): Slo {
  if (slo.objective <= 0 || slo.objective >= 1) {
    reporter.error(['objective'], {
      message: `An objective of ${slo.objective * 100}% leaves ${slo.objective >= 1 ? 'no error budget' : 'nothing to miss'}.`,
      allowed: 'more than 0 and less than 1, such as "99.9%"',
      remedy: 'Write what is really promised.',
    });
  }
  const keptMs = longestKeptMs(context.retention);
  if (slo.over > keptMs) {
    reporter.error(['over'], {
      message: `The period of ${formatDuration(slo.over)} is longer than anything is kept (${formatDuration(keptMs)}).`,
      remedy: `Write at most "${formatDuration(keptMs)}", or raise "retention" in parallax.json.`,
    });
  }
  if (slo.responseTime !== undefined && timeoutMs !== null && slo.responseTime >= timeoutMs) {
    reporter.warning(['responseTime'], {
      message: `This has no effect: a check slower than its timeout of ${formatDuration(timeoutMs)} has failed anyway.`,
      remedy: 'Lower it, or raise "timeout".',
    });
  }
  return { objective: slo.objective, overMs: slo.over, responseTimeMs: slo.responseTime ?? null };
}
