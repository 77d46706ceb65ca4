import type { Verdict } from './api-types.ts';
import type { Monitor, Region } from './monitor.ts';
import { regionsNeeded } from './policy.ts';
import type { Result } from './result.ts';
import { MINUTE_MS } from './schedule.ts';

/** A result may be this much older than two periods and still speak for now: schedules fire within their minute, and runs take time. */
export const VERDICT_GRACE_MS = 2 * MINUTE_MS;

/**
 * A monitor across its regions, from each region's newest result. No fresh conclusive result anywhere is `unknown`,
 * never `up`. Failing in a majority is `down`; in fewer `degraded`, with the regions named.
 */
export function verdictOf(
  monitor: Pick<Monitor, 'regions' | 'everyMs'>,
  latest: ReadonlyMap<Region, Result>,
  nowEpochMs: number,
): { readonly verdict: Verdict; readonly because: string | null } {
  const oldest = nowEpochMs - 2 * monitor.everyMs - VERDICT_GRACE_MS;
  const failing: string[] = [];
  const unknown: string[] = [];
  let passing = 0;
  for (const region of monitor.regions) {
    const result = latest.get(region);
    if (result === undefined || result.slotEpochMs < oldest) unknown.push(`${region} (no recent result)`);
    else if (result.outcome === 'inconclusive') unknown.push(`${region} (${result.detail ?? 'inconclusive'})`);
    else if (result.outcome === 'failed') failing.push(`${region} (${result.detail ?? result.reason ?? 'failed'})`);
    else passing += 1;
  }
  const unknownClause = unknown.length === 0 ? null : `unknown from ${unknown.join(', ')}`;
  if (passing + failing.length === 0) return { verdict: 'unknown', because: unknownClause };
  if (failing.length === 0) return { verdict: 'up', because: unknownClause };
  const because = [`failing from ${failing.join(', ')}`, unknownClause].filter((clause) => clause !== null).join('; ');
  const down = failing.length >= regionsNeeded('majority', passing + failing.length, monitor.regions.length);
  return { verdict: down ? 'down' : 'degraded', because };
}
