import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleOf, DEPLOYMENT_FILE } from '../infra/code.ts';
import { decodeBatch } from '../shared/batch-codec.ts';
import { ENVIRONMENT } from '../shared/environment.ts';
import { isTrusted, type Result } from '../shared/result.ts';
import { deploymentOf, monitorOf } from '../test/shared/build.ts';
import type { Client, ClientMessage, ClientRun, Targets } from './accuracy-client.ts';
import type { TargetNotes, TargetPorts } from './accuracy-target.ts';
import { type CpuLimit, cpuGroup, cpuTimes, pin, stolenSince } from './cpu-limit.ts';
import { logNormal, seededRandom } from './random.ts';

/** What a client is measured with. */
export interface Scene {
  readonly client: Client;
  readonly checks: number;
  readonly scheme: 'https' | 'http';
  /** `constant`: 50 ms. `logNormal`: a median of 80 ms, p95 211 ms, p99 315 ms. */
  readonly delay: 'constant' | 'logNormal';
  readonly cpus: number;
}

/** One run against the truth. */
export interface MeasuredRun extends Pick<ClientRun, 'cpuMs' | 'wallMs' | 'rssMb'> {
  /** How far what the client said is from what was true, in milliseconds; one for each request that was measured. */
  readonly errorsMs: readonly number[];
  /** Of those that are not marked as untrusted: what percentiles are made of. */
  readonly trustedErrorsMs: readonly number[];
  readonly reportedMs: readonly number[];
  readonly trueMs: readonly number[];
  /** Of the prober: its results. */
  readonly results: readonly Result[];
  /** Of the machine's CPU time during the run, what its host gave to others, 0 to 1. */
  readonly stolen: number;
}

export interface SceneRuns {
  readonly limit: CpuLimit;
  readonly pinned: boolean;
  /** From being told what it is to being ready. */
  readonly loadMs: number;
  /** The first in its process, as after a cold start. */
  readonly cold: MeasuredRun;
  /** Those that the machine's host left alone, or all where too few are. */
  readonly warm: readonly MeasuredRun[];
  readonly disturbed: number;
}

const REGION = 'eu-west-1';
const AUTHORITY_FILE = new URL('../test/servers/certificates/authority.pem', import.meta.url);
const MEDIAN_MS = { constant: 50, logNormal: 80 } as const;
const SIGMA = 0.59;
/** Between runs, so that what one leaves behind is not paid by the next. */
const REST_MS = 150;
/** A run that loses more than this to the host's other guests measures them. It is made again, so often at most. */
const MAX_STOLEN = 0.01;
const MAX_TRIES = 4;
const MIN_CALM_RUNS = 3;

/** The server of one benchmark. `end` stops it. */
export async function startTarget(core: number) {
  const child = fork(new URL('./accuracy-target.ts', import.meta.url), {
    // Its own collections would be read as a client's error.
    execArgv: ['--max-semi-space-size=64'],
  });
  const [ports] = (await once(child, 'message')) as [TargetPorts];
  if (child.pid !== undefined) pin(child.pid, core);
  return {
    ports,
    notes: () => asked<TargetNotes>(child, {}),
    end: () => ended(child),
  };
}

export type Target = Awaited<ReturnType<typeof startTarget>>;

/** Starts the client in a process of its own, with its CPUs, and lets it run so often. */
export async function measureScene(scene: Scene, target: Target, warmRuns: number): Promise<SceneRuns> {
  const targets = targetsOf(scene, target.ports);
  const folder = mkdtempSync(join(tmpdir(), 'parallax-bench-'));
  writeFileSync(join(folder, 'index.js'), bundleOf(join(import.meta.dirname, '../functions/prober/handler.ts')));
  writeFileSync(join(folder, DEPLOYMENT_FILE), JSON.stringify(deploymentFor(targets, controlUrl(scene, target.ports))));
  const child = fork(new URL('./accuracy-client.ts', import.meta.url), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: environmentOf(folder, target.ports.table),
  });
  const group = cpuGroup(scene.cpus);
  try {
    await once(child, 'message');
    const pinned = child.pid !== undefined && pin(child.pid, 0);
    if (child.pid !== undefined) group.add(child.pid);
    const loadMs = await asked<number>(child, { load: scene.client });
    const cold = await measureRun(child, targets, target);
    const warm: MeasuredRun[] = [];
    const calm = () => warm.filter(({ stolen }) => stolen <= MAX_STOLEN);
    while (calm().length < warmRuns && warm.length < warmRuns * MAX_TRIES) {
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
      warm.push(await measureRun(child, targets, target));
    }
    const disturbed = warm.length - calm().length;
    return { limit: group.limit, pinned, loadMs, cold, warm: calm().length < MIN_CALM_RUNS ? warm : calm(), disturbed };
  } finally {
    await ended(child);
    group.end();
    rmSync(folder, { recursive: true });
  }
}

