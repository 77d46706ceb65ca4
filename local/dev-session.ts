import type { StatusResponse } from '../shared/api-types.ts';
import { humanList } from '../shared/human.ts';
import type { Deployment } from '../shared/monitor.ts';
import { firstSlotFrom, SECOND_MS } from '../shared/schedule.ts';
import { secretsUsedBy } from '../shared/secret-store.ts';
import type { Demo } from './demo.ts';
import { RECEIVED } from './http-gateway.ts';
import type { Key } from './keyboard.ts';
import { oneLine } from './local-error.ts';
import { renderNotification } from './notification-text.ts';
import { SYSTEM_CLOCK } from './scheduler.ts';
import type { Screen } from './screen.ts';
import { missingSecretLines, secretsFrom } from './secrets.ts';
import { type LocalSystem, startSystem } from './system.ts';
import { clip, printable } from './text-width.ts';
import { WATCH_RANGE_MS, watch } from './watch.ts';

/** The system on this machine, with someone in front of it. */
export interface DevSessionOptions {
  readonly deployment: Deployment;
  readonly dataPath: string;
  readonly port: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Null: the deployment's own targets only. */
  readonly demo: { readonly api: Demo; readonly secrets: Readonly<Record<string, string>> } | null;
  readonly screen: Screen;
  /** Whether the screen redraws in place. */
  readonly live: boolean;
  /** Takes the keys of this session, where there is a keyboard; returns how to let go of it. */
  readonly listenToKeys: ((keys: readonly Key[]) => () => void) | null;
  readonly signal: AbortSignal;
  /** The `q` key. */
  readonly quit: () => void;
}

const LIVE_EVERY_MS = 2 * SECOND_MS;
const PLAIN_EVERY_MS = 15 * SECOND_MS;

/** Runs until the signal. Throws `LocalError` where it cannot start. */
export async function runDevSession(options: DevSessionOptions): Promise<void> {
  const { screen, signal, demo } = options;
  const system = await startSystem({
    deployment: options.deployment,
    dataPath: options.dataPath,
    port: options.port,
    env: options.env,
    sampleSecrets: demo?.secrets ?? {},
    notified: (notification) => {
      screen.say(renderNotification(notification, screen.columns(), screen.paint).join('\n'));
    },
    report: (line) => screen.warn(printable(line)),
    scheduled: true,
  });
  const keys = options.listenToKeys === null ? [] : keysOf(options);
  const letGo = options.listenToKeys?.(keys) ?? (() => {});
  try {
    screen.say(introduction(options, system).join('\n'));
    const stopWatching = watch({
      fetchStatus: () => fetchStatus(system.url),
      clock: SYSTEM_CLOCK,
      screen,
      showEveryMs: options.live ? LIVE_EVERY_MS : PLAIN_EVERY_MS,
      footer: () => footer(keys, screen),
    });
    await aborted(signal);
    stopWatching();
  } finally {
    letGo();
    screen.end();
    screen.say('Stopping …');
    await system.close();
    screen.say(`Stopped. The data is in ${system.folder.path}; the next run goes on from it.`);
  }
}

async function fetchStatus(url: string): Promise<StatusResponse> {
  const response = await fetch(`${url}/api/status?range=${WATCH_RANGE_MS / 60_000}m`, {
    signal: AbortSignal.timeout(10 * SECOND_MS),
  });
  const body = await response.text();
  if (!response.ok) throw new Error(`it answered ${response.status}: ${body}`);
  const status: StatusResponse = JSON.parse(body);
  return status;
}

