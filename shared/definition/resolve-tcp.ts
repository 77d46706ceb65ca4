import { hexBytes, hexText } from '../hex.ts';
import type { Condition, Json, TcpMonitor, TlsStart } from '../monitor.ts';
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
  const isHex = tcp?.encoding === 'hex';
  const written = expect.received === undefined ? [] : bareOr(expect.received);
  const received = judged(isHex ? hexConditions(written, about) : written, 'text', ['received'], about);
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
    tcp: {
      host: tcp.host,
      port: tcp.port,
      tls: start,
      send: resolveSend(tcp, reporter),
      ...(isHex && { encoding: 'hex' }),
      ...settings,
    },
    expect: { responseTimeMs, received, certificateValidForMs: expect.certificate?.validFor ?? null },
    metrics: [],
  };
}

function resolveSend({ send, encoding }: NonNullable<ParsedTcp['tcp']>, reporter: Reporter): string | null {
  if (send === undefined) return null;
  return encoding === 'hex' ? asHex(send, ['tcp', 'send'], reporter) : send;
}

/** What is received is compared as `00 ff`, so that is how it must be written; a pattern is left as it is. */
function hexConditions(conditions: readonly Condition[], reporter: Reporter): Condition[] {
  const hex = (value: Json): Json => (typeof value === 'string' ? asHex(value, ['received'], reporter) : value);
  return conditions.map((condition) => {
    switch (condition.op) {
      case 'equals':
        return { op: 'equals', value: hex(condition.value) };
      case 'contains':
        return { op: 'contains', value: hex(condition.value) };
      case 'oneOf':
        return { op: 'oneOf', values: condition.values.map(hex) };
      case 'length':
        reporter.error(['received', 'length'], {
          message: '"length" counts the characters of a text, and what is received is read as hex.',
          remedy: 'Use "matches": "^(.. ?){4}$" is four bytes.',
        });
        return condition;
      default:
        return condition;
    }
  });
}

function asHex(written: string, path: readonly string[], reporter: Reporter): string {
  const bytes = hexBytes(written);
  if (bytes !== null) return hexText(bytes);
  reporter.error(path, {
    message: 'This is not hex, as "encoding" says that it is.',
    allowed: 'two digits of 0–9 and a–f for each byte, with or without spaces, such as "00 ff 1a"; no secrets',
    remedy: 'Correct it, or remove "encoding".',
  });
  return written;
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
