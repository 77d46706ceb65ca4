import { isIP } from 'node:net';
import { canonicalAnswer } from '../canonical-names.ts';
import type { DnsMonitor, DnsRecord } from '../monitor.ts';
import type { Reporter } from './diagnostics.ts';
import type { ParsedDns } from './dns-schema.ts';
import { bareOr, judged, resolveResponseTime } from './resolve-conditions.ts';
import type { Own, OwnContext } from './resolve-monitor.ts';
import { warnOfReservedHost } from './resolve-request.ts';
import { quote } from './schema-leaves.ts';

const DNS_PORT = 53;

/** Null where it cannot be used. */
export function resolveDns(
  { dns, expect = {} }: ParsedDns,
  context: OwnContext,
  reporter: Reporter,
): Own<DnsMonitor> | null {
  const about = reporter.at(['expect']);
  const responseTimeMs = resolveResponseTime(expect.responseTime, context.timeoutMs, about);
  const record = dns?.record ?? 'A';
  const answers =
    expect.answers === undefined
      ? [{ op: 'exists' as const, value: true }]
      : judged(bareOr(canonical(expect.answers, record)), 'json', ['answers'], about);
  if (dns === undefined) return null;
  warnOfReservedHost(dns.name, ['dns', 'name'], reporter);
  const resolver = dns.resolver === undefined ? null : parseResolver(dns.resolver);
  if (dns.resolver !== undefined && resolver === null) {
    reporter.error(['dns', 'resolver'], {
      message: `${quote(dns.resolver)} is not the address of a name server.`,
      allowed: 'an IP address, or one with a port: "1.1.1.1", "192.0.2.1:5353", "[2001:db8::1]:53"',
      remedy: "Write the name server's IP address, not its name.",
    });
    return null;
  }
  return {
    type: 'dns',
    dns: { name: dns.name.replace(/\.$/, ''), record, resolver },
    expect: { responseTimeMs, answers },
    metrics: [],
  };
}

function parseResolver(text: string): DnsMonitor['dns']['resolver'] {
  if (isIP(text) !== 0) return { ip: text, port: DNS_PORT };
  const [, bracketed, plain, digits = ''] = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (port < 1 || port > 65_535) return null;
  if (bracketed !== undefined && isIP(bracketed) === 6) return { ip: bracketed, port };
  return plain !== undefined && isIP(plain) === 4 ? { ip: plain, port } : null;
}

/** As the prober writes answers; a whole list in order. */
function canonical(
  answers: NonNullable<NonNullable<ParsedDns['expect']>['answers']>,
  record: DnsRecord,
): typeof answers {
  if (Array.isArray(answers)) return answers.map((answer) => canonicalAnswer(record, answer)).sort();
  return answers.contains === undefined ? answers : { ...answers, contains: canonicalAnswer(record, answers.contains) };
}
