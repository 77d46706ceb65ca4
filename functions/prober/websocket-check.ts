import type { IncomingHttpHeaders } from 'node:http';
import type { WebSocketMonitor } from '../../shared/monitor.ts';
import { traceId } from '../../shared/result.ts';
import { type Attempt, type Found, foundFailure } from './attempt.ts';
import { openConnection } from './connection.ts';
import { compileHeaders, compileJson, jsonDocument } from './expectations.ts';
import { failed, isFailure } from './failure.ts';
import { certificateFindings, compileAll, compileResponseTime, failureOf, findingsOf } from './findings.ts';
import { compileMetrics } from './metrics.ts';
import { wireHeaders } from './outgoing.ts';
import { perMonitor } from './per-monitor.ts';
import { credentialsOf, filling, withSecrets } from './secrets.ts';
import { perhapsRejected, trusting } from './trust.ts';
import { clientFrame, OPCODES } from './websocket-frames.ts';
import { type FirstMessage, firstMessage } from './websocket-message.ts';
import { upgrade, upgradeHeaders } from './websocket-upgrade.ts';

const NORMAL_CLOSURE = Buffer.from([0x03, 0xe8]); // 1000

/** Opens a WebSocket; says something where there is something to say; reads a message where one must come. */
export async function checkWebSocket(attempt: Attempt<WebSocketMonitor>): Promise<Found> {
  const { prober, monitor, slotEpochMs, secrets, trace, redaction } = attempt;
  const { url, headers, protocols, maxMessageBytes } = monitor.websocket;
  const send = monitor.websocket.send ?? '';
  const filled = filling([send], secrets);
  if (isFailure(filled)) return foundFailure(filled);
  const outgoing = withSecrets({ method: 'GET', url, headers, body: null }, secrets, ['ws', 'wss']);
  if (isFailure(outgoing)) return foundFailure(outgoing);
  const credentials = credentialsOf(outgoing);
  if (credentials !== null) redaction.hide(credentials);

  const network = trusting(prober, monitor.websocket, secrets);
  if (isFailure(network)) return foundFailure(network);
  const socket = await openConnection(network, outgoing.url, trace);
  if (isFailure(socket)) return foundFailure(socket);
  const key = Buffer.from(prober.randomHex(16), 'hex').toString('base64');
  const maskingKey = () => Buffer.from(prober.randomHex(4), 'hex');
  const wire = wireHeaders(
    outgoing,
    {
      region: prober.region,
      traceId: traceId(monitor.id, prober.region, slotEpochMs),
      spanId: prober.randomHex(8),
    },
    'identity',
  );
  const asking = { ...outgoing, headers: { ...wire, ...upgradeHeaders(key, protocols) } };
  const opened = await upgrade(prober.clock, socket, asking, key, protocols, trace);
  if (isFailure(opened)) return foundFailure(perhapsRejected(opened, monitor.websocket));

  if (send !== '') socket.write(clientFrame(OPCODES.text, Buffer.from(filled(send)), maskingKey()));
  const message = compiled(monitor).wantsMessage
    ? await firstMessage(prober.clock, socket, opened.head, maxMessageBytes, maskingKey, trace)
    : null;
  if (message !== null && isFailure(message)) return foundFailure(message);
  trace.end();
  socket.write(clientFrame(OPCODES.close, NORMAL_CLOSURE, maskingKey()));
  return judge(attempt, opened.headers, message);
}

function judge(
  { prober, monitor, trace, redaction }: Attempt<WebSocketMonitor>,
  headers: IncomingHttpHeaders,
  answer: FirstMessage | null,
): Found {
  const { expect } = monitor;
  const { header, json, protocol, message, responseTime, measure } = compiled(monitor);
  if (answer !== null && 'goodbye' in answer) {
    return foundFailure(failed('expectation', null, `expected a message, but ${answer.goodbye}`));
  }
  const text = answer?.text ?? '';
  const evidence = {
    status: trace.status ?? 0,
    protocol: null,
    headers,
    totalMs: trace.totalMs ?? 0,
    text,
    document: jsonDocument(text, 'the message'),
    certificateValidToEpochMs: trace.certificate?.validToEpochMs ?? null,
    nowEpochMs: prober.clock.epochMs(),
  };
  const findings = [
    ...certificateFindings(expect.certificateValidForMs, evidence.certificateValidToEpochMs, evidence.nowEpochMs),
    ...header(headers),
    ...findingsOf('subprotocol', headers['sec-websocket-protocol'], protocol, 'the server chose none'),
    ...json(evidence.document),
    ...findingsOf('message', text, message),
    ...responseTime(evidence.totalMs),
  ];
  return { failure: failureOf([], findings, redaction.redact), metrics: measure(evidence) };
}

const compiled = perMonitor(({ websocket, expect, metrics }: WebSocketMonitor) => ({
  wantsMessage:
    websocket.send !== null ||
    expect.message.length > 0 ||
    expect.json.length > 0 ||
    metrics.some(({ from }) => from !== 'header'),
  header: compileHeaders(expect.headers),
  json: compileJson(expect.json),
  protocol: compileAll(expect.protocol, { asText: false }),
  message: compileAll(expect.message, { asText: false }),
  responseTime: compileResponseTime(expect.responseTimeMs),
  measure: compileMetrics(metrics),
}));
