import { RE2JS } from 're2js';
import type { Json, MetricDefinition } from '../../shared/monitor.ts';
import { type Evidence, headerValue } from './expectations.ts';
import { compileJsonPath } from './json-path.ts';

/** Takes a monitor's own numbers from an answer. Where one is not there, or is not a finite number, it is absent. */
export type Measure = (evidence: Evidence) => Readonly<Record<string, number>>;

/** @throws JSONPathError, RE2JSException where a path or a pattern is not valid. Validation has seen to that. */
export function compileMetrics(definitions: readonly MetricDefinition[]): Measure {
  const extractors = definitions.map((definition) => ({ name: definition.name, extract: compileSource(definition) }));
  return (evidence) => {
    const metrics: Record<string, number> = {};
    for (const { name, extract } of extractors) {
      const value = finiteNumber(extract(evidence));
      if (value !== null) metrics[name] = value;
    }
    return metrics;
  };
}

/**
 * What a definition takes from an answer; undefined where there is none.
 * @throws JSONPathError, RE2JSException as {@link compileMetrics} does
 */
export function compileSource(definition: MetricDefinition): (evidence: Evidence) => Json | undefined {
  switch (definition.from) {
    case 'json': {
      const select = compileJsonPath(definition.path);
      return ({ document }) => {
        const parsed = document();
        if ('notJson' in parsed) return undefined;
        try {
          return select(parsed.value);
        } catch {
          return undefined; // nested too deeply
        }
      };
    }
    case 'header':
      return ({ headers }) => headerValue(headers, definition.header);
    case 'body': {
      const pattern = RE2JS.compile(definition.pattern);
      return ({ text }) => {
        const match = pattern.matcher(text);
        if (!match.find()) return undefined;
        return match.groupCount() > 0 ? (match.group(1) ?? undefined) : match.group();
      };
    }
    default:
      return unknownSource(definition);
  }
}

function unknownSource(definition: never): never {
  throw new TypeError(`unknown source of a metric in ${JSON.stringify(definition)}`);
}

/** Numbers often travel as text; a list of one number, from a path with a wildcard, is that number. */
function finiteNumber(value: Json | undefined): number | null {
  if (Array.isArray(value) && value.length === 1) return finiteNumber(value[0]);
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}