function introduction(options: DevSessionOptions, system: LocalSystem): string[] {
  const { deployment, demo, screen } = options;
  const { monitors, regions } = deployment;
  const { paint } = screen;
  const count = monitors.length === 1 ? '1 monitor' : `${monitors.length} monitors`;
  const target = faultTarget(deployment);
  return [
    paint('strong', `Parallax: ${deployment.name}, ${count}, from ${regions.join(', ')} (all on this machine)`),
    '',
    `  API       ${system.url}/api/status`,
    ...heartbeatLines(deployment, system.url),
    ...secretLines(options, system).map((line) => paint('strong', line)),
    ...(demo === null
      ? []
      : [
          `  demo API  ${demo.api.url}`,
          `            break it:  curl -X POST '${demo.api.url}/_faults?path=${target.path}&region=${target.region}&fault=error'`,
          `            heal it:   curl -X DELETE '${demo.api.url}/_faults'      more: curl '${demo.api.url}/_faults'`,
        ]),
    `  data      ${system.folder.path}   (notifications.jsonl, events.jsonl, functions.log)`,
    '  stop      Ctrl-C; the data stays, and the next run goes on from it',
    '',
    paint('quiet', `No notification is sent, they are printed here. ${firstSlot(deployment, Date.now())}`),
    '',
  ];
}

/** How to play a job. */
function heartbeatLines({ monitors }: Deployment, url: string): string[] {
  const jobs = monitors.filter((monitor) => monitor.type === 'heartbeat');
  const [first] = jobs;
  if (first === undefined) return [];
  const ids = jobs.length === 1 ? '' : `   (or ${clip(humanList(jobs.slice(1).map(({ id }) => id)), MAX_IDS_COLUMNS)})`;
  return [`  heartbeat curl -H "authorization: Bearer $TOKEN" ${url}${RECEIVED}${first.id}${ids}`];
}

const MAX_IDS_COLUMNS = 60;

/** A result says where a deployment keeps a secret: here it is kept elsewhere. */
function secretLines({ deployment, env, demo }: DevSessionOptions, { folder }: LocalSystem): readonly string[] {
  // A file that cannot be read is reported by the system, which reads it too.
  const secretOf = secretsFrom(env, folder.secrets, demo?.secrets ?? {}, () => {});
  const lines = missingSecretLines(secretsUsedBy(deployment.monitors), secretOf, folder.secrets);
  return lines.map((line, index) => `  ${index === 0 ? 'secrets   ' : '          '}${line}`);
}

function firstSlot({ monitors }: Deployment, nowEpochMs: number): string {
  if (monitors.length === 0) return 'There is no monitor to check.';
  const slot = Math.min(...monitors.map((monitor) => firstSlotFrom(monitor, nowEpochMs)));
  return `The first check is at ${new Date(slot).toISOString().slice(11, 19)} UTC.`;
}

/** What the examples break: the checkout from the farthest region, which is the last by convention. */
function faultTarget({ regions }: Deployment): { readonly path: string; readonly region: string } {
  return { path: '/checkout', region: regions.at(-1) ?? 'us-east-1' };
}

function keysOf({ demo, deployment, screen, quit }: DevSessionOptions): Key[] {
  const quitKey: Key = { key: 'q', does: 'quit', press: quit };
  if (demo === null) return [quitKey];
  const { path, region } = faultTarget(deployment);
  const doing = (work: () => Promise<void>, said: string) => () => {
    work().then(
      () => screen.say(screen.paint('quiet', `demo API: ${said}`)),
      (error: unknown) => screen.warn(`demo API: ${oneLine(error)}`),
    );
  };
  const broken = (fault: 'error' | 'slow', from: string | null) => () =>
    demo.api.switchOn({ path, region: from, fault });
  return [
    {
      key: '1',
      does: `fail in ${region}`,
      press: doing(broken('error', region), `${path} answers 503 to ${region}`),
    },
    { key: '2', does: 'fail everywhere', press: doing(broken('error', null), `${path} answers 503 to everyone`) },
    { key: '3', does: 'slow', press: doing(broken('slow', null), `${path} is two seconds late for everyone`) },
    { key: '0', does: 'heal', press: doing(() => demo.api.healAll(), 'healed') },
    quitKey,
  ];
}

function footer(keys: readonly Key[], { columns, paint }: Screen): string[] {
  if (keys.length === 0) return [];
  const text = keys.map(({ key, does }) => `[${key}] ${does}`).join('  ');
  return ['', paint('quiet', clip(text, columns()))];
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
