import { createHash } from 'node:crypto';
import type { IncidentSummary, NotificationKind } from './api-types.ts';
import type { AlertPolicy, Region } from './monitor.ts';
import type { PolicyState } from './policy.ts';
import type { Phase, Reason } from './result.ts';

/**
 * What a policy opens and closes. One at most is open per subject and policy. Its id is derived from subject, policy
 * and opening slot: a second computation gives the same one. The summary is as of the last transition.
 */
export interface Incident extends IncidentSummary {
  readonly reminders: number;
  readonly lastNotifiedSlotEpochMs: number;
}

/** Id of the policy that every monitor has: probers report, but nothing conclusive, or nothing of this monitor. */
export const NO_DATA_POLICY = 'no-data';
/** Id of the policy that says when a monitor is paused by its spend cap. */
export const SPEND_CAP_POLICY = 'spend-cap';

/** What was seen from one region at a transition. */
export interface RegionEvidence {
  readonly region: Region;
  readonly state: PolicyState;
  /** The policy's metric, in its unit. */
  readonly value: number | null;
  readonly n: number;
  /** What `value` is a multiple of, in its metric's unit, where the policy compares with the monitor's own week; else null. */
  readonly usual: number | null;
  readonly availability: number | null;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly inconclusive: number;
  /** The newest result that did not pass in the policy's window. */
  readonly failure: {
    readonly reason: Reason | null;
    readonly failedPhase: Phase | null;
    readonly detail: string | null;
    readonly status: number | null;
    readonly traceId: string;
  } | null;
}

/** One message about one transition: what every recipient reads. The same transition always gives the same id. */
export interface Notification {
  readonly id: string;
  readonly kind: NotificationKind;
  readonly incident: Incident;
  readonly slotEpochMs: number;
  readonly emailSubject: string;
  readonly emailBody: string;
  readonly sms: string;
  readonly regions: readonly RegionEvidence[];
}

/** Where a notification still has to go. */
export type Destination = 'topic' | 'bus' | 'record';

/** A notification that is not everywhere yet. It is stored in one item with the incident's new state, and leaves it last. */
export interface OutboxEntry {
  readonly notification: Notification;
  readonly pending: readonly Destination[];
  /** Until then the run that holds it may be sending; afterwards anyone may. */
  readonly claimedUntilEpochMs: number;
  readonly attempts: number;
  readonly lastError: string | null;
}

/** The item of one subject and policy: state and outbox together, so that neither is ever stored without the other. */
export interface Alert {
  readonly incident: Incident;
  readonly outbox: readonly OutboxEntry[];
  /** Optimistic lock: each write expects the version that it read. */
  readonly version: number;
}

type TransitionRules = Pick<AlertPolicy, 'id' | 'severity' | 'confirm' | 'recover' | 'remindEveryMs'>;

/**
 * What a slot does to a policy's incident; null: nothing. Pure, and free of counters: whether a breach is confirmed is
 * read off the slots before it, so that recomputing after a crash, or late data, comes to the same.
 *
 * `states`: the policy's state at this slot and those before it, newest first; as many as `confirm` and `recover` need.
 */
export function transition(
  subject: string,
  rules: TransitionRules,
  everyMs: number,
  slotEpochMs: number,
  states: readonly PolicyState[],
  current: Incident | null,
): { readonly kind: NotificationKind; readonly incident: Incident } | null {
  const consecutive = (count: number, state: PolicyState) =>
    states.length >= count && states.slice(0, count).every((seen) => seen === state);
  if (current === null || current.status === 'resolved') {
    if (current !== null && slotEpochMs <= (current.resolvedSlotEpochMs ?? 0)) return null;
    if (!consecutive(rules.confirm, 'breached')) return null;
    const sinceEpochMs = slotEpochMs - (rules.confirm - 1) * everyMs;
    return { kind: 'opened', incident: openedIncident(subject, rules, sinceEpochMs, slotEpochMs) };
  }
  if (slotEpochMs <= current.lastNotifiedSlotEpochMs) return null;
  if (consecutive(rules.recover, 'ok')) return { kind: 'resolved', incident: resolvedIncident(current, slotEpochMs) };
  if (rules.remindEveryMs === null || slotEpochMs - current.lastNotifiedSlotEpochMs < rules.remindEveryMs) return null;
  return {
    kind: 'reminder',
    incident: { ...current, reminders: current.reminders + 1, lastNotifiedSlotEpochMs: slotEpochMs },
  };
}

export function openedIncident(
  subject: string,
  policy: Pick<AlertPolicy, 'id' | 'severity'>,
  sinceEpochMs: number,
  slotEpochMs: number,
): Incident {
  return {
    id: incidentId(subject, policy.id, slotEpochMs),
    subject,
    policyId: policy.id,
    severity: policy.severity,
    status: 'open',
    sinceEpochMs,
    openedSlotEpochMs: slotEpochMs,
    resolvedSlotEpochMs: null,
    reminders: 0,
    lastNotifiedSlotEpochMs: slotEpochMs,
    summary: '',
  };
}

export function resolvedIncident(current: Incident, slotEpochMs: number): Incident {
  return {
    ...current,
    status: 'resolved',
    resolvedSlotEpochMs: slotEpochMs,
    lastNotifiedSlotEpochMs: slotEpochMs,
  };
}

/** `inc-` and ten hex digits (40 bits): short enough for an SMS; among 10,000 incidents two share one with a chance of 1 in 22,000. */
function incidentId(subject: string, policyId: string, openedSlotEpochMs: number): string {
  const digest = createHash('sha256').update(`${subject}\n${policyId}\n${openedSlotEpochMs}`).digest('hex');
  return `inc-${digest.slice(0, 10)}`;
}

export function notificationId(kind: NotificationKind, incident: Incident): string {
  return kind === 'reminder' ? `${incident.id}-reminder-${incident.reminders}` : `${incident.id}-${kind}`;
}
