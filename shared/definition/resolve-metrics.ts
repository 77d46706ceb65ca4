import type { MetricDefinition } from '../monitor.ts';
import type { Reporter } from './diagnostics.ts';
import { CUSTOM_METRIC_NAME, type ParsedMetrics } from './metrics-schema.ts';
import { RESERVED_METRIC_NAMES } from './policy-metric.ts';
import { reportJsonPath } from './resolve-conditions.ts';
import { headerNameProblem } from './resolve-request.ts';
import { quote } from './schema-leaves.ts';

/** Paths are relative to `metrics`. */
export function resolveMetrics(written: ParsedMetrics, reporter: Reporter): MetricDefinition[] {
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
    return resolveSource(name, source, reporter);
  });
}

/** Where a metric or a captured value is taken from; nothing where no source was written, which the schema has told. */
export function resolveSource(name: string, source: ParsedMetrics[string], reporter: Reporter): MetricDefinition[] {
  if (source.json !== undefined) {
    reportJsonPath(source.json, [name, 'json'], reporter);
    return [{ name, from: 'json', path: source.json }];
  }
  if (source.header !== undefined) {
    const problem = headerNameProblem(source.header);
    if (problem !== null) reporter.error([name, 'header'], { message: problem, remedy: 'Use letters, digits and -.' });
    return [{ name, from: 'header', header: source.header.toLowerCase() }];
  }
  return source.body === undefined ? [] : [{ name, from: 'body', pattern: source.body }];
}
