import { compile } from 'json-p3';
import type { Condition, Expectations, Json } from '../monitor.ts';
import { conditionsFrom, contradiction, type Operators, type Subject } from './conditions.ts';
import type { Complaint, JsonPath, Reporter } from './diagnostics.ts';
import { formatDuration } from './durations-and-ratios.ts';
import { headerNameProblem } from './resolve-request.ts';
import { captureNames } from './templates.ts';

/** What `expect` has in several kinds of monitors. Paths are relative to `expect`. */

/** A hostile path could nest deeper than the compiler's stack; nobody writes one this long. */
const MAX_JSON_PATH_CHARS = 500;

/** A bare value means equals. */
export function bareOr(value: string | number | readonly string[] | Operators): Condition[] {
  return typeof value === 'object' && !isList(value) ? conditionsFrom(value) : [{ op: 'equals', value }];
}

/** The conditions, after a look at whether any value can satisfy them. `never`: why none can here, where that is known. */
export function judged(
  conditions: readonly Condition[],
  subject: Subject,
  path: JsonPath,
  reporter: Reporter,
  never: Complaint | null = null,
): readonly Condition[] {
  // What a flow captures is not known yet.
  const known = conditions.filter((condition) => captureNames(JSON.stringify(condition)).length === 0);
  const reason = contradiction(known, subject);
  if (reason !== null) {
    reporter.error(path, { message: `This can never hold. ${reason}`, remedy: 'Correct or remove one of them.' });
  } else if (never !== null) reporter.error(path, never);
  return conditions;
}

/** By JSONPath. */
export function resolveJsonConditions(
  json: Readonly<Record<string, Json | Operators>> | undefined,
  reporter: Reporter,
  never: Complaint | null = null,
): Expectations['json'] {
  return Object.entries(json ?? {}).map(([path, operators]) => {
    reportJsonPath(path, ['json', path], reporter);
    const conditions: Condition[] = isOperators(operators)
      ? conditionsFrom(operators)
      : [{ op: 'equals', value: operators }];
    return { path, conditions: judged(conditions, 'json', ['json', path], reporter, never) };
  });
}

function isOperators(value: Json | Operators): value is Operators {
  return typeof value === 'object' && value !== null && !isList(value);
}

/** By name. Paths are relative to `expect`. */
export function resolveHeaderConditions(
  headers: Readonly<Record<string, string | Operators>> | undefined,
  reporter: Reporter,
): Expectations['headers'] {
  const seen = new Set<string>();
  return Object.entries(headers ?? {}).map(([written, operators]) => {
    const name = written.toLowerCase();
    const problem = headerNameProblem(written) ?? (seen.has(name) ? `The header ${name} is asked about twice.` : null);
    if (problem !== null)
      reporter.error(['header', written], { message: problem, remedy: 'Write each header once, by its name.' });
    seen.add(name);
    return { name, conditions: judged(bareOr(operators), 'text', ['header', written], reporter) };
  });
}

/** `timeoutMs`: null where it has problems of its own. */
export function resolveResponseTime(
  operators: Operators | undefined,
  timeoutMs: number | null,
  reporter: Reporter,
): readonly Condition[] {
  if (operators === undefined) return [];
  const conditions = conditionsFrom(operators);
  const domain = { integers: false, min: 0, max: Number.POSITIVE_INFINITY };
  const reason = contradiction(conditions, domain);
  if (reason !== null) {
    reporter.error(['responseTime'], {
      message: `This can never hold. ${reason} (milliseconds)`,
      remedy: 'Correct or remove one of them.',
    });
  } else if (timeoutMs !== null) {
    const least = Math.max(operators.above ?? 0, operators.between?.[0] ?? 0);
    const most = Math.min(
      operators.below ?? Number.POSITIVE_INFINITY,
      operators.between?.[1] ?? Number.POSITIVE_INFINITY,
    );
    if (least >= timeoutMs) {
      reporter.error(['responseTime'], {
        message: `This can never hold: a check ends at its timeout of ${formatDuration(timeoutMs)}, and this asks for more than ${formatDuration(least)}.`,
        remedy: 'Ask for less, or raise "timeout".',
      });
    } else if (most > timeoutMs && Number.isFinite(most)) {
      reporter.warning(['responseTime'], {
        message: `This limit of ${formatDuration(most)} has no effect: a check ends at its timeout of ${formatDuration(timeoutMs)}.`,
        remedy: 'Lower the limit, or raise "timeout" above it.',
      });
    }
  }
  return conditions;
}

/** Reports a path that is not RFC 9535 JSONPath. */
export function reportJsonPath(path: string, at: JsonPath, reporter: Reporter): void {
  const fault = jsonPathFault(path);
  if (fault === null) return;
  reporter.error(at, {
    message: `This is not a JSONPath: ${fault}.`,
    allowed: 'JSONPath as in RFC 9535, such as "$.queue.depth", "$.items[0].id" or "$[\'odd key\']"',
    remedy: path.startsWith('$') ? 'Correct the path.' : 'Begin it with $.',
  });
}

function jsonPathFault(path: string): string | null {
  if (path.length > MAX_JSON_PATH_CHARS) return `it is longer than ${MAX_JSON_PATH_CHARS} characters`;
  try {
    compile(path);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** `Array.isArray`, which does not narrow readonly lists. */
function isList(value: object | null): value is readonly Json[] {
  return Array.isArray(value);
}
