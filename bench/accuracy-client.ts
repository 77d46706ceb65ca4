import { createRequire } from 'node:module';
import { naiveFetch, unpacedHttps } from './accuracy-baselines.ts';

/**
 * A client under test, in a process of its own: the prober as it is bundled for Lambda, or one that people write in an
 * afternoon. It waits for its first message before it loads anything, so that its CPU can be limited first.
 */
export const CLIENTS = ['prober', 'node:https', 'fetch'] as const;
export type Client = (typeof CLIENTS)[number];

export interface ClientRun {
  /** Of all of its threads. */
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly rssMb: number;
  /** What it says the first byte took, by id. Empty for the prober: it stores what it found. */
  readonly measured: readonly (readonly [id: string, firstByteMs: number])[];
}

/** `[id, url]` of everything to ask. */
export type Targets = readonly (readonly [id: string, url: string])[];
export type ClientMessage = { readonly load: Client } | { readonly run: Targets };

type Run = (targets: Targets) => Promise<ClientRun['measured']>;

let run: Run | undefined;

process.on('message', async (message: ClientMessage) => {
  if ('load' in message) {
    const startedMs = performance.now();
    run = load(message.load);
    process.send?.(performance.now() - startedMs);
    return;
  }
  if (run === undefined) throw new Error('a client is told what it is before it runs');
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const measured = await run(message.run);
  const wallMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(cpu);
  const found: ClientRun = {
    cpuMs: (user + system) / 1_000,
    wallMs,
    rssMb: process.memoryUsage.rss() / 1_048_576,
    measured,
  };
  process.send?.(found);
});

function load(client: Client): Run {
  switch (client) {
    case 'prober':
      return bundledProber();
    case 'node:https':
      return unpacedHttps;
    case 'fetch':
      return naiveFetch;
  }
}

/** The function's own file, entered as Lambda enters it; what to check lies beside it. */
function bundledProber(): Run {
  const { handler } = createRequire(import.meta.url)(`${process.env['LAMBDA_TASK_ROOT']}/index.js`) as {
    handler: (event: object) => Promise<void>;
  };
  return async () => {
    const minute = Math.floor(Date.now() / 60_000) * 60_000;
    await handler({ scheduledTime: new Date(minute).toISOString(), periodMs: 60_000, shard: 0 });
    return [];
  };
}

process.send?.('ready');
