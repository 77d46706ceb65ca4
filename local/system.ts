import { rmSync } from 'node:fs';
import { tableName } from '../shared/environment.ts';
import type { Deployment, Region } from '../shared/monitor.ts';
import { shardNumbers } from '../shared/plan/shards.ts';
import { type AggregateEvent, type ProbeEvent, SECOND_MS } from '../shared/schedule.ts';
import { type AwsEndpoint, startAwsEndpoint } from './aws-endpoint.ts';
import { type DataFolder, openDataFolder, writeAtomically } from './data-folder.ts';
import { startDynamo } from './dynamo.ts';
import { functionEnvironment } from './function-environment.ts';
import { FunctionError, type LocalFunction, startFunction } from './function-host.ts';
import { startHttpGateway } from './http-gateway.ts';
import { oneLine } from './local-error.ts';
import { openLogFile } from './log-file.ts';
import type { LoggedNotification } from './notification-log.ts';
import { type Report, withoutRepeats } from './report.ts';
import { writeRunFile } from './running-system.ts';
import { type Clock, SYSTEM_CLOCK, startSchedule } from './scheduler.ts';
import { secretsFrom } from './secrets.ts';

/** The whole system on one machine: the functions as they are in AWS, between stand-ins for what is around them. */
export interface LocalSystem {
  /** Of the API, such as `http://127.0.0.1:4680`. */
  readonly url: string;
  readonly folder: DataFolder;
  /** By region. What the schedule calls; callable besides it, as `at least once` allows. */
  readonly probers: ReadonlyMap<Region, LocalFunction>;
  readonly aggregator: LocalFunction;
  /** Starts nothing more, lets what runs finish for a moment, and closes the database. The data stays. */
  close(): Promise<void>;
}

export interface SystemOptions {
  readonly deployment: Deployment;
  /** The data folder; absolute. */
  readonly dataPath: string;
  /** Of the API; 0 takes a free one. */
  readonly port: number;
  /** Where `PARALLAX_SECRET_<NAME>` are looked up. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly sampleSecrets: Readonly<Record<string, string>>;
  readonly notified: (notification: LoggedNotification) => void;
  /** Troubles, one line each; the system goes on. */
  readonly report: Report;
  /** Without it only who calls the functions makes them run. */
  readonly scheduled: boolean;
  /** Of the schedules and the log. */
  readonly clock?: Clock;
  /** Modules that export the handlers; the real ones without it. */
  readonly handlers?: Handlers;
}

interface Handlers {
  readonly prober: URL;
  readonly aggregator: URL;
  readonly api: URL;
  readonly receiver: URL;
}

/** Short, so that something is seen at once; each run takes the slots of its own period only. */
const PERIOD_MS = 5 * SECOND_MS;
/** The aggregator follows the probers by what most checks take. One that comes later is in the next run. */
const AGGREGATE_OFFSET_MS = 2_500;
const AGGREGATOR_TIMEOUT_MS = 30 * SECOND_MS;
const API_TIMEOUT_MS = 10 * SECOND_MS;
const API_CONCURRENCY = 8;
const RECEIVER_TIMEOUT_MS = 15 * SECOND_MS;
const RECEIVER_CONCURRENCY = 8;
/** Storing, on top of the slots and the last check's deadline. */
const STORE_MS = 10 * SECOND_MS;
/** What runs at the end gets this long. A check that takes longer leaves its slot without a result: unknown. */
const CLOSE_GRACE_MS = 2 * SECOND_MS;

const HANDLERS: Handlers = {
  prober: new URL('../functions/prober/handler.ts', import.meta.url),
  aggregator: new URL('../functions/aggregator/handler.ts', import.meta.url),
  api: new URL('../functions/api/handler.ts', import.meta.url),
  receiver: new URL('../functions/receiver/handler.ts', import.meta.url),
};

