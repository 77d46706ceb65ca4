import type { TestContext } from 'node:test';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { aggregatorReader } from '../../functions/api/aggregator-reader.ts';
import { route } from '../../functions/api/routes.ts';
import { randomHex } from '../../functions/prober/attempt.ts';
import { awsIdentity } from '../../functions/prober/aws-identity.ts';
import type { Clock } from '../../functions/prober/clock.ts';
import { openTcpSocket } from '../../functions/prober/connection.ts';
import { createHandler } from '../../functions/prober/handler.ts';
import { createResolver } from '../../functions/prober/resolve.ts';
import type { SecretSource } from '../../functions/prober/secrets.ts';
import { createTrust } from '../../functions/prober/trust.ts';
import type { HttpEvent } from '../../functions/receiver/call.ts';
import { receive } from '../../functions/receiver/receive.ts';
import type { ReadSecrets } from '../../functions/receiver/secret-values.ts';
import { createTokens } from '../../functions/receiver/tokens.ts';
import { type Demo, startDemo } from '../../local/demo.ts';
import type { StatusResponse, Verdict } from '../../shared/api-types.ts';
import { readResults } from '../../shared/history.ts';
import type { HeartbeatMonitor, Region, SecretStore } from '../../shared/monitor.ts';
import type { Result } from '../../shared/result.ts';
import { MINUTE, Scene, START } from '../aggregator/scene.ts';
import { clientOf, endpointOf, TABLE } from '../engine/table.ts';
import { callOf } from '../receiver/build.ts';
import { deploymentOf, monitorOf, REGIONS } from '../shared/build.ts';

/** The whole way of the data, all of it real but the clock: probers, table, aggregator, API, and a demo API to break. */
export class Line {
  readonly scene: Scene;
  readonly demo: Demo;
  readonly #probe: (minute: number) => Promise<void>;
  readonly #receive: (event: HttpEvent) => Promise<APIGatewayProxyStructuredResultV2>;
  #receivedAtEpochMs = START;

  /** One a region, as each prober has its own. */
  readonly proberClients: ReadonlyMap<Region, DynamoDBClient>;
  readonly receiverClient: DynamoDBClient;

  private constructor(scene: Scene, demo: Demo, endpoint: string, secretsOf: SecretsOf, tokenSecrets: ReadSecrets) {
    this.scene = scene;
    this.demo = demo;
    this.proberClients = new Map(REGIONS.map((region) => [region, clientOf(endpoint)]));
    let now = START;
    const pace = async () => {};
    // Time stands at the slot; durations are real.
    const clock = { epochMs: () => now, monotonicMs: () => performance.now(), after: callAfter };
    const probers = [...this.proberClients].map(([region, dynamo]) =>
      createHandler({
        prober: {
          region,
          clock,
          randomHex,
          resolveName: createResolver(),
          addressPolicy: { allowPrivate: true, forbiddenEndpoints: [] },
          ...createTrust(),
          openSocket: openTcpSocket,
          stalls: { watch: () => ({ end: () => 0 }) },
          aws: awsIdentity(region),
        },
        deployment: scene.deployment,
        table: TABLE,
        dynamo,
        secrets: secretsOf(clock, scene.deployment.name, region),
        pace,
        network: { works: async () => true },
        log: () => {},
      }),
    );
    this.receiverClient = clientOf(endpoint);
    const { monitors, home } = scene.deployment;
    const jobs = monitors.filter((monitor) => monitor.type === 'heartbeat');
    this.#receive = receive({
      region: home,
      table: TABLE,
      dynamo: this.receiverClient,
      tokens: createTokens(
        tokenSecrets,
        jobs,
        () => this.#receivedAtEpochMs,
        () => {},
      ),
      nowEpochMs: () => this.#receivedAtEpochMs,
      log: () => {},
    });
    this.#probe = async (minute) => {
      now = START + minute * MINUTE;
      const event = { scheduledTime: new Date(now).toISOString(), periodMs: MINUTE, shard: 0 };
      await Promise.all(probers.map((prober) => prober(event)));
    };
  }

  /**
   * `secretsOf`: where secrets are read, and `secretStore` says so; without it there are none. `jobs`: heartbeats beside the
   * demo's checkout, whose tokens' secrets are `tokenSecrets`.
   */
  static async open(
    t: TestContext,
    secretsOf: SecretsOf | null = null,
    secretStore?: SecretStore,
    jobs: readonly HeartbeatMonitor[] = [],
    tokenSecrets: ReadSecrets = async () => ({ values: new Map(), error: null }),
  ): Promise<Line> {
    const demo = await startDemo(0);
    t.after(() => demo.close());
    const cost = { name: 'cost', from: 'json', path: '$.queue.depth' } as const;
    const { request, ...rest } = monitorOf({ timeoutMs: 20_000, metrics: [cost] });
    const headers = secretsOf === null ? {} : { authorization: 'Bearer ${secret:token}' };
    const checkout = { ...rest, request: { ...request, url: `${demo.url}/checkout`, headers } };
    const expect = { ...checkout.expect, status: [{ op: 'equals', value: 200 }] as const };
    const scene = await Scene.open(
      t,
      deploymentOf([{ ...checkout, expect }, ...jobs], { standby: 'eu-west-1', ...(secretStore && { secretStore }) }),
    );
    const line = new Line(scene, demo, await endpointOf(scene.client), secretsOf ?? (() => NOTHING), tokenSecrets);
    t.after(() => {
      for (const client of [...line.proberClients.values(), line.receiverClient]) client.destroy();
    });
    return line;
  }

  /** A minute of every region's prober, then of the aggregator. */
  async minute(minute: number): Promise<void> {
    await this.#probe(minute);
    await this.scene.run(minute);
  }

  /** Probers only: the aggregator is away. */
  probe(minute: number): Promise<void> {
    return this.#probe(minute);
  }

  /** A job's call so many minutes after the start, which need not be whole; the status of its answer. */
  async call(minute: number, path: string, query: Readonly<Record<string, string>> = {}, body = ''): Promise<number> {
    this.#receivedAtEpochMs = START + minute * MINUTE;
    const { statusCode } = await this.#receive(callOf(path, { query, body }));
    return statusCode ?? 0;
  }

  /** A monitor's results from home, up to the minute. */
  async results(id: string, minute: number): Promise<readonly Result[]> {
    const { deployment, history } = this.scene;
    const all = await readResults(history, deployment.home, START, START + minute * MINUTE);
    return all.filter(({ monitorId }) => monitorId === id);
  }

  async verdict(
    minute: number,
    id = 'checkout',
  ): Promise<{ verdict: Verdict | undefined; because: string | null | undefined }> {
    const { deployment, client, history } = this.scene;
    const api = { deployment, history, aggregators: aggregatorReader(client, deployment, history) };
    const { body } = await route(api, 'GET', '/api/status', {}, START + minute * MINUTE + 30_000);
    const monitor = (body as StatusResponse).monitors.find((each) => each.id === id);
    return { verdict: monitor?.verdict, because: monitor?.because };
  }
}

function callAfter(delayMs: number, callback: () => void): () => void {
  const timer = setTimeout(callback, delayMs);
  return () => clearTimeout(timer);
}

/** A region's secrets, as its prober reads them. */
export type SecretsOf = (clock: Clock, deploymentName: string, region: Region) => SecretSource;

const NOTHING: SecretSource = { read: async () => new Map() };