async function measureRun(child: ChildProcess, targets: Targets, target: Target): Promise<MeasuredRun> {
  const before = cpuTimes();
  const run = await asked<ClientRun>(child, { run: targets });
  const stolen = stolenSince(before);
  const notes = await target.notes();
  // A request that was repeated is measured by its last answer.
  const truth = new Map(notes.answered);
  const results = notes.batches.flatMap((bytes) => decodeBatch(Buffer.from(bytes, 'base64')).results);
  const measured = [
    ...run.measured,
    ...results.map((result) => [result.monitorId, result.phases.firstByteMs] as const),
  ];
  const untrusted = new Set(results.filter((result) => !isTrusted(result)).map(({ monitorId }) => monitorId));
  const pairs = measured.flatMap(([id, reported]) => {
    const actual = truth.get(id);
    if (reported === null || actual === undefined) return [];
    return [{ reported, actual, errorMs: Math.abs(reported - actual), isTrusted: !untrusted.has(id) }];
  });
  return {
    cpuMs: run.cpuMs,
    wallMs: run.wallMs,
    rssMb: run.rssMb,
    errorsMs: pairs.map(({ errorMs }) => errorMs),
    trustedErrorsMs: pairs.filter((pair) => pair.isTrusted).map(({ errorMs }) => errorMs),
    reportedMs: pairs.map(({ reported }) => reported),
    trueMs: pairs.map(({ actual }) => actual),
    results,
    stolen,
  };
}

function targetsOf({ checks, scheme, delay }: Scene, ports: TargetPorts): Targets {
  const random = seededRandom(checks);
  const port = scheme === 'https' ? ports.tls : ports.plain;
  return Array.from({ length: checks }, (_, index) => {
    const id = `service-${index}`;
    const delayMs = delay === 'constant' ? MEDIAN_MS.constant : logNormal(random, MEDIAN_MS.logNormal, SIGMA);
    return [id, `${scheme}://127.0.0.1:${port}/${id}/${Math.round(delayMs * 1_000)}`];
  });
}

/** Part of each run, as a region's own are. */
function controlUrl({ scheme }: Scene, { tls, plain }: TargetPorts): string {
  return `${scheme}://127.0.0.1:${scheme === 'https' ? tls : plain}/control/1000`;
}

function deploymentFor(targets: Targets, control: string) {
  const monitors = targets.map(([id, url]) => {
    const monitor = monitorOf({ id, regions: [REGION], policies: [] });
    return {
      ...monitor,
      request: { ...monitor.request, url },
      expect: {
        ...monitor.expect,
        status: [{ op: 'equals', value: 200 }] as const,
        json: [{ path: '$.status', conditions: [{ op: 'equals', value: 'ok' }] }] as const,
      },
    };
  });
  return deploymentOf(monitors, {
    home: REGION,
    regions: [REGION],
    allowPrivateAddresses: true,
    controlUrls: [control, control],
  });
}

function environmentOf(folder: string, tablePort: number): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    NODE_EXTRA_CA_CERTS: AUTHORITY_FILE.pathname,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${tablePort}`,
    LAMBDA_TASK_ROOT: folder,
    [ENVIRONMENT.table]: 'parallax-bench',
    [ENVIRONMENT.deployment]: DEPLOYMENT_FILE,
  };
}

/** One answer for one message. Rejects when the process ends instead. */
async function asked<T>(child: ChildProcess, message: ClientMessage | object): Promise<T> {
  const answered = new AbortController();
  const gone = once(child, 'exit', { signal: answered.signal }).then(([code]) => {
    throw new Error(`a benchmark's process ended with ${code}, before it answered`);
  });
  child.send(message);
  try {
    const [answer] = (await Promise.race([once(child, 'message', { signal: answered.signal }), gone])) as [T];
    return answer;
  } finally {
    gone.catch(() => {});
    answered.abort();
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill();
  await exit;
}
