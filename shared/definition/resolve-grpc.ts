import type { GrpcMonitor } from '../monitor.ts';
import type { Reporter } from './diagnostics.ts';
import type { ParsedGrpc } from './grpc-schema.ts';
import { bareOr, judged, resolveResponseTime } from './resolve-conditions.ts';
import type { Own, OwnContext } from './resolve-monitor.ts';
import { checkUrl, HEADERS_OF_THE_PROBER, resolveHeaders, whyPlain } from './resolve-request.ts';
import { resolveTlsSettings } from './resolve-tls-settings.ts';

const DEFAULT_MAX_MESSAGE_BYTES = 1024 * 1024;
const OURS = [
  ...HEADERS_OF_THE_PROBER,
  'content-type',
  'grpc-accept-encoding',
  'grpc-encoding',
  'grpc-timeout',
  'host',
];

/** Null where it cannot be used. */
export function resolveGrpc(
  { grpc, expect = {} }: ParsedGrpc,
  context: OwnContext,
  reporter: Reporter,
): Own<GrpcMonitor> | null {
  const about = reporter.at(['expect']);
  const isUnary = grpc?.method !== undefined;
  if (isUnary && expect.health !== undefined) {
    about.error(['health'], {
      message: 'A method is called, and only the health check answers with a health: this can never hold.',
      remedy: 'Remove "health", or "method" in grpc.',
    });
  }
  if (expect.certificate !== undefined && grpc?.url.startsWith('http:') === true) {
    about.error(['certificate'], {
      message: 'The URL is http:, so there is never a certificate: this can never hold.',
      remedy: 'Use an https: URL, or remove "certificate".',
    });
  }
  const status = judged(bareOr(expect.status ?? 'OK'), 'text', ['status'], about);
  // A call that is expected to fail has no health to look at.
  const asksHealth = !isUnary && (expect.health !== undefined || expect.status === undefined || expect.status === 'OK');
  const resolved = {
    responseTimeMs: resolveResponseTime(expect.responseTime, context.timeoutMs, about),
    status,
    health: asksHealth ? judged(bareOr(expect.health ?? 'SERVING'), 'text', ['health'], about) : [],
    certificateValidForMs: expect.certificate?.validFor ?? null,
  };
  if (grpc === undefined) return null;
  const own = reporter.at(['grpc']);
  const url = checkUrl(grpc.url, ['https', 'http'], ['url'], own);
  if (url !== null && (url.pathname !== '/' || url.search !== '' || url.username !== '')) {
    own.error(['url'], {
      message: 'This is more than a server: a path, a query or credentials.',
      allowed: 'scheme, host and port, such as "https://grpc.your.domain:443"',
      remedy: 'Name the method in "method", and put credentials into "metadata".',
    });
  }
  for (const unfit of isUnary ? (['service'] as const) : (['message'] as const)) {
    if (grpc[unfit] === undefined) continue;
    own.error([unfit], {
      message: isUnary
        ? '"service" is for the health check, and a method is called.'
        : '"message" is for a method, and none is called.',
      remedy: isUnary ? 'Remove it, or remove "method".' : 'Add "method", or remove it.',
    });
  }
  const metadata = resolveHeaders(grpc.metadata ?? {}, OURS, own, 'metadata');
  return {
    type: 'grpc',
    grpc: {
      url: grpc.url,
      call: isUnary
        ? { kind: 'unary', method: grpc.method ?? '', messageBase64: grpc.message ?? '' }
        : { kind: 'health', service: grpc.service ?? '' },
      metadata: Object.fromEntries(metadata),
      ...resolveTlsSettings(grpc, whyPlain(grpc.url, 'http:'), own),
      maxMessageBytes: grpc.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES,
    },
    expect: resolved,
    metrics: [],
  };
}
