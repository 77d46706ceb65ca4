import type { Monitor } from '../monitor.ts';
import { MINUTE_MS } from '../schedule.ts';
import { stableHash } from '../stable-hash.ts';

/**
 * Which runs of a region's prober check which monitors. Infrastructure makes a schedule per shard, and the prober picks
 * its shard's monitors; both compute this from the same monitors, so nothing but the shard's number travels.
 * Why so: docs/adr/0020-sharding.md
 */
type Sharded = Pick<Monitor, 'id' | 'everyMs' | 'timeoutMs'>;

/**
 * Checks that one run may have open if every target hangs. Lambda gives a function 1,024 file descriptors; a shard
 * gets what the hash gives it, 5 % of this around the mean, and DNS, the SDK and a check's next hop need theirs.
 * It bounds the launches as well: 400 of them, 6 ms apart, take 2.4 s of the 5 s that the fastest monitors leave.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const MAX_OPEN_CHECKS = 400;

/** How many shards there are of either kind; together at least one, so that a region without monitors is seen to run. */
export interface ShardLayout {
  /** Runs that end with their last check. Where `lasting` is 0, all monitors are in these. */
  readonly brief: number;
  /** Runs of monitors that are due several times a minute: they, and what they cost, last nearly the whole minute. */
  readonly lasting: number;
}

/** Shards of lasting runs are numbered from here, so that those of brief runs keep their numbers when one is added. */
export const FIRST_LASTING_SHARD = 100;

/**
 * One shard as long as one run can bear it: each more would wait for its own slowest check. Beyond, sub-minute monitors
 * get shards of their own: spread over all, a handful of them would keep every run alive for the minute.
 */
export function shardLayout(monitors: readonly Sharded[]): ShardLayout {
  if (shardsFor(monitors) <= 1) return { brief: 1, lasting: 0 };
  return {
    brief: shardsFor(monitors.filter((monitor) => !isLasting(monitor))),
    lasting: shardsFor(monitors.filter(isLasting)),
  };
}

/** The numbers of a region's shards, ascending. */
export function shardNumbers(monitors: readonly Sharded[]): readonly number[] {
  const { brief, lasting } = shardLayout(monitors);
  return [...numbers(0, brief), ...numbers(FIRST_LASTING_SHARD, lasting)];
}

/** A region's monitors by shard, in their order. Each is in exactly one. */
export function shardsOf<M extends Sharded>(monitors: readonly M[]): ReadonlyMap<number, readonly M[]> {
  const layout = shardLayout(monitors);
  const shards = new Map<number, M[]>(shardNumbers(monitors).map((shard) => [shard, []]));
  for (const monitor of monitors) shards.get(shardOf(monitor, layout))?.push(monitor);
  return shards;
}

/**
 * Rendezvous hashing: the shard whose hash with the monitor's id is highest. No monitor has a say in another's place;
 * one shard more takes its part from all others, and moves nothing between them.
 * @see https://en.wikipedia.org/wiki/Rendezvous_hashing
 */
export function shardOf(monitor: Sharded, layout: ShardLayout): number {
  const apart = layout.lasting > 0 && isLasting(monitor);
  const candidates = apart ? numbers(FIRST_LASTING_SHARD, layout.lasting) : numbers(0, layout.brief);
  let best = { shard: candidates[0] ?? 0, weight: -1 };
  for (const shard of candidates) {
    const weight = stableHash(`${shard}/${monitor.id}`);
    if (weight > best.weight) best = { shard, weight };
  }
  return best.shard;
}

/** Whether the monitor is due more than once in a run. */
export function isLasting(monitor: Pick<Sharded, 'everyMs'>): boolean {
  return monitor.everyMs < MINUTE_MS;
}

function shardsFor(monitors: readonly Sharded[]): number {
  const open = monitors.reduce((sum, monitor) => sum + openChecks(monitor), 0);
  return Math.ceil(open / MAX_OPEN_CHECKS);
}

/** Of one monitor whose target hangs. Those slower than a minute are spread over minutes: a part of one in each. */
function openChecks({ everyMs, timeoutMs }: Sharded): number {
  return everyMs > MINUTE_MS ? MINUTE_MS / everyMs : Math.max(1, Math.ceil(timeoutMs / everyMs));
}

function numbers(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}
