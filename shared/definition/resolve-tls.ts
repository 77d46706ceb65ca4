import { canonicalHost } from '../canonical-names.ts';
import type { StartTls, TlsMonitor } from '../monitor.ts';
import type { Reporter } from './diagnostics.ts';
import { bareOr, judged, resolveResponseTime } from './resolve-conditions.ts';
import type { Own, OwnContext } from './resolve-monitor.ts';
import { warnOfReservedHost } from './resolve-request.ts';
import { resolveTlsSettings } from './resolve-tls-settings.ts';
import type { ParsedTls } from './tls-schema.ts';

/** Where each protocol listens in plain text. @see https://www.iana.org/assignments/service-names-port-numbers */
const USUAL_PORT: Readonly<Record<StartTls, number>> = { smtp: 25, imap: 143, pop3: 110, ftp: 21, postgres: 5432 };

/** Null where it cannot be used. */
export function resolveTls(
  { tls, expect = {} }: ParsedTls,
  context: OwnContext,
  reporter: Reporter,
): Own<TlsMonitor> | null {
  const about = reporter.at(['expect']);
  const { protocol, names, issuer } = expect;
  const resolved = {
    responseTimeMs: resolveResponseTime(expect.responseTime, context.timeoutMs, about),
    protocol: protocol === undefined ? [] : judged(bareOr(protocol), 'text', ['protocol'], about),
    names: names === undefined ? [] : judged(bareOr(canonicalNames(names)), 'json', ['names'], about),
    issuer: issuer === undefined ? [] : judged(bareOr(issuer), 'text', ['issuer'], about),
    certificateValidForMs: expect.certificate?.validFor ?? null,
  };
  if (tls === undefined) return null;
  warnOfReservedHost(tls.host, ['tls', 'host'], reporter);
  const { startTls } = tls;
  return {
    type: 'tls',
    tls: {
      host: tls.host,
      port: tls.port ?? (startTls === undefined ? 443 : USUAL_PORT[startTls]),
      serverName: tls.serverName ?? tls.host,
      start: startTls ?? 'at-once',
      ...resolveTlsSettings(tls, null, reporter.at(['tls'])),
    },
    expect: resolved,
    metrics: [],
  };
}

/** As the prober lists them: in lower case, and a whole list in order. */
function canonicalNames(names: NonNullable<NonNullable<ParsedTls['expect']>['names']>): typeof names {
  if (Array.isArray(names)) return names.map(canonicalHost).sort();
  return names.contains === undefined ? names : { ...names, contains: canonicalHost(names.contains) };
}
