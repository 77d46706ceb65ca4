import type { Monitor } from './monitor.ts';
import { MINUTE_MS } from './schedule.ts';
import { LEVEL_MS } from './table.ts';

/** Windows of policies up to this long are judged from single results, to the slot; longer ones from stored windows too. */
export const EXACT_OVER_MS = 15 * MINUTE_MS;

/**
 * How far before a slot a monitor's policies need single results. Monitors of five minutes and slower need none:
 * a stored window holds one result of theirs at most.
 */
export function exactLookBackMs({ everyMs, policies }: Pick<Monitor, 'everyMs' | 'policies'>): number {
  if (everyMs >= LEVEL_MS['5m']) return 0;
  return Math.max(
    0,
    ...policies.map(
      ({ confirm, recover, overMs }) => Math.max(confirm, recover) * everyMs + Math.min(overMs, EXACT_OVER_MS),
    ),
  );
}
