import type { IncomingHttpHeaders } from 'node:http';
import type { Condition, Expectations, Json } from '../../shared/monitor.ts';
import { DAY_MS, HOUR_MS } from '../../shared/schedule.ts';
import { compileCondition, type Expectation } from './condition.ts';
import { type Failure, failed } from './failure.ts';
import { compileJsonPath, type JsonSelector } from './json-path.ts';

/** All that expectations and metrics look at. */
export interface Evidence {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly totalMs: number;
  readonly text: string;
  readonly document: JsonDocument;
  /** Null without a certificate, that is without TLS. */
  readonly certificateValidToEpochMs: number | null;
  readonly nowEpochMs: number;
}

/** A body as JSON: parsed at most once, and only when somebody asks. */
export type JsonDocument = () => { readonly value: Json } | { readonly notJson: string };

export function jsonDocument(text: string): JsonDocument {
  let parsed: ReturnType<JsonDocument> | undefined;
  return () => {
    parsed ??= parse(text);
    return parsed;
  };
}

function parse(text: string): ReturnType<JsonDocument> {
  try {
    return { value: JSON.parse(text) as Json };
  } catch {
    return { notJson: text.trim() === '' ? 'the body is empty' : 'the body is not JSON' };
  }
}

/** Null when all of it holds. `redact` sees every value before it is cut short. */
export type Evaluate = (evidence: Evidence, redact: (text: string) => string) => Failure | null;

/** One expectation that did not hold. */
type Finding = (redact: (text: string) => string) => string;

/**
 * Compiled once per monitor. The failure names the first finding, a wrong status before all others, and counts the rest.
 *
 * - A body that is no JSON fails every expectation on JSON, `exists: false` too: an error page must not pass.
 * - A header that came several times is one text, joined by `, `.
 *
 * @throws JSONPathError, RE2JSException where a path or a pattern is not valid. Validation has seen to that.
 */
export function compileExpectations(expect: Expectations): Evaluate {
  const status = compileAll(expect.status, { asText: false });
  const responseTime = compileAll(expect.responseTimeMs, { asText: false, unit: ' ms' });
  const body = compileAll(expect.body, { asText: false });
  const headers = expect.headers.map(({ name, conditions }) => ({
    name,
    conditions: compileAll(conditions, { asText: true }),
  }));
  const json = expect.json.map(({ path, conditions }) => ({
    path,
    select: compileJsonPath(path),
    conditions: compileAll(conditions, { asText: false }),
  }));

  return (evidence, redact) => {
    const wrongStatus = status
      .filter((one) => !one.holds(evidence.status))
      .map(
        (one): Finding =>
          () =>
            `expected status ${one.expected}, got ${evidence.status}`,
      );
    const findings: readonly Finding[] = [
      ...wrongStatus,
      ...certificateFindings(expect.certificateValidForMs, evidence),
      ...headers.flatMap(({ name, conditions }) =>
        findingsOf(`header ${name}`, headerValue(evidence.headers, name), conditions),
      ),
      ...json.flatMap(({ path, select, conditions }) => jsonFindings(path, select, conditions, evidence.document)),
      ...findingsOf('body', evidence.text, body),
      ...responseTime
        .filter((one) => !one.holds(evidence.totalMs))
        .map(
          (one): Finding =>
            () =>
              `expected a response time ${one.expected}, took ${evidence.totalMs} ms`,
        ),
    ];
    const [first, ...others] = findings;
    if (first === undefined) return null;
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
    return failed(wrongStatus.length > 0 ? 'status' : 'expectation', null, `${first(redact)}${more}`);
  };
}

export function headerValue(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

function compileAll(conditions: readonly Condition[], comparison: { asText: boolean; unit?: string }) {
  return conditions.map((condition) => compileCondition(condition, comparison));
}

function findingsOf(what: string, value: Json | undefined, conditions: readonly Expectation[]): readonly Finding[] {
  return conditions
    .filter((one) => !one.holds(value))
    .map(
      (one) => (redact) =>
        `${what} expected ${one.expected}, ${value === undefined ? 'but it is missing' : `got ${shown(value, redact)}`}`,
    );
}

function jsonFindings(
  path: string,
  select: JsonSelector,
  conditions: readonly Expectation[],
  document: JsonDocument,
): readonly Finding[] {
  const parsed = document();
  if ('notJson' in parsed) {
    return conditions.map((one) => () => `${path} expected ${one.expected}, but ${parsed.notJson}`);
  }
  try {
    return findingsOf(path, select(parsed.value), conditions);
  } catch {
    return [() => `${path} cannot be looked for: the body is nested too deeply`];
  }
}

function certificateFindings(validForMs: number | null, evidence: Evidence): readonly Finding[] {
  if (validForMs === null) return [];
  if (evidence.certificateValidToEpochMs === null) {
    return [() => 'expected a certificate, but the answer came over plain http'];
  }
  const leftMs = evidence.certificateValidToEpochMs - evidence.nowEpochMs;
  if (leftMs >= validForMs) return [];
  return [() => `expected the certificate to be valid for ${days(validForMs)}, but it expires in ${days(leftMs)}`];
}

function days(durationMs: number): string {
  return durationMs >= DAY_MS ? `${Math.floor(durationMs / DAY_MS)} days` : `${Math.floor(durationMs / HOUR_MS)} hours`;
}

/** Bound on one value in a sentence. */
const MAX_SHOWN_CHARS = 80;

/** Bound on what is searched for secrets, far beyond what is shown even when most of it is secrets. */
const MAX_REDACTED_CHARS = 65_536;

/** Redacted before it is written as JSON, whose escapes would hide a secret, and after, for the keys of objects. */
function shown(value: Json, redact: (text: string) => string): string {
  const redacted = (_: string, part: unknown) =>
    typeof part === 'string' ? redact(part.slice(0, MAX_REDACTED_CHARS)) : part;
  const text = redact(JSON.stringify(value, redacted));
  return text.length > MAX_SHOWN_CHARS ? `${text.slice(0, MAX_SHOWN_CHARS)}…` : text;
}
