import type { Monitor } from './monitor.ts';
import { stableHash } from './stable-hash.ts';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** What a schedule hands to a prober: run every slot in [scheduledTime, scheduledTime + periodMs). */
export interface ProbeEvent {
  /** ISO 8601; EventBridge Scheduler's `<aws.scheduler.scheduled-time>`. */
  readonly scheduledTime: string;
  /** 60,000 in AWS (Scheduler's floor); shorter on one's own machine. */
  readonly periodMs: number;
  /** Which part of the region's monitors this prober runs. */
  readonly shard: number;
}

/** Results whose slots fall into the same such stretch are stored together, as soon as the last of them is in. */
export const BATCH_GROUP_MS = 15_000;

type Scheduled = Pick<Monitor, 'id' | 'everyMs'>;

/**
 * A monitor's offset within its period. Those up to a minute start on the minute; slower ones are spread
 * over whole minutes by a stable hash, so that a thousand hourly monitors do not meet at the full hour.
 */
function phaseMs(monitor: Scheduled): number {
  if (monitor.everyMs <= MINUTE_MS) return 0;
  return (stableHash(monitor.id) % Math.floor(monitor.everyMs / MINUTE_MS)) * MINUTE_MS;
}

/** The monitor's slots in [fromEpochMs, toEpochMs), ascending. */
export function slotsIn(monitor: Scheduled, fromEpochMs: number, toEpochMs: number): number[] {
  const slots: number[] = [];
  for (let slot = firstSlotFrom(monitor, fromEpochMs); slot < toEpochMs; slot += monitor.everyMs) slots.push(slot);
  return slots;
}

/** The monitor's first slot at or after the instant. */
export function firstSlotFrom(monitor: Scheduled, fromEpochMs: number): number {
  const phase = phaseMs(monitor);
  return Math.ceil((fromEpochMs - phase) / monitor.everyMs) * monitor.everyMs + phase;
}

/** The monitor's last slot at or before the instant. */
export function lastSlotUntil(monitor: Scheduled, untilEpochMs: number): number {
  const phase = phaseMs(monitor);
  return Math.floor((untilEpochMs - phase) / monitor.everyMs) * monitor.everyMs + phase;
}

/** What a schedule, or anything else, hands to the aggregator. It catches up with all there is, whoever calls. */
export interface AggregateEvent {
  readonly scheduledTime: string;
}
