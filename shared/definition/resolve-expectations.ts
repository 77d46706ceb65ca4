import { compile } from 'json-p3';
import type { Condition, Expectations, HttpRequest } from '../monitor.ts';
import { conditionsFrom, contradiction, type Subject } from './conditions.ts';
import type { JsonPath, Reporter } from './diagnostics.ts';
import { formatDuration } from './durations-and-ratios.ts';
import type { ParsedExpectations } from './monitor-schema.ts';
import { headerNameProblem } from './resolve-request.ts';

const STATUSES: Subject = { integers: true, min: 100, max: 599 };
const ANY_SUCCESS: readonly Condition[] = [{ op: 'between', low: 200, high: 299 }];
const REDIRECTS = [301, 302, 303, 307, 308];
/** A hostile path could nest deeper than the compiler's stack; nobody writes one this long. */
const MAX_JSON_PATH_CHARS = 500;

/** What the rest of the monitor says, null where that has problems of its own. */
export interface ExpectationContext {
  readonly timeoutMs: number | null;
  readonly request: HttpRequest | null;
}

/** Paths are relative to `expect`. */
export function resolveExpectations(
  parsed: ParsedExpectations | undefined,
  context: ExpectationContext,
  reporter: Reporter,
): Expectations {
  const expect = parsed ?? {};
  return {
    status: resolveStatus(expect.status, context, reporter),
    responseTimeMs: resolveResponseTime(expect.responseTime, context, reporter),
    headers: resolveHeaders(expect.header, reporter),
    body: expect.body === undefined ? [] : judged(bareOr(expect.body), 'text', ['body'], reporter, context),
    json: Object.entries(expect.json ?? {}).map(([path, operators]) => {
      reportJsonPath(path, ['json', path], reporter);
      const conditions: Condition[] =
        typeof operators === 'object' && operators !== null && !Array.isArray(operators)
          ? conditionsFrom(operators)
          : [{ op: 'equals', value: operators }];
      return { path, conditions: judged(conditions, 'json', ['json', path], reporter, context) };
    }),
    certificateValidForMs: resolveCertificate(expect.certificate, context, reporter),
  };
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

function resolveStatus(
  status: ParsedExpectations['status'],
  context: ExpectationContext,
  reporter: Reporter,
): readonly Condition[] {
  if (status === undefined) return ANY_SUCCESS;
  const redirects = context.request?.maxRedirects ?? 0;
  if (typeof status === 'number' && REDIRECTS.includes(status) && redirects > 0) {
    reporter.warning(['status'], {
      message: `Up to ${redirects} redirects are followed, so the last answer is hardly ever a ${status}.`,
      remedy: 'Set "redirects": 0 in request, so that the redirect is the answer.',
    });
  }
  return judged(bareOr(status), STATUSES, ['status'], reporter, context);
}

function resolveResponseTime(
  operators: ParsedExpectations['responseTime'],
  { timeoutMs }: ExpectationContext,
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

function resolveHeaders(headers: ParsedExpectations['header'], reporter: Reporter): Expectations['headers'] {
  const seen = new Set<string>();
  return Object.entries(headers ?? {}).map(([written, operators]) => {
    const name = written.toLowerCase();
    const problem = headerNameProblem(written) ?? (seen.has(name) ? `The header ${name} is asked about twice.` : null);
    if (problem !== null)
      reporter.error(['header', written], { message: problem, remedy: 'Write each header once, by its name.' });
    seen.add(name);
    return { name, conditions: judged(bareOr(operators), 'text', ['header', written], reporter, null) };
  });
}

function resolveCertificate(
  certificate: ParsedExpectations['certificate'],
  { request }: ExpectationContext,
  reporter: Reporter,
): number | null {
  if (certificate === undefined) return null;
  if (request?.url.startsWith('http:') === true) {
    const complaint = {
      message:
        'The URL is http:, and an answer without TLS has no certificate: this fails unless a redirect leads to https:.',
      remedy: 'Use an https: URL, or remove "certificate".',
    };
    if (request.maxRedirects === 0)
      reporter.error(['certificate'], {
        ...complaint,
        message: 'The URL is http: and no redirect is followed, so there is never a certificate: this can never hold.',
      });
    else reporter.warning(['certificate'], complaint);
  }
  return certificate.validFor;
}

function bareOr(value: string | number | Parameters<typeof conditionsFrom>[0]): Condition[] {
  return typeof value === 'object' ? conditionsFrom(value) : [{ op: 'equals', value }];
}

/** `context` where the conditions are about the body. */
function judged(
  conditions: readonly Condition[],
  subject: Subject,
  path: JsonPath,
  reporter: Reporter,
  context: ExpectationContext | null,
): readonly Condition[] {
  const reason = contradiction(conditions, subject);
  if (reason !== null) {
    reporter.error(path, { message: `This can never hold. ${reason}`, remedy: 'Correct or remove one of them.' });
  } else if (path[0] !== 'status' && context?.request?.method === 'HEAD') {
    reporter.error(path, {
      message: 'This can never hold: the answer to HEAD has no body.',
      remedy: 'Use GET, or remove it.',
    });
  }
  return conditions;
}
