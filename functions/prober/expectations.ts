import type { IncomingHttpHeaders } from 'node:http';
import type { Expectations, Json, StreamReading } from '../../shared/monitor.ts';
import type { StreamedAnswer } from './answer-stream.ts';
import type { Expectation } from './condition.ts';
import type { Failure } from './failure.ts';
import {
  certificateFindings,
  compileAll,
  compileResponseTime,
  type Finding,
  failureOf,
  findingsOf,
} from './findings.ts';
import { compileJsonPath, type JsonSelector } from './json-path.ts';

/** All that expectations and metrics look at. */
export interface Evidence {
  readonly status: number;
  /** `http/1.1`, `h2`. */
  readonly protocol: string | null;
  readonly headers: IncomingHttpHeaders;
  readonly totalMs: number;
  readonly text: string;
  /** Of the streamed answer where there is one, else of the body. */
  readonly document: JsonDocument;
  /** Where the body was read as a stream. */
  readonly streamed?: StreamedAnswer;
  /** Null without a certificate, that is without TLS. */
  readonly certificateValidToEpochMs: number | null;
  readonly nowEpochMs: number;
}

/** A text as JSON: parsed at most once, and only when somebody asks. */
export type JsonDocument = () => { readonly value: Json } | { readonly notJson: string };

/** `what` the text is, such as `the body`. */
export function jsonDocument(text: string, what = 'the body'): JsonDocument {
  let parsed: ReturnType<JsonDocument> | undefined;
  return () => {
    parsed ??= parse(text, what);
    return parsed;
  };
}

function parse(text: string, what: string): ReturnType<JsonDocument> {
  try {
    return { value: JSON.parse(text) as Json };
  } catch {
    return { notJson: `${what} is ${text.trim() === '' ? 'empty' : 'not JSON'}` };
  }
}

/** Null when all of it holds. `redact` sees every value before it is cut short. */
export type Evaluate = (evidence: Evidence, redact: (text: string) => string) => Failure | null;

/**
 * Compiled once per monitor. The failure names the first finding, a wrong status before all others, and counts the rest.
 *
 * - A body that is no JSON fails every expectation on JSON, `exists: false` too: an error page must not pass.
 * - A header that came several times is one text, joined by `, `.
 *
 * @throws JSONPathError, RE2JSException where a path or a pattern is not valid. Validation has seen to that.
 */
export function compileExpectations(
  expect: Expectations,
  stream: Pick<StreamReading, 'answer' | 'stopReason'> = NOT_STREAMED,
): Evaluate {
  const status = compileAll(expect.status, { asText: false });
  const protocol = compileAll(expect.protocol ?? [], { asText: false });
  const responseTime = compileResponseTime(expect.responseTimeMs);
  const body = compileAll(expect.body, { asText: false });
  const headers = compileHeaders(expect.headers);
  const json = compileJson(expect.json);
  const answer = compileAll(stream.answer, { asText: false });
  const stopReason = compileAll(stream.stopReason, { asText: false });

  return (evidence, redact) => {
    const wrongStatus = status
      .filter((one) => !one.holds(evidence.status))
      .map(
        (one): Finding =>
          () =>
            `expected status ${one.expected}, got ${evidence.status}`,
      );
    const { certificateValidToEpochMs, nowEpochMs } = evidence;
    return failureOf(
      wrongStatus,
      [
        ...certificateFindings(expect.certificateValidForMs, certificateValidToEpochMs, nowEpochMs),
        ...findingsOf('the protocol', evidence.protocol ?? undefined, protocol),
        ...headers(evidence.headers),
        ...findingsOf('the answer', evidence.streamed?.text, answer, 'no text came'),
        ...findingsOf('the stop reason', evidence.streamed?.stopReason, stopReason),
        ...json(evidence.document),
        ...findingsOf('body', evidence.text, body),
        ...responseTime(evidence.totalMs),
      ],
      redact,
    );
  };
}

const NOT_STREAMED = { answer: [], stopReason: [] };

export function compileHeaders(
  expected: Expectations['headers'],
): (headers: IncomingHttpHeaders) => readonly Finding[] {
  const compiled = expected.map(({ name, conditions }) => ({
    name,
    conditions: compileAll(conditions, { asText: true }),
  }));
  return (headers) =>
    compiled.flatMap(({ name, conditions }) => findingsOf(`header ${name}`, headerValue(headers, name), conditions));
}

/** @throws JSONPathError where a path is not valid */
export function compileJson(expected: Expectations['json']): (document: JsonDocument) => readonly Finding[] {
  const compiled = expected.map(({ path, conditions }) => ({
    path,
    select: compileJsonPath(path),
    conditions: compileAll(conditions, { asText: false }),
  }));
  return (document) =>
    compiled.flatMap(({ path, select, conditions }) => jsonFindings(path, select, conditions, document));
}

export function headerValue(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
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
