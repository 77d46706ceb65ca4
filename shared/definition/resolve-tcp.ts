import type { TcpMonitor, TlsStart } from '../monitor.ts';
import type { Reporter } from './diagnostics.ts';
import { bareOr, judged, resolveResponseTime } from './resolve-conditions.ts';
import type { Own, OwnContext } from './resolve-monitor.ts';
import { warnOfReservedHost } from './resolve-request.ts';
import { resolveTlsSettings } from './resolve-tls-settings.ts';
import type { ParsedTcp } from './tcp-schema.ts';

/** Null where it cannot be used. */
export function resolveTcp(
  { tcp, expect = {} }: ParsedTcp,
  context: OwnContext,
  reporter: Reporter,
): Own<TcpMonitor> | null {
  const about = reporter.at(['expect']);
  const start = tcp === undefined ? null : tlsStart(tcp, reporter);
  if (expect.certificate !== undefined && tcp !== undefined && context.isSound('tcp') && start === null) {
    about.error(['certificate'], {
      message: 'The connection stays in plain text, so there is never a certificate: this can never hold.',
      remedy: 'Set "tls": true or "startTls" in tcp, or remove "certificate".',
    });
  }
  const responseTimeMs = resolveResponseTime(expect.responseTime, context.timeoutMs, about);
  const received = expect.received === undefined ? [] : judged(bareOr(expect.received), 'text', ['received'], about);
  if (tcp === undefined) return null;
  warnOfReservedHost(tcp.host, ['tcp', 'host'], reporter);
  if (tcp.send !== undefined && expect.received === undefined && context.isSound('expect')) {
    reporter.warning(['tcp', 'send'], {
      message: 'This is sent, and no answer is waited for: a server that does not answer would pass.',
      remedy: 'Say what must come back: "expect": {"received": {"contains": "…"}}.',
    });
  }
  const plain = start === null ? 'The connection stays in plain text' : null;
  const settings = resolveTlsSettings(tcp, plain, reporter.at(['tcp']));
  return {
    type: 'tcp',
    tcp: { host: tcp.host, port: tcp.port, tls: start, send: tcp.send ?? null, ...settings },
    expect: { responseTimeMs, received, certificateValidForMs: expect.certificate?.validFor ?? null },
    metrics: [],
  };
}

function tlsStart(tcp: NonNullable<ParsedTcp['tcp']>, reporter: Reporter): TlsStart | null {
  if (tcp.startTls === undefined) return tcp.tls === true ? 'at-once' : null;
  if (tcp.tls === true) {
    reporter.error(['tcp', 'startTls'], {
      message: 'Both "tls" and "startTls" are given, and TLS begins only once.',
      remedy: 'Keep "tls" where TLS is spoken from the first byte, and "startTls" where it begins in plain text.',
    });
  }
  return tcp.startTls;
}
