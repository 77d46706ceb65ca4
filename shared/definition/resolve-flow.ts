import {
  type CaptureDefinition,
  CLEANUP_FAILURES_METRIC,
  type FlowMonitor,
  type FlowStep,
  stepMetric,
} from '../monitor.ts';
import type { Reporter } from './diagnostics.ts';
import type { ParsedFlow, ParsedStep } from './flow-schema.ts';
import { nearest } from './nearest.ts';
import { resolveResponseTime } from './resolve-conditions.ts';
import { resolveExpectations } from './resolve-expectations.ts';
import { resolveMetrics, resolveSource } from './resolve-metrics.ts';
import type { Own, OwnContext } from './resolve-monitor.ts';
import { resolveRequest } from './resolve-request.ts';
import { quote } from './schema-leaves.ts';
import { CAPTURE_NAME, captureNames } from './templates.ts';

/** What has been seen of a flow on the way from its first step to its last. */
interface SoFar {
  readonly captured: Set<string>;
  /** Names of metrics, and the place that took each. */
  readonly metrics: Map<string, string>;
  readonly names: Set<string>;
}

/** Null where it cannot be used. */
export function resolveFlow(parsed: ParsedFlow, context: OwnContext, reporter: Reporter): Own<FlowMonitor> | null {
  const expect = {
    responseTimeMs: resolveResponseTime(parsed.expect?.responseTime, context.timeoutMs, reporter.at(['expect'])),
  };
  if (parsed.steps === undefined) return null;
  const soFar: SoFar = { captured: new Set(), metrics: new Map(), names: new Set() };
  const all = [...parsed.steps, ...(parsed.cleanup ?? [])].flatMap(({ capture }) => Object.keys(capture ?? {}));
  const resolveAll = (steps: readonly ParsedStep[], property: 'steps' | 'cleanup') =>
    steps.map((step, index) =>
      resolveStep(step, stepName(step.name, index, property), soFar, all, context, reporter.at([property, index])),
    );
  const steps = resolveAll(parsed.steps, 'steps');
  if ((parsed.cleanup ?? []).length > 0) soFar.metrics.set(CLEANUP_FAILURES_METRIC, 'how many clean-up steps failed');
  const cleanup = resolveAll(parsed.cleanup ?? [], 'cleanup');
  const sound = [...steps, ...cleanup].every((step) => step !== null);
  if (!sound) return null;
  const usable = (list: readonly (FlowStep | null)[]) => list.filter((step) => step !== null);
  return { type: 'flow', steps: usable(steps), cleanup: usable(cleanup), expect, metrics: [] };
}

/** Names of all metrics that a flow has, from how it is written; null where its steps cannot be told. */
export function flowMetricNames(written: Readonly<Record<string, unknown>>): string[] | null {
  const { steps, cleanup } = written;
  if (!Array.isArray(steps)) return null;
  const names = [
    ...steps.flatMap((step: unknown, index) => metricNamesOfStep(step, index, 'steps')),
    ...(Array.isArray(cleanup) ? cleanup : []).flatMap((step: unknown, index) =>
      metricNamesOfStep(step, index, 'cleanup'),
    ),
  ];
  return Array.isArray(cleanup) && cleanup.length > 0 ? [...names, CLEANUP_FAILURES_METRIC] : names;
}

function metricNamesOfStep(step: unknown, index: number, property: 'steps' | 'cleanup'): string[] {
  const { name, metrics }: { name?: unknown; metrics?: unknown } =
    typeof step === 'object' && step !== null ? step : {};
  const own = typeof metrics === 'object' && metrics !== null ? Object.keys(metrics) : [];
  return [stepMetric(stepName(typeof name === 'string' ? name : undefined, index, property)), ...own];
}

function stepName(written: string | undefined, index: number, property: 'steps' | 'cleanup'): string {
  return written ?? `${property === 'steps' ? 'step' : 'cleanup'}-${index + 1}`;
}

