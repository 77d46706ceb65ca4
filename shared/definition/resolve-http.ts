import type { HttpMonitor } from '../monitor.ts';
import { isStreamMetric } from '../stream-metrics.ts';
import type { Reporter } from './diagnostics.ts';
import type { ParsedHttp } from './http-schema.ts';
import { resolveExpectations } from './resolve-expectations.ts';
import { resolveMetrics } from './resolve-metrics.ts';
import type { Own, OwnContext } from './resolve-monitor.ts';
import { resolveRequest } from './resolve-request.ts';
import { resolveStream } from './resolve-stream.ts';

/** Null where it cannot be used. */
export function resolveHttp(parsed: ParsedHttp, context: OwnContext, reporter: Reporter): Own<HttpMonitor> | null {
  const request = parsed.request === undefined ? null : resolveRequest(parsed.request, reporter.at(['request']));
  const metrics = resolveMetrics(parsed.metrics ?? {}, reporter.at(['metrics']));
  const measured = parsed.request?.stream === undefined ? [] : Object.keys(parsed.metrics ?? {}).filter(isStreamMetric);
  for (const name of measured) {
    reporter.error(['metrics', name], {
      message: `"${name}" is measured of every stream.`,
      remedy: 'Give yours another name.',
    });
  }
  const expect = resolveExpectations(
    parsed.expect,
    { timeoutMs: context.timeoutMs, request: context.isSound('request') ? request : null },
    reporter.at(['expect']),
  );
  const stream = resolveStream(parsed, reporter);
  if (request === null) return null;
  return { type: 'http', request, expect, metrics, ...(stream === undefined ? {} : { stream }) };
}
