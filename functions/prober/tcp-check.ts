import type { Socket } from 'node:net';
import { hexBytes, hexText } from '../../shared/hex.ts';
import type { TcpMonitor } from '../../shared/monitor.ts';
import { type Attempt, type Found, foundFailure } from './attempt.ts';
import { type Network, openPlain, openTls } from './connection.ts';
import { type Failure, isFailure } from './failure.ts';
import { certificateFindings, compileAll, compileResponseTime, failureOf, findingsOf } from './findings.ts';
import { perMonitor } from './per-monitor.ts';
import { receiveUntil, sendOnly } from './receive.ts';
import { filling } from './secrets.ts';
import { preludeOf } from './start-tls.ts';
import { trusting } from './trust.ts';

/** Connects; says something where there is something to say; reads where something must come back. */
export async function checkTcp(attempt: Attempt<TcpMonitor>): Promise<Found> {
  const { prober, monitor, secrets, trace, redaction } = attempt;
  const { expect } = monitor;
  const send = monitor.tcp.send ?? '';
  const filled = filling([send], secrets);
  if (isFailure(filled)) return foundFailure(filled);
  const network = trusting(prober, monitor.tcp, secrets);
  if (isFailure(network)) return foundFailure(network);
  const socket = await open(attempt, network);
  if (isFailure(socket)) return foundFailure(socket);

  const { wanted, responseTime } = compiled(monitor);
  const isEnough = (text: string) => wanted.every((one) => one.holds(text));
  const isHex = monitor.tcp.encoding === 'hex';
  const message = isHex ? (hexBytes(send) ?? '') : filled(send);
  const textOf = isHex ? hexText : undefined;
  const answer =
    wanted.length === 0
      ? await sendOnly(socket, message)
      : await receiveUntil(prober.clock, socket, message, isEnough, trace, redaction.redactUnfinished, textOf);
  if (isFailure(answer)) return foundFailure(answer);
  trace.end();

  const findings = [
    ...certificateFindings(
      expect.certificateValidForMs,
      trace.certificate?.validToEpochMs ?? null,
      prober.clock.epochMs(),
    ),
    ...findingsOf('what was received', answer.received ?? undefined, wanted, 'the server closed without a word'),
    ...responseTime(trace.totalMs ?? 0),
  ];
  return { failure: failureOf([], findings, redaction.redact), metrics: {} };
}

function open({ monitor, trace, redaction }: Attempt<TcpMonitor>, network: Network): Promise<Socket | Failure> {
  const { host, port, tls } = monitor.tcp;
  if (tls === null) return openPlain(network, { host, port }, trace);
  const prelude = tls === 'at-once' ? undefined : preludeOf(tls, redaction.redact);
  return openTls(network, { host, port }, { serverName: host, alpn: [] }, trace, prelude);
}

const compiled = perMonitor(({ expect }: TcpMonitor) => ({
  wanted: compileAll(expect.received, { asText: false }),
  responseTime: compileResponseTime(expect.responseTimeMs),
}));
