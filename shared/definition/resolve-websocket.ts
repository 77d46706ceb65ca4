import type { WebSocketMonitor } from '../monitor.ts';
import type { Reporter } from './diagnostics.ts';
import {
  bareOr,
  judged,
  resolveHeaderConditions,
  resolveJsonConditions,
  resolveResponseTime,
} from './resolve-conditions.ts';
import { resolveMetrics } from './resolve-metrics.ts';
import type { Own, OwnContext } from './resolve-monitor.ts';
import { checkUrl, HEADER_NAME, HEADERS_OF_THE_PROBER, resolveHeaders, whyPlain } from './resolve-request.ts';
import { resolveTlsSettings } from './resolve-tls-settings.ts';
import { quote } from './schema-leaves.ts';
import type { ParsedWebSocket } from './websocket-schema.ts';

const DEFAULT_MAX_MESSAGE_BYTES = 1024 * 1024;
const OURS = [
  ...HEADERS_OF_THE_PROBER,
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-key',
  'sec-websocket-protocol',
  'sec-websocket-version',
];

/** Null where it cannot be used. */
export function resolveWebSocket(
  parsed: ParsedWebSocket,
  context: OwnContext,
  reporter: Reporter,
): Own<WebSocketMonitor> | null {
  const { websocket, expect = {} } = parsed;
  const about = reporter.at(['expect']);
  const { message, protocol } = expect;
  const metrics = resolveMetrics(parsed.metrics ?? {}, reporter.at(['metrics']));
  if (expect.certificate !== undefined && websocket?.url.startsWith('ws:') === true) {
    about.error(['certificate'], {
      message: 'The URL is ws:, so there is never a certificate: this can never hold.',
      remedy: 'Use a wss: URL, or remove "certificate".',
    });
  }
  const resolved = {
    responseTimeMs: resolveResponseTime(expect.responseTime, context.timeoutMs, about),
    headers: resolveHeaderConditions(expect.header, about),
    json: resolveJsonConditions(expect.json, about),
    protocol: protocol === undefined ? [] : judged(bareOr(protocol), 'text', ['protocol'], about),
    message: message === undefined ? [] : judged(bareOr(message), 'text', ['message'], about),
    certificateValidForMs: expect.certificate?.validFor ?? null,
  };
  if (websocket === undefined) return null;
  const own = reporter.at(['websocket']);
  checkUrl(websocket.url, ['wss', 'ws'], ['url'], own);
  const headers = resolveHeaders(websocket.headers ?? {}, OURS, own);
  const { protocols = [] } = websocket;
  protocols.forEach((name, index) => {
    const isRepeated = protocols.indexOf(name) !== index;
    if (HEADER_NAME.test(name) && !isRepeated) return;
    own.error(['protocols', index], {
      message: isRepeated ? `${quote(name)} is offered twice.` : `${quote(name)} is not a subprotocol.`,
      remedy: isRepeated ? 'Remove one.' : 'Use letters, digits and . - _, as in "graphql-transport-ws".',
    });
  });
  return {
    type: 'websocket',
    websocket: {
      url: websocket.url,
      headers: Object.fromEntries(headers),
      protocols,
      send: websocket.send ?? null,
      ...resolveTlsSettings(websocket, whyPlain(websocket.url, 'ws:'), own),
      maxMessageBytes: websocket.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES,
    },
    expect: resolved,
    metrics,
  };
}