function resolveStep(
  parsed: ParsedStep,
  name: string,
  soFar: SoFar,
  allCaptures: readonly string[],
  context: OwnContext,
  reporter: Reporter,
): FlowStep | null {
  if (soFar.names.has(name)) {
    reporter.error(['name'], { message: `The step ${quote(name)} is there twice.`, remedy: 'Give each its own name.' });
  }
  soFar.names.add(name);
  const request = resolveRequest(parsed.request, reporter.at(['request']));
  const expect = resolveExpectations(parsed.expect, { timeoutMs: context.timeoutMs, request }, reporter.at(['expect']));
  const metrics = resolveMetrics(parsed.metrics ?? {}, reporter.at(['metrics']));
  takeMetric(stepMetric(name), `the time of step ${quote(name)}`, [], soFar, reporter);
  for (const metric of metrics) {
    takeMetric(metric.name, `a metric of step ${quote(name)}`, ['metrics', metric.name], soFar, reporter);
  }
  if (request !== null) reportUses(request, expect, soFar.captured, allCaptures, reporter);
  const capture = resolveCaptures(parsed.capture ?? {}, reporter.at(['capture']));
  for (const { name: captured } of capture) soFar.captured.add(captured);
  return request === null ? null : { name, request, expect, capture, metrics };
}

function takeMetric(name: string, what: string, path: readonly string[], { metrics }: SoFar, reporter: Reporter): void {
  const first = metrics.get(name);
  if (first === undefined) metrics.set(name, what);
  else {
    reporter.error(path, {
      message: `The metric ${quote(name)} is already ${first}.`,
      remedy: 'Give each metric of a flow a name of its own.',
    });
  }
}

/** A value can be used only after the step that brings it. */
function reportUses(
  request: FlowStep['request'],
  expect: FlowStep['expect'],
  captured: ReadonlySet<string>,
  allCaptures: readonly string[],
  reporter: Reporter,
): void {
  const places: readonly (readonly [readonly string[], string])[] = [
    [['request', 'url'], request.url],
    ...Object.entries(request.headers).map(([name, value]) => [['request', 'headers', name], value] as const),
    [['request', 'body'], request.body ?? ''],
    ...Object.entries(request.auth ?? {}).map(([name, value]) => [['request', 'auth', name], value ?? ''] as const),
    ...expect.headers.map(({ name, conditions }) => [['expect', 'header', name], JSON.stringify(conditions)] as const),
    [['expect', 'body'], JSON.stringify(expect.body)],
    ...expect.json.map(({ path, conditions }) => [['expect', 'json', path], JSON.stringify(conditions)] as const),
  ];
  for (const [path, text] of places) {
    for (const name of captureNames(text)) {
      if (captured.has(name)) continue;
      const known = [...captured];
      const meant = nearest(name, known);
      const isLater = allCaptures.includes(name);
      reporter.error(path, {
        message: isLater
          ? `\${${name}} is captured only by this step or a later one.`
          : `No step before this one captures ${quote(name)}.`,
        allowed:
          known.length === 0
            ? 'values that an earlier step captures; none captures any'
            : known.map((one) => `\${${one}}`).join(', '),
        remedy:
          meant !== null && !isLater
            ? `Did you mean \${${meant}}?`
            : `Add "capture": {"${name}": {"json": "$.…"}} to an earlier step, or write $\${ for a plain \${.`,
      });
    }
  }
}

function resolveCaptures(written: NonNullable<ParsedStep['capture']>, reporter: Reporter): CaptureDefinition[] {
  return Object.entries(written).flatMap(([name, source]): CaptureDefinition[] => {
    if (!CAPTURE_NAME.test(name)) {
      reporter.error([name], {
        message: `${quote(name)} cannot be written as \${…}.`,
        allowed: '1 to 64 letters, digits, - and _, beginning with a letter',
        remedy: 'Give it another name.',
      });
    }
    return resolveSource(name, source, reporter);
  });
}
