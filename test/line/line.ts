import type { TestContext } from 'node:test';
import { aggregatorReader } from '../../functions/api/aggregator-reader.ts';
import { route } from '../../functions/api/routes.ts';
import { createTrust, openTcpSocket } from '../../functions/prober/connection.ts';
import { createHandler } from '../../functions/prober/handler.ts';
import { randomHex } from '../../functions/prober/attempt.ts';
import { createResolver } from '../../functions/prober/resolve.ts';
import { type Demo, startDemo } from '../../local/demo.ts';
import type { StatusResponse, Verdict } from '../../shared/api-types.ts';
import { MINUTE, Scene, START } from '../aggregator/scene.ts';
import { TABLE } from '../engine/table.ts';
import { deploymentOf, monitorOf, REGIONS } from '../shared/build.ts';

/** The whole way of the data, all of it real but the clock: probers, table, aggregator, API, and a demo API to break. */
export class Line {
  readonly scene: Scene;
  readonly demo: Demo;
  readonly #probe: (minute: number) => Promise<void>;

  private constructor(scene: Scene, demo: Demo) {
    this.scene = scene;
    this.demo = demo;
    let now = START;
    const pace = async () => {};
    const probers = REGIONS.map((region) =>
      createHandler({
        prober: {
          region,
          // Time stands at the slot; durations are real.
          clock: { epochMs: () => now, monotonicMs: () => performance.now(), after: callAfter },
          randomHex,
          resolveName: createResolver(),
          addressPolicy: { allowPrivate: true, forbiddenEndpoints: [] },
          secureContext: createTrust(),
          openSocket: openTcpSocket,
        },
        deployment: scene.deployment,
        table: TABLE,
        dynamo: scene.client,
        secrets: { read: async () => new Map() },
        pace,
        log: () => {},
      }),
    );
    this.#probe = async (minute) => {
      now = START + minute * MINUTE;
      const event = { scheduledTime: new Date(now).toISOString(), periodMs: MINUTE, shard: 0 };
      await Promise.all(probers.map((prober) => prober(event)));
    };
  }

  static async open(t: TestContext): Promise<Line> {
    const demo = await startDemo(0);
    t.after(() => demo.close());
    const { request, ...rest } = monitorOf({ timeoutMs: 20_000 });
    const checkout = { ...rest, request: { ...request, url: `${demo.url}/checkout` } };
    const expect = { ...checkout.expect, status: [{ op: 'equals', value: 200 }] as const };
    return new Line(await Scene.open(t, deploymentOf([{ ...checkout, expect }])), demo);
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

  async verdict(minute: number): Promise<{ verdict: Verdict | undefined; because: string | null | undefined }> {
    const { deployment, client, history } = this.scene;
    const api = { deployment, history, aggregators: aggregatorReader(client, deployment, history) };
    const { body } = await route(api, 'GET', '/api/status', {}, START + minute * MINUTE + 30_000);
    const [monitor] = (body as StatusResponse).monitors;
    return { verdict: monitor?.verdict, because: monitor?.because };
  }
}

function callAfter(delayMs: number, callback: () => void): () => void {
  const timer = setTimeout(callback, delayMs);
  return () => clearTimeout(timer);
}
