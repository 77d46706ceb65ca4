import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ENVIRONMENT, required } from '../../shared/environment.ts';
import type { Deployment } from '../../shared/monitor.ts';
import { shardsOf } from '../../shared/plan/shards.ts';
import type { ProbeEvent } from '../../shared/schedule.ts';
import { DEFAULT_SECRET_STORE } from '../../shared/secret-store.ts';
import { type Prober, randomHex } from './attempt.ts';
import { awsIdentity } from './aws-identity.ts';
import { storeBatch } from './batch-store.ts';
import { runCheck } from './check.ts';
import { systemClock } from './clock.ts';
import { openTcpSocket } from './connection.ts';
import { deployedSecrets } from './deployed-secrets.ts';
import { readHeartbeats, resultOfHeartbeat } from './heartbeats.ts';
import { createOwnNetwork, type OwnNetwork, regionalControls, withoutOwnFaults } from './own-network.ts';
import { adaptivePace, createPacer, eventLoopBusyMs, type Pacer } from './pacer.ts';
import { quietHeap } from './quiet-heap.ts';
import { createResolver } from './resolve.ts';
import { runSlots } from './run-slots.ts';
import { type RunSummary, summaryOf } from './run-summary.ts';
import type { SecretSource } from './secrets.ts';
import { createStallWatch } from './stalls.ts';
import { standingControls } from './standing-controls.ts';
import { createTrust } from './trust.ts';

/** All that a prober reaches out with. */
export interface ProberDependencies {
  readonly prober: Prober;
  readonly deployment: Pick<Deployment, 'monitors' | 'retention' | 'home' | 'standby'>;
  readonly table: string;
  readonly dynamo: Pick<DynamoDBClient, 'send'>;
  readonly secrets: SecretSource;
  readonly pace: Pacer;
  readonly network: OwnNetwork;
  readonly log: (summary: RunSummary) => void;
}

/** Batches of a run could not be stored, and their results are lost. Reaches the dead-letter queue. */
export class BatchesLost extends Error {
  override readonly name = 'BatchesLost';
  readonly code = 'batches-lost';
}

/** The event is not a {@link ProbeEvent} that this prober can run. */
export class UnknownProbeEvent extends Error {
  override readonly name = 'UnknownProbeEvent';
  readonly code = 'unknown-probe-event';
}

/** Runs the event's slots and stores what it found. Whatever targets do, it throws only for what it could not store. */
export function createHandler(dependencies: ProberDependencies): (event: ProbeEvent) => Promise<void> {
  const { prober, deployment, table, dynamo, secrets, pace, network } = dependencies;
  const { clock, region } = prober;
  const shards = shardsOf(deployment.monitors.filter((monitor) => monitor.regions.includes(region)));

  let isFirstRun = true;

  return async (event) => {
    const startEpochMs = Date.parse(event.scheduledTime);
    if (!Number.isFinite(startEpochMs) || !(event.periodMs > 0) || !(event.shard >= 0)) {
      throw new UnknownProbeEvent(
        `cannot run ${JSON.stringify(event)}: scheduledTime must be an ISO 8601 instant, periodMs a positive number and shard a number from 0`,
      );
    }
    // A schedule may outlive its shard by a minute, while a deployment takes it away: that run has nothing to do.
    const monitors = shards.get(event.shard) ?? [];
    const startedMs = clock.monotonicMs();
    const [{ controls, error: controlsError }, heartbeats] = await Promise.all([
      standingControls(dynamo, table, deployment),
      readHeartbeats(dynamo, table, region, monitors, startEpochMs),
    ]);
    const looked = network.works();
    // The first handshake of a process takes several times as long as those after it: it must not be a check's.
    if (isFirstRun) await looked;
    isFirstRun = false;
    const batches = { stored: 0, alreadyThere: 0 };
    const report = await runSlots(
      {
        clock,
        pace,
        secrets,
        check: async ({ monitor, ...check }) => {
          const result =
            monitor.type === 'heartbeat'
              ? resultOfHeartbeat({ ...check, monitor }, heartbeats, controls, clock.epochMs())
              : await runCheck(prober, { ...check, monitor }, pace);
          return withoutOwnFaults(result, network);
        },
        store: async (batch) => {
          const outcome = await storeBatch(dynamo, table, deployment.retention, clock, batch);
          batches[outcome === 'stored' ? 'stored' : 'alreadyThere'] += 1;
        },
      },
      { region, shard: event.shard, monitors, controls, startEpochMs, periodMs: event.periodMs },
    );
    const networkWorks = await looked;
    const wallMs = clock.monotonicMs() - startedMs;
    dependencies.log(
      summaryOf(
        { region, scheduledTime: event.scheduledTime, shard: event.shard, wallMs, controlsError, networkWorks },
        batches,
        report,
      ),
    );
    if (report.storeErrors.length > 0) {
      throw new BatchesLost(`${report.storeErrors.length} batches of ${event.scheduledTime} could not be stored`, {
        cause: report.storeErrors[0],
      });
    }
  };
}

/** @throws MissingEnvironment, or what reading the deployment's file throws */
export function dependenciesFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): ProberDependencies {
  const region = required(environment, 'AWS_REGION');
  // Lambda's own name for where the code lies. Elsewhere the path is absolute.
  const file = resolve(environment.LAMBDA_TASK_ROOT ?? '.', required(environment, ENVIRONMENT.deployment));
  const deployment: Deployment = JSON.parse(readFileSync(file, 'utf8'));
  const runtimeApi = environment.AWS_LAMBDA_RUNTIME_API;
  // A store that hangs must not use up the time that its retries need.
  const requestHandler = { connectionTimeout: 2_000, requestTimeout: 3_000 };
  const prober: Prober = {
    region,
    clock: systemClock,
    randomHex,
    resolveName: createResolver(),
    addressPolicy: {
      allowPrivate: deployment.allowPrivateAddresses,
      forbiddenEndpoints: runtimeApi === undefined ? [] : [runtimeApi],
    },
    ...createTrust(),
    openSocket: openTcpSocket,
    stalls: createStallWatch(systemClock),
    aws: awsIdentity(region),
  };
  const pace = createPacer(systemClock, adaptivePace(eventLoopBusyMs));
  return {
    prober,
    deployment,
    table: required(environment, ENVIRONMENT.table),
    dynamo: new DynamoDBClient({ region, maxAttempts: 2, requestHandler }),
    secrets: deployedSecrets(deployment.secretStore ?? DEFAULT_SECRET_STORE, systemClock, deployment.name, region),
    pace,
    network: createOwnNetwork(prober, deployment.controlUrls ?? regionalControls(region), pace),
    log: (summary) => console.log(JSON.stringify(summary)),
  };
}

let collect: (() => void) | undefined;
let handle: ((event: ProbeEvent) => Promise<void>) | undefined;

/** Prepared by the first event and not by the import, so that a wrong environment is an error with an event to it. */
export async function handler(event: ProbeEvent): Promise<void> {
  handle ??= createHandler(dependenciesFromEnvironment(process.env));
  collect ??= quietHeap();
  collect();
  return handle(event);
}
