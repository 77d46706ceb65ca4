import type { TlsMonitor } from '../../shared/monitor.ts';
import { type Attempt, type Found, foundFailure } from './attempt.ts';
import { openTls } from './connection.ts';
import { isFailure } from './failure.ts';
import { certificateFindings, compileAll, compileResponseTime, failureOf, findingsOf } from './findings.ts';
import { perMonitor } from './per-monitor.ts';
import { preludeOf } from './start-tls.ts';
import { trusting } from './trust.ts';

/** Makes a handshake. A certificate that is not valid fails there; what else is expected of it is looked at here. */
export async function checkTls({ prober, monitor, secrets, trace, redaction }: Attempt<TlsMonitor>): Promise<Found> {
  const { host, port, serverName, start } = monitor.tls;
  const prelude = start === 'at-once' ? undefined : preludeOf(start, redaction.redact);
  const network = trusting(prober, monitor.tls, secrets);
  if (isFailure(network)) return foundFailure(network);
  const socket = await openTls(network, { host, port }, { serverName, alpn: [] }, trace, prelude);
  if (isFailure(socket)) return foundFailure(socket);
  trace.end();

  const { expect } = monitor;
  const { protocol, names, issuer, responseTime } = compiled(monitor);
  const { certificate } = trace;
  const findings = [
    ...certificateFindings(expect.certificateValidForMs, certificate?.validToEpochMs ?? null, prober.clock.epochMs()),
    ...findingsOf('TLS version', socket.getProtocol() ?? undefined, protocol),
    ...findingsOf('the certificate’s names', certificate?.names(), names),
    ...findingsOf('the certificate’s issuer', certificate?.issuer, issuer),
    ...responseTime(trace.totalMs ?? 0),
  ];
  return { failure: failureOf([], findings, redaction.redact), metrics: {} };
}

const compiled = perMonitor(({ expect }: TlsMonitor) => ({
  protocol: compileAll(expect.protocol, { asText: false }),
  names: compileAll(expect.names, { asText: false }),
  issuer: compileAll(expect.issuer, { asText: false }),
  responseTime: compileResponseTime(expect.responseTimeMs),
}));
