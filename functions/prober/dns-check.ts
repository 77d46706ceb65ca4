import { promises as dns } from 'node:dns';
import { canonicalAnswer } from '../../shared/canonical-names.ts';
import type { DnsMonitor, DnsRecord } from '../../shared/monitor.ts';
import { hostAndPort } from '../../shared/target.ts';
import { blockedSentence } from './address-guard.ts';
import { type Attempt, type Found, foundFailure } from './attempt.ts';
import { brokenOff, errorCode, type Failure, failed, inconclusive, isFailure } from './failure.ts';
import { compileAll, compileResponseTime, failureOf, findingsOf } from './findings.ts';
import { perMonitor } from './per-monitor.ts';
import type { Trace } from './trace.ts';

/** A datagram that is lost is sent again after this long, and then again; the check's own deadline ends it. */
const FIRST_TRY_MS = 1_000;
const TRIES = 5;

/** Asks a name server, and looks at its answers. All of its time is the `dns` phase. */
export async function checkDns({ prober, monitor, trace, redaction }: Attempt<DnsMonitor>): Promise<Found> {
  const { resolver } = monitor.dns;
  if (resolver !== null) {
    const { ip, port } = resolver;
    const blocked = blockedSentence(prober.addressPolicy, ip, port);
    if (blocked !== null) return foundFailure(failed('blocked-address', null, `the name server ${ip} is ${blocked}`));
  }
  const answers = await ask(monitor, prober.nameServers, trace);
  if (isFailure(answers)) return foundFailure(answers);
  trace.end();

  const { expected, responseTime } = compiled(monitor);
  const found = 'none' in answers ? undefined : answers.found;
  if ('none' in answers && expected.some((one) => !one.holds(undefined))) {
    return foundFailure(failed('dns', 'dns', answers.none));
  }
  const findings = [...findingsOf('the answers', found, expected), ...responseTime(trace.totalMs ?? 0)];
  return { failure: failureOf([], findings, redaction.redact), metrics: {} };
}

const compiled = perMonitor(({ expect }: DnsMonitor) => ({
  expected: compileAll(expect.answers, { asText: false }),
  responseTime: compileResponseTime(expect.responseTimeMs),
}));

/** Answers in order, at least one; or a sentence on why there is none. */
type Answers = { readonly found: readonly string[] } | { readonly none: string };

async function ask(
  monitor: DnsMonitor,
  nameServers: readonly string[] | undefined,
  trace: Trace,
): Promise<Answers | Failure> {
  const { name, record, resolver } = monitor.dns;
  const whom = resolver === null ? 'the name servers' : `the name server ${hostAndPort(resolver.ip, resolver.port)}`;
  const during = `asking ${whom} for ${record} ${name}`;
  const resolving = new dns.Resolver({ timeout: FIRST_TRY_MS, tries: TRIES });
  const servers = resolver === null ? nameServers : [hostAndPort(resolver.ip, resolver.port)];
  if (servers !== undefined) resolving.setServers(servers);
  trace.hold({ destroy: () => resolving.cancel(), on: () => {} });
  trace.enter('dns');
  try {
    const found = await LOOKUPS[record](resolving, name);
    trace.leave('dns');
    if (resolver !== null) trace.address = resolver.ip;
    if (found.length === 0) return { none: noRecord(name, record) };
    return { found: found.map((answer) => canonicalAnswer(record, answer)).sort() };
  } catch (error) {
    return unanswered(error, monitor, trace, during);
  }
}

function unanswered(error: unknown, monitor: DnsMonitor, trace: Trace, during: string): Answers | Failure {
  const { name, record, resolver } = monitor.dns;
  const code = errorCode(error);
  if (code === 'ENOTFOUND' || code === 'ENODATA') {
    trace.leave('dns');
    if (resolver !== null) trace.address = resolver.ip;
    return { none: code === 'ENODATA' ? noRecord(name, record) : `there is no name ${name}` };
  }
  if (code === 'ETIMEOUT') return failed('timeout', 'dns', `no answer after ${TRIES} tries ${during}`);
  // A name server that was chosen is the target; the machine's own are ours.
  if (code === 'ECONNREFUSED' && resolver === null) {
    return inconclusive(`the prober itself failed ${during}: its own name servers cannot be reached`, 'dns');
  }
  return brokenOff(error, 'dns', during);
}

function noRecord(name: string, record: DnsRecord): string {
  return `${name} has no ${record} record`;
}

/** Each answer as `canonicalAnswer` reads it. */
const LOOKUPS: Readonly<Record<DnsRecord, (resolver: dns.Resolver, name: string) => Promise<readonly string[]>>> = {
  A: (resolver, name) => resolver.resolve4(name),
  AAAA: (resolver, name) => resolver.resolve6(name),
  CNAME: (resolver, name) => resolver.resolveCname(name),
  NS: (resolver, name) => resolver.resolveNs(name),
  MX: async (resolver, name) =>
    (await resolver.resolveMx(name)).map(({ priority, exchange }) => `${priority} ${exchange}`),
  TXT: async (resolver, name) => (await resolver.resolveTxt(name)).map((parts) => parts.join('')),
  SRV: async (resolver, name) =>
    (await resolver.resolveSrv(name)).map((srv) => `${srv.priority} ${srv.weight} ${srv.port} ${srv.name}`),
  CAA: async (resolver, name) =>
    (await resolver.resolveCaa(name)).map((caa) => {
      // Beside `critical`, Node sets `type: 'CAA'` and the one property that the record has.
      const [tag, value] = Object.entries(caa).find(([key]) => key !== 'critical' && key !== 'type') ?? ['', ''];
      return `${caa.critical} ${tag} ${value}`;
    }),
};
