import type { HttpMonitor } from '../monitor.ts';
import type { Reporter } from './diagnostics.ts';
import type { ParsedHttp } from './http-schema.ts';
import { resolveExpectations } from './resolve-expectations.ts';
import { resolveMetrics } from './resolve-metrics.ts';
import type { Own, OwnContext } from './resolve-monitor.ts';
import { resolveRequest } from './resolve-request.ts';

/** Null where it cannot be used. */
export function resolveHttp(parsed: ParsedHttp, context: OwnContext, reporter: Reporter): Own<HttpMonitor> | null {
  const request = parsed.request === undefined ? null : resolveRequest(parsed.request, reporter.at(['request']));
  const metrics = resolveMetrics(parsed.metrics ?? {}, reporter.at(['metrics']));
  const expect = resolveExpectations(
    parsed.expect,
    { timeoutMs: context.timeoutMs, request: context.isSound('request') ? request : null },
    reporter.at(['expect']),
  );
  return request === null ? null : { type: 'http', request, expect, metrics };
}
