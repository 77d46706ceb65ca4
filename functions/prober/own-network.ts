import { partitionOf } from '../../shared/definition/aws-regions.ts';
import type { HttpMonitor, Region } from '../../shared/monitor.ts';
import { excused, mayBeOurs, type Result } from '../../shared/result.ts';
import type { Prober } from './attempt.ts';
import { runCheck } from './check.ts';
import type { Pacer } from './pacer.ts';

/** Whether this region's own way out works, as control targets tell: what cannot be reached then is not to blame. */
export interface OwnNetwork {
  /** Looks, or takes a look that is at most {@link FRESH_MS} old. True as soon as one control target answers anything at all. */
  works(): Promise<boolean>;
}

/** Checks that fail together ask together: an outage of everything costs a look, not one for each check. */
const FRESH_MS = 5_000;
/** In its own region an answer takes some ten milliseconds. */
const TIMEOUT_MS = 3_000;

/**
 * Two of the region's own AWS endpoints that answer without credentials. Two, so that a bad day of one is not ours.
 * They say `healthy: <host>` to anybody, as DynamoDB's emulators know too.
 */
export function regionalControls(region: Region): readonly string[] {
  const domain = DOMAINS[partitionOf(region) ?? 'aws'] ?? 'amazonaws.com';
  return [`https://dynamodb.${region}.${domain}/ping`, `https://ec2.${region}.${domain}/ping`];
}

const DOMAINS: Readonly<Record<string, string>> = { 'aws-cn': 'amazonaws.com.cn', 'aws-eusc': 'amazonaws.eu' };

/** Without control targets the network is always taken to work. */
export function createOwnNetwork(prober: Prober, urls: readonly string[], pace: Pacer): OwnNetwork {
  // Who deploys names them, not a target: they may lie in a network of one's own.
  const looker: Prober = { ...prober, addressPolicy: { ...prober.addressPolicy, allowPrivate: true } };
  const monitors = urls.map(controlMonitor);
  let look: { readonly atMs: number; readonly answered: Promise<boolean> } | null = null;

  const answers = async (monitor: HttpMonitor): Promise<true> => {
    await pace();
    const { status } = await runCheck(looker, { monitor, slotEpochMs: prober.clock.epochMs(), secrets: new Map() });
    if (status === null) throw new Error(`${monitor.request.url} did not answer`);
    return true;
  };

  return {
    works() {
      if (monitors.length === 0) return Promise.resolve(true);
      const nowMs = prober.clock.monotonicMs();
      if (look === null || nowMs - look.atMs > FRESH_MS) {
        look = { atMs: nowMs, answered: Promise.any(monitors.map(answers)).catch(() => false) };
      }
      return look.answered;
    },
  };
}

/** The result, or that nobody can tell, where this region's own network would have caused the same. */
export async function withoutOwnFaults(result: Result, network: OwnNetwork): Promise<Result> {
  if (!mayBeOurs(result) || (await network.works())) return result;
  return excused(result, 'no control target answers either, so this region’s own network is at fault');
}

function controlMonitor(url: string): HttpMonitor {
  return {
    id: 'control',
    name: 'control',
    type: 'http',
    tags: [],
    regions: [],
    everyMs: FRESH_MS,
    timeoutMs: TIMEOUT_MS,
    attempts: 1,
    request: { method: 'GET', url, headers: {}, body: null, maxRedirects: 0, maxBodyBytes: 65_536 },
    expect: { status: [], responseTimeMs: [], headers: [], body: [], json: [], certificateValidForMs: null },
    metrics: [],
    policies: [],
    slo: null,
    runbook: null,
  };
}
