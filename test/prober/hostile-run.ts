import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { seededRandom } from '../../bench/random.ts';
import { runCheck } from '../../functions/prober/check.ts';
import { createResolver } from '../../functions/prober/resolve.ts';
import { resolveFiles } from '../../shared/definition/resolve-files.ts';
import type { ProbedMonitor } from '../../shared/monitor.ts';
import { OUTCOMES, REASONS, type Result } from '../../shared/result.ts';
import type { HostilePorts } from '../servers/hostile-process.ts';
import { prober, SLOT_MS } from './build.ts';

export interface HostileRun {
  readonly seed: number;
  readonly checks: number;
  readonly atOnce: number;
  /** Which behaviours and monitors, by name. Default: all. */
  readonly among?: { readonly behaviours: RegExp; readonly monitors: RegExp };
}

export interface HostileReport {
  /** `behaviour, kind of monitor`, in the order of launching. */
  readonly sequence: readonly string[];
  /** How many checks ended in each outcome and reason, such as `failed protocol`. */
  readonly counts: ReadonlyMap<string, number>;
  /** What must never be, each a sentence. */
  readonly violations: readonly string[];
  /** Checks that ended `inconclusive` since this machine stood still. */
  readonly stalls: number;
  /** From a check's launch to its result, less its deadline. */
  readonly worstOverrunMs: number;
  readonly wallMs: number;
  readonly rssBeforeBytes: number;
  readonly rssPeakBytes: number;
  /** Sockets, timers and requests that were not there before and are there after. */
  readonly leaked: readonly string[];
}

const TIMEOUT_MS = 400;
const MAX_BODY_BYTES = 200_000;

/** Checks hostile servers, in a process of their own, with the prober's own code. The same seed gives the same sequence. */
export async function runHostile(run: HostileRun): Promise<HostileReport> {
  const child = fork(new URL('../servers/hostile-process.ts', import.meta.url), [String(run.seed)]);
  try {
    return await withStrayErrors((strayErrors) => attack(child, run, strayErrors));
  } finally {
    if (child.connected) child.disconnect();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
}

async function attack(child: ChildProcess, run: HostileRun, strayErrors: readonly string[]): Promise<HostileReport> {
  const ports = await portsOf(child);
  const { behaviours: these, monitors: those } = run.among ?? { behaviours: /^/, monitors: /^/ };
  const behaviours = Object.keys(ports.tcp).filter((name) => these.test(name));
  const resolveName = createResolver({ servers: [`127.0.0.1:${ports.udp}`], timeoutMs: 100, lookup: notFound });
  const hostile = prober({ resolveName });
  const monitors = new Map(
    behaviours.map((name) => [name, monitorsOf(ports.tcp[name] ?? 0, ports.udp).filter(({ id }) => those.test(id))]),
  );
  const random = seededRandom(run.seed);
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)];

  const sequence: string[] = [];
  const counts = new Map<string, number>();
  const violations: string[] = [];
  let stalls = 0;
  let worstOverrunMs = 0;
  const before = resources();
  const rssBeforeBytes = process.memoryUsage.rss();
  let rssPeakBytes = rssBeforeBytes;
  const startedMs = performance.now();

  const worker = async () => {
    while (sequence.length < run.checks) {
      const behaviour = pick(behaviours) ?? '';
      const monitor = pick(monitors.get(behaviour) ?? []);
      if (monitor === undefined) throw new Error(`no monitor for ${behaviour}`);
      const what = `${behaviour}, ${monitor.id}`;
      sequence.push(what);
      const launchedMs = performance.now();
      const result = await runCheck(hostile, { monitor, slotEpochMs: SLOT_MS, secrets: new Map() });
      worstOverrunMs = Math.max(worstOverrunMs, performance.now() - launchedMs - monitor.timeoutMs);
      rssPeakBytes = Math.max(rssPeakBytes, process.memoryUsage.rss());
      const name = `${result.outcome} ${result.reason ?? ''}`.trim();
      counts.set(name, (counts.get(name) ?? 0) + 1);
      if (isStall(result)) stalls += 1;
      else violations.push(...violationsOf(result).map((violation) => `${what}: ${violation}`));
    }
  };
  await Promise.all(Array.from({ length: run.atOnce }, worker));
  if (!child.connected) throw new Error('the hostile servers ended by themselves, and what was seen says nothing');
  const wallMs = performance.now() - startedMs;
  const leaked = await leakedSince(before);
  return {
    sequence,
    counts,
    violations: [...violations, ...strayErrors],
    stalls,
    worstOverrunMs,
    wallMs,
    rssBeforeBytes,
    rssPeakBytes,
    leaked,
  };
}

async function portsOf(child: ChildProcess): Promise<HostilePorts> {
  const early = new AbortController();
  child.once('exit', () => early.abort(new Error('the hostile servers ended before they listened')));
  const [ports] = (await once(child, 'message', { signal: early.signal })) as [HostilePorts];
  return ports;
}

