import type { Condition, Monitor } from '../monitor.ts';
import { MINUTE_MS, SECOND_MS } from '../schedule.ts';
import { TABLE_WAIT_MS } from './assumed.ts';
import { RUN_OVERHEAD_MS } from './measured.ts';

/**
 * Milliseconds between two launches. A TLS check costs about 2 ms of CPU on a full core. Launched at once, a hundred
 * of them read 160 ms too long; 6 ms apart they keep the core a third busy and read the truth within 2–3 ms (p99),
 * and all hundred are under way after 0.6 s.
 */
export const LAUNCH_PACE_MS = 6;

/** What the slowest check of a run is taken to need where its definition says nothing: far targets answer in 300 ms, and one of many is slow. */
export const SLOW_CHECK_MS = SECOND_MS;

/** How long runs of a shard last, averaged over minutes. */
export interface RunTime {
  /** Every target answers as its definition expects. */
  readonly expectedMs: number;
  /** Every target hangs until its timeout. */
  readonly longestMs: number;
}

/**
 * A run ends when the last check of its last slot has:
 *
 * ```
 * slot at 0 s    ├─ launches, paced ─┤├─ slowest check ─┤
 * slot at 45 s                             ├─ launches ─┤├─ slowest check ─┤   (a monitor every 15 s)
 * run            ├──────────────────────────────────────────────────────────┤
 * ```
 */
export function runTime(monitors: readonly Monitor[]): RunTime {
  const longestMs = lasts(monitors, ({ type, timeoutMs }) => (type === 'heartbeat' ? 0 : timeoutMs));
  return { expectedMs: lasts(monitors, expectedCheckMs), longestMs };
}

/** The most that the definition calls good: its response time's bound, or its SLO's; never more than its timeout. */
export function expectedCheckMs(monitor: Pick<Monitor, 'type' | 'expect' | 'slo' | 'timeoutMs'>): number {
  // It is judged from what was read before, and its times are its job's.
  if (monitor.type === 'heartbeat') return 0;
  const bounds = monitor.expect.responseTimeMs.flatMap(upperBound);
  const slo = monitor.slo?.responseTimeMs ?? null;
  return Math.min(monitor.timeoutMs, ...(bounds.length > 0 ? bounds : [slo ?? SLOW_CHECK_MS]));
}

function upperBound(condition: Condition): number[] {
  if (condition.op === 'below') return [condition.value];
  return condition.op === 'between' ? [condition.high] : [];
}

function lasts(monitors: readonly Monitor[], checkMs: (monitor: Monitor) => number): number {
  const fast = monitors.filter(({ everyMs }) => everyMs < MINUTE_MS);
  const offsets = new Set(fast.flatMap(({ everyMs }) => multiplesBelow(everyMs, MINUTE_MS)));
  const ends = [...offsets].map((offset) => offset + slotLasts(fast.filter(({ everyMs }) => offset % everyMs === 0)));
  return Math.max(slotLasts(monitors), ...ends) + RUN_OVERHEAD_MS + TABLE_WAIT_MS;

  function slotLasts(due: readonly Monitor[]): number {
    const launches = due.reduce((sum, monitor) => sum + dueInMinute(monitor), 0);
    return launches * LAUNCH_PACE_MS + averageSlowest(due);
  }

  /** A slow monitor lengthens only the minutes that it is due in. Exact: the slowest first, each where no slower one is due. */
  function averageSlowest(due: readonly Monitor[]): number {
    let left = 1;
    let sum = 0;
    for (const monitor of [...due].sort((a, b) => checkMs(b) - checkMs(a))) {
      sum += left * dueInMinute(monitor) * checkMs(monitor);
      left *= 1 - dueInMinute(monitor);
    }
    return sum;
  }
}

/** The part of minutes that a monitor is due in: 1 for those of a minute and faster. */
export function dueInMinute({ everyMs }: Pick<Monitor, 'everyMs'>): number {
  return Math.min(1, MINUTE_MS / everyMs);
}

function multiplesBelow(step: number, end: number): number[] {
  return Array.from({ length: Math.ceil(end / step) }, (_, index) => index * step);
}
