import type { Condition, Expectations, HttpRequest } from '../monitor.ts';
import type { Subject } from './conditions.ts';
import type { Complaint, Reporter } from './diagnostics.ts';
import type { ParsedExpectations } from './http-schema.ts';
import {
  bareOr,
  judged,
  resolveHeaderConditions,
  resolveJsonConditions,
  resolveResponseTime,
} from './resolve-conditions.ts';

const STATUSES: Subject = { integers: true, min: 100, max: 599 };
const ANY_SUCCESS: readonly Condition[] = [{ op: 'between', low: 200, high: 299 }];
const REDIRECTS = [301, 302, 303, 307, 308];
const NO_BODY: Complaint = {
  message: 'This can never hold: the answer to HEAD has no body.',
  remedy: 'Use GET, or remove it.',
};

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
  const noBody = context.request?.method === 'HEAD' ? NO_BODY : null;
  return {
    status: resolveStatus(expect.status, context, reporter),
    ...(expect.protocol === undefined ? {} : { protocol: resolveProtocol(expect.protocol, context, reporter) }),
    responseTimeMs: resolveResponseTime(expect.responseTime, context.timeoutMs, reporter),
    headers: resolveHeaderConditions(expect.header, reporter),
    body: expect.body === undefined ? [] : judged(bareOr(expect.body), 'text', ['body'], reporter, noBody),
    json: resolveJsonConditions(expect.json, reporter, noBody),
    certificateValidForMs: resolveCertificate(expect.certificate, context, reporter),
  };
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
  return judged(bareOr(status), STATUSES, ['status'], reporter);
}

function resolveProtocol(
  protocol: NonNullable<ParsedExpectations['protocol']>,
  { request }: ExpectationContext,
  reporter: Reporter,
): readonly Condition[] {
  if (protocol === 'h2' && request !== null && request.http2 !== true) {
    reporter.error(['protocol'], {
      message: 'HTTP/2 is not offered to the target: this can never hold.',
      remedy: 'Set "http2": true in request, or remove "protocol".',
    });
  }
  return judged(bareOr(protocol), 'text', ['protocol'], reporter);
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
