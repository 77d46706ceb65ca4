import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { systemClock } from '../functions/prober/clock.ts';
import { openTcpSocket } from '../functions/prober/connection.ts';
import { createHandler } from '../functions/prober/handler.ts';
import { createPacer } from '../functions/prober/pacer.ts';
import type { RunSummary } from '../functions/prober/run-summary.ts';
import { decodeBatch } from '../shared/batch-codec.ts';
import type { Monitor } from '../shared/monitor.ts';
import * as assumed from '../shared/plan/measured.ts';
import { LAUNCH_PACE_MS } from '../shared/plan/run-time.ts';
import type { Batch } from '../shared/result.ts';
import { MINUTE_MS } from '../shared/schedule.ts';
import { monitor, prober } from '../test/prober/build.ts';
import { deploymentOf } from '../test/shared/build.ts';

/** What a run of the prober took, against a server on this machine. */
export interface ProbeRun {
  readonly passed: number;
  /** What leaves for the target: handshake and request, as bytes in TCP. */
  readonly bytesOutPerCheck: number;
  /** Of the prober's thread. */
  readonly cpuMsPerCheck: number;
  /** Between two launches: the pacer's, and what timers add. */
  readonly paceMs: number;
  /** Of the whole run, before the first launch and after the last answer: starting, storing, logging. */
  readonly overheadMs: number;
  /** Of the run's one line. */
  readonly logBytes: number;
}

/** The first run warms up the process, as a function that is called every minute is warm. */
export async function measureRun(checks: number): Promise<ProbeRun> {
  const target = new Worker(new URL('./probe-target.ts', import.meta.url));
  try {
    const [port] = (await once(target, 'message')) as [number];
    const monitors = Array.from({ length: checks }, (_, i) =>
      monitor({
        id: `team-${i % 7}-service-${i}`,
        request: { url: `https://127.0.0.1:${port}/health?team=${i}`, headers: { authorization: 'Bearer 0123456789' } },
        expect: { json: [{ path: '$.status', conditions: [{ op: 'equals', value: 'ok' }] }] },
      }),
    );
    await run(monitors);
    return await run(monitors);
  } finally {
    await target.terminate();
  }
}

async function run(monitors: readonly Monitor[]): Promise<ProbeRun> {
  const sockets: Socket[] = [];
  const lines: RunSummary[] = [];
  const batches: Batch[] = [];
  const dynamo = new DynamoDBClient({ region: 'eu-west-1' });
  dynamo.middlewareStack.add(
    (_, context) => async (args) => {
      // What is paused: nothing.
      if (context.commandName === 'QueryCommand') return { output: { $metadata: {}, Items: [] }, response: {} };
      const { Item } = args.input as { Item?: { data?: { B?: Uint8Array } } };
      batches.push(decodeBatch(Item?.data?.B ?? new Uint8Array()));
      return { output: { $metadata: {} }, response: {} };
    },
    { step: 'initialize' },
  );
  const openSocket = (address: string, port: number) => {
    const socket = openTcpSocket(address, port);
    sockets.push(socket);
    return socket;
  };
  const handler = createHandler({
    prober: prober({ openSocket }),
    deployment: deploymentOf(monitors),
    table: 'parallax-bench',
    dynamo,
    secrets: { read: async () => new Map() },
    pace: createPacer(systemClock),
    network: { works: async () => true },
    log: (line) => lines.push(line),
  });
  const startedEpochMs = Date.now();
  const minute = Math.floor(startedEpochMs / MINUTE_MS) * MINUTE_MS;
  const cpu = process.threadCpuUsage();
  const startedMs = performance.now();
  await handler({ scheduledTime: new Date(minute).toISOString(), periodMs: MINUTE_MS, shard: 0 });
  const wallMs = performance.now() - startedMs;
  const { user, system } = process.threadCpuUsage(cpu);
  const results = batches.flatMap((batch) => batch.results);
  // From the run's start; a check's own lateness is from its slot.
  const launchedMs = results.map(({ slotEpochMs, lateMs }) => slotEpochMs + lateMs - startedEpochMs);
  const endedMs = results.map(({ totalMs }, i) => (launchedMs[i] ?? 0) + (totalMs ?? 0));
  return {
    passed: results.filter(({ outcome }) => outcome === 'passed').length,
    bytesOutPerCheck: sockets.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0) / monitors.length,
    cpuMsPerCheck: (user + system) / 1_000 / monitors.length,
    paceMs: (Math.max(...launchedMs) - Math.min(...launchedMs)) / (monitors.length - 1),
    overheadMs: wallMs - (Math.max(...endedMs) - Math.min(...launchedMs)),
    logBytes: Buffer.byteLength(JSON.stringify(lines[0])),
  };
}

const CHECKS = 200;
/** A machine's other work shows in CPU time and overhead; more than this is a change of the code. */
const TOLERANCE = 2;

export async function measureProbeRun(): Promise<{ met: boolean }> {
  const measured = await measureRun(CHECKS);
  const rows: readonly (readonly [string, number, number])[] = [
    ['CHECK_REQUEST_BYTES', measured.bytesOutPerCheck, assumed.CHECK_REQUEST_BYTES],
    ['CHECK_CPU_MS', measured.cpuMsPerCheck, assumed.CHECK_CPU_MS],
    ['LAUNCH_PACE_MS', measured.paceMs, LAUNCH_PACE_MS],
    ['RUN_OVERHEAD_MS', measured.overheadMs, assumed.RUN_OVERHEAD_MS],
    ['RUN_LOG_BYTES', measured.logBytes, assumed.RUN_LOG_BYTES],
  ];
  console.log(`${measured.passed} of ${CHECKS} checks passed, one TLS connection each, ${LAUNCH_PACE_MS} ms apart\n`);
  console.log('                       measured  in shared/plan/measured.ts');
  for (const [name, now, known] of rows) {
    console.log(`${name.padEnd(20)} ${now.toFixed(1).padStart(10)} ${String(known).padStart(10)}`);
  }
  return {
    met: measured.passed === CHECKS && rows.every(([, now, known]) => now <= known * TOLERANCE),
  };
}