/** A monitor of each kind, aimed at one port; those of names at the hostile name server. */
function monitorsOf(port: number, namePort: number): readonly ProbedMonitor[] {
  const host = '127.0.0.1';
  const json = { '$.status': 'ok', '$..queue': { length: { above: 0 } }, $: { not: 1 } };
  const http = {
    request: { url: `http://${host}:${port}/`, maxBodyBytes: MAX_BODY_BYTES },
    expect: { json, body: { matches: '(x+x+)+y' } },
    metrics: { depth: { json: '$.depth' }, number: { body: '([0-9]+)' } },
  };
  const written: readonly object[] = [
    { id: 'http', ...http },
    { id: 'https', ...http, request: { ...http.request, url: `https://${host}:${port}/` } },
    { id: 'http2', ...http, request: { ...http.request, url: `https://${host}:${port}/`, http2: true } },
    {
      id: 'http2-post',
      request: { url: `https://${host}:${port}/`, http2: true, method: 'POST', body: 'x'.repeat(100_000) },
    },
    ...['sse', 'openai-chat', 'openai-responses', 'anthropic-messages'].map((stream) => ({
      id: `http-${stream}`,
      request: { url: `http://${host}:${port}/`, stream },
    })),
    { id: 'http2-sse', request: { url: `https://${host}:${port}/`, http2: true, stream: 'sse' } },
    {
      id: 'flow',
      type: 'flow',
      steps: [
        { request: { url: `http://${host}:${port}/` }, capture: { status: { json: '$.status' } } },
        { request: { url: `http://${host}:${port}/\${status}` } },
      ],
    },
    { id: 'http-post', request: { url: `http://${host}:${port}/`, method: 'POST', body: 'x'.repeat(100_000) } },
    { id: 'http-name', request: { url: `http://hostile.parallax.example:${port}/` } },
    { id: 'tcp', type: 'tcp', tcp: { host, port, send: 'PING\r\n' }, expect: { received: { contains: 'PONG' } } },
    { id: 'tcp-tls', type: 'tcp', tcp: { host, port, tls: true, send: 'PING' }, expect: { received: { length: 7 } } },
    { id: 'tls', type: 'tls', tls: { host, port } },
    ...['smtp', 'imap', 'pop3', 'ftp', 'postgres'].map((start) => ({
      id: `tls-${start}`,
      type: 'tls',
      tls: { host, port, startTls: start },
    })),
    { id: 'websocket', type: 'websocket', websocket: { url: `ws://${host}:${port}/`, send: 'x' }, expect: { json } },
    { id: 'websocket-tls', type: 'websocket', websocket: { url: `wss://${host}:${port}/` } },
    { id: 'grpc', type: 'grpc', grpc: { url: `http://${host}:${port}` } },
    { id: 'grpc-tls', type: 'grpc', grpc: { url: `https://${host}:${port}` } },
    { id: 'dns', type: 'dns', dns: { name: 'hostile.parallax.example', resolver: `${host}:${namePort}` } },
    {
      id: 'dns-txt',
      type: 'dns',
      dns: { name: 'hostile.parallax.example', record: 'TXT', resolver: `${host}:${namePort}` },
    },
  ];
  const text = JSON.stringify(written);
  const resolved = resolveFiles(null, [{ file: 'monitors.json', text }], {});
  if (!resolved.ok) throw new Error(JSON.stringify(resolved));
  return resolved.deployment.monitors
    .filter((monitor) => monitor.type !== 'heartbeat')
    .map((monitor) => ({ ...monitor, timeoutMs: TIMEOUT_MS }));
}

/** Of the words on the machine's own troubles, one is allowed: it stood still, which a busy machine does. */
function isStall(result: Result): boolean {
  return result.outcome === 'inconclusive' && /^the prober stood still/.test(result.detail ?? '');
}

function violationsOf(result: Result): readonly string[] {
  const { outcome, reason, detail, attempts } = result;
  const found: string[] = [];
  if (!OUTCOMES.includes(outcome)) found.push(`outcome ${outcome}`);
  if (outcome === 'passed' && (reason !== null || (detail !== null && attempts === 1)))
    found.push(`passed with ${reason}: ${detail}`);
  if (outcome !== 'passed' && (reason === null || !REASONS.includes(reason))) found.push(`reason ${reason}`);
  if (outcome !== 'passed' && !detail) found.push('says nothing of why');
  if (outcome === 'inconclusive') found.push(`inconclusive: ${detail}`);
  return [
    ...found,
    ...numbersOf(result)
      .filter(([, value]) => !Number.isFinite(value))
      .map(([name]) => `${name} is no number`),
  ];
}

function numbersOf(result: Result): readonly (readonly [string, number])[] {
  const { totalMs, status, bodyBytes, certificateDaysLeft, phases, metrics } = result;
  const all = { totalMs, status, bodyBytes, certificateDaysLeft, ...phases, ...metrics };
  return Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
}

/** What nobody caught, instead of the end of the process. */
async function withStrayErrors<T>(work: (errors: readonly string[]) => Promise<T>): Promise<T> {
  const errors: string[] = [];
  const onError = (error: unknown, origin?: unknown) =>
    void errors.push(`stray error (${String(origin)}): ${error instanceof Error ? error.stack : String(error)}`);
  process.on('uncaughtException', onError);
  process.on('unhandledRejection', onError);
  try {
    return await work(errors);
  } finally {
    process.off('uncaughtException', onError);
    process.off('unhandledRejection', onError);
  }
}

function resources(): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) found.set(name, (found.get(name) ?? 0) + 1);
  return found;
}

const LEAK_PATIENCE_MS = 5_000;

/** Closing takes a few turns, and what c-ares has under way ends by its own timeouts. */
async function leakedSince(before: ReadonlyMap<string, number>): Promise<readonly string[]> {
  const until = performance.now() + LEAK_PATIENCE_MS;
  for (;;) {
    const leaked = [...resources()].flatMap(([name, count]) => {
      const more = count - (before.get(name) ?? 0);
      return more > 0 && name !== 'Timeout' ? [`${more} ${name}`] : [];
    });
    if (leaked.length === 0 || performance.now() > until) return leaked;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function notFound(host: string): Promise<never> {
  throw Object.assign(new Error(`${host} is not known here`), { code: 'ENOTFOUND' });
}