/** Throws `LocalError` where the data folder, its database or the port cannot be had; then nothing is left running. */
export async function startSystem(options: SystemOptions): Promise<LocalSystem> {
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) await closer();
  };
  try {
    return await assemble(options, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function assemble(
  options: SystemOptions,
  closers: (() => Promise<void>)[],
  close: () => Promise<void>,
): Promise<LocalSystem> {
  const clock = options.clock ?? SYSTEM_CLOCK;
  const now = (): number => clock.nowEpochMs();
  const report = withoutRepeats(options.report, now);
  const folder = openDataFolder(options.dataPath);

  // The database first: its lock says whether the folder is ours to write to.
  const dynamo = await startDynamo(folder, tableName(options.deployment.name), report);
  closers.push(() => dynamo.close());
  const deployment = onOneMachine(options.deployment);
  writeAtomically(folder.deployment, `${JSON.stringify(deployment, null, 2)}\n`);
  const run = { pid: process.pid, startedAt: new Date(now()).toISOString() };
  writeRunFile(folder, { ...run, endpoints: null });
  closers.push(async () => rmSync(folder.run, { force: true }));

  const aws = await startAwsEndpoint({
    deployment,
    folder,
    secretOf: secretsFrom(options.env, folder.secrets, options.sampleSecrets, report),
    nowEpochMs: now,
    notified: options.notified,
    report,
  });
  closers.push(() => aws.close());
  // Before the functions: whoever finds this may write to the table from now on.
  writeRunFile(folder, { ...run, endpoints: { dynamo: dynamo.endpoint, aws: aws.url } });

  const functions = startFunctions(options, deployment, folder, dynamo.endpoint, aws, report, now);
  closers.push(async () => {
    await Promise.all(functions.all.map((each) => each.close(CLOSE_GRACE_MS)));
  });

  const { receiver } = functions;
  const gateway = await startHttpGateway({
    port: options.port,
    invoke: (event) => functions.api.invoke(event),
    ...(receiver !== null && { receive: (event) => receiver.invoke(event) }),
    nowEpochMs: now,
    report,
  });
  closers.push(() => gateway.close());

  if (options.scheduled) closers.push(...startSchedules(functions, deployment, clock, report));
  return { url: gateway.url, folder, probers: functions.probers, aggregator: functions.aggregator, close };
}

/**
 * One's own machine and network may be checked from it, and nobody else is asked whether it works; what is stored says
 * so, and no handler has to ask where it runs.
 */
function onOneMachine(deployment: Deployment): Deployment {
  return { ...deployment, allowPrivateAddresses: true, controlUrls: [] };
}

interface Functions {
  readonly probers: ReadonlyMap<Region, LocalFunction>;
  readonly aggregator: LocalFunction;
  readonly api: LocalFunction;
  /** Null where no job calls. */
  readonly receiver: LocalFunction | null;
  readonly all: readonly LocalFunction[];
}

function startFunctions(
  options: SystemOptions,
  deployment: Deployment,
  folder: DataFolder,
  dynamo: string,
  aws: AwsEndpoint,
  report: Report,
  now: () => number,
): Functions {
  const handlers = options.handlers ?? HANDLERS;
  const writeLog = openLogFile(folder.log, report);
  const start = (name: string, handler: URL, region: Region, timeoutMs: number, maxConcurrent: number): LocalFunction =>
    startFunction({
      name,
      handler,
      env: functionEnvironment(deployment, folder.deployment, region, { dynamo, aws: aws.url }),
      timeoutMs,
      maxConcurrent,
      log: (line, stream) => {
        writeLog(`${new Date(now()).toISOString()} ${name}: ${line}`);
        // What is written there is meant to be seen; the indented lines of a stack are for the log.
        if (stream === 'stderr' && /^\S/.test(line)) report(`${name}: ${line.slice(0, 500)}`);
      },
    });

  const longestCheckMs = Math.max(0, ...deployment.monitors.map(({ timeoutMs }) => timeoutMs));
  const proberMs = PERIOD_MS + longestCheckMs;
  const runsAtOnce = Math.ceil(proberMs / PERIOD_MS) + 1;
  const probers = new Map(
    deployment.regions.map((region) => {
      const maxConcurrent = runsAtOnce * shardsIn(deployment, region).length;
      return [region, start(`prober ${region}`, handlers.prober, region, proberMs + STORE_MS, maxConcurrent)];
    }),
  );
  // One at a time: a run that is left out costs nothing, since the next one catches up.
  const aggregator = start('aggregator', handlers.aggregator, deployment.home, AGGREGATOR_TIMEOUT_MS, 1);
  const api = start('api', handlers.api, deployment.home, API_TIMEOUT_MS, API_CONCURRENCY);
  const receiver = deployment.monitors.some(({ type }) => type === 'heartbeat')
    ? start('receiver', handlers.receiver, deployment.home, RECEIVER_TIMEOUT_MS, RECEIVER_CONCURRENCY)
    : null;
  const all = [...probers.values(), aggregator, api, ...(receiver === null ? [] : [receiver])];
  return { probers, aggregator, api, receiver, all };
}

function shardsIn({ monitors }: Deployment, region: Region): readonly number[] {
  return shardNumbers(monitors.filter((monitor) => monitor.regions.includes(region)));
}

/** Returns how to stop each. */
function startSchedules(
  functions: Functions,
  deployment: Deployment,
  clock: Clock,
  report: Report,
): (() => Promise<void>)[] {
  const fire = (target: LocalFunction, event: ProbeEvent | AggregateEvent): void => {
    target.invoke(event).catch((error: unknown) => {
      if (error instanceof FunctionError && error.code === 'closed') return;
      report(`${target.name}: ${error instanceof FunctionError ? firstLine(error.message) : oneLine(error)}`);
    });
  };
  const stopProbers = startSchedule(clock, { periodMs: PERIOD_MS, offsetMs: 0 }, (epochMs) => {
    for (const [region, prober] of functions.probers) {
      for (const shard of shardsIn(deployment, region)) {
        fire(prober, { scheduledTime: iso(epochMs), periodMs: PERIOD_MS, shard });
      }
    }
  });
  const stopAggregator = startSchedule(clock, { periodMs: PERIOD_MS, offsetMs: AGGREGATE_OFFSET_MS }, (epochMs) =>
    fire(functions.aggregator, { scheduledTime: iso(epochMs) }),
  );
  return [async () => stopProbers(), async () => stopAggregator()];
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
