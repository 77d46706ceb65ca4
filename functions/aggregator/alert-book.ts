import type { Alert, Destination, Incident, Notification, OutboxEntry } from '../../shared/incident.ts';
import type { Store } from './store.ts';

/** Sends one notification to one destination; throws when it may not have arrived. Repeating must be harmless but for the topic. */
export type Deliver = (notification: Notification, destination: Destination) => Promise<void>;

/** The topic first: a person's page must not wait for a machine's copy. */
const DESTINATIONS: readonly Destination[] = ['topic', 'bus', 'record'];

/**
 * Incidents and their outboxes as stored, and the only way to change them.
 *
 *   record ─► [state + notification, claimed by this run] ─► topic ─► bus ─► record ─► [notification removed]
 *                        │ crash                                │ crash
 *                        └── sent once, when the claim is over  └── sent again then: twice, with one id, never not at all
 *
 * A write that lost a race leaves the subject and policy alone for this run: whoever won goes on from there.
 */
export class AlertBook {
  readonly #store: Store;
  readonly #deliver: Deliver;
  readonly #alerts = new Map<string, Alert>();
  readonly #contested = new Set<string>();
  readonly #claimedUntilEpochMs: number;
  /** Ids of notifications that this run holds the claim of. */
  readonly #claimed = new Set<string>();

  /** `claimedUntilEpochMs`: when this run is certainly over. */
  constructor(store: Store, deliver: Deliver, alerts: readonly Alert[], claimedUntilEpochMs: number) {
    this.#store = store;
    this.#deliver = deliver;
    this.#claimedUntilEpochMs = claimedUntilEpochMs;
    for (const alert of alerts) this.#alerts.set(keyOf(alert.incident), alert);
  }

  incidentOf(subject: string, policyId: string): Incident | null {
    return this.#alerts.get(`${subject}#${policyId}`)?.incident ?? null;
  }

  isContested(subject: string, policyId: string): boolean {
    return this.#contested.has(`${subject}#${policyId}`);
  }

  get open(): readonly Incident[] {
    return [...this.#alerts.values()].map((alert) => alert.incident).filter((incident) => incident.status === 'open');
  }

  /** Stores a transition together with its notification. False: another run was first. */
  async record(notification: Notification): Promise<boolean> {
    const key = keyOf(notification.incident);
    const known = this.#alerts.get(key);
    const entry: OutboxEntry = {
      notification,
      pending: DESTINATIONS,
      claimedUntilEpochMs: this.#claimedUntilEpochMs,
      attempts: 0,
      lastError: null,
    };
    const outbox = [...(known?.outbox ?? []), entry];
    const stored = await this.#save({ incident: notification.incident, outbox, version: known?.version ?? 0 });
    if (stored) this.#claimed.add(notification.id);
    return stored;
  }

  /** Sends what is unsent and not in another run's hands. Failures stay in the outbox. Returns how many went out and failed. */
  async deliverAll(nowEpochMs: number): Promise<{ readonly sent: number; readonly failed: number }> {
    const counts = { sent: 0, failed: 0 };
    await Promise.all(
      [...this.#alerts.keys()].map(async (key) => {
        const claimed = await this.#claim(key, nowEpochMs);
        if (claimed === null) return;
        const outbox: OutboxEntry[] = [];
        for (const entry of claimed.outbox) {
          const left = this.#claimed.has(entry.notification.id) ? await this.#send(entry) : entry;
          if (left === null) counts.sent += 1;
          else outbox.push(left);
        }
        counts.failed += outbox.length;
        await this.#save({ ...claimed, outbox });
      }),
    );
    return counts;
  }

  /**
   * Forgets incidents that are resolved and wholly sent, once `isPast` says that their slots will not be judged again:
   * until then the stored resolution is what keeps a repeated run from opening them anew.
   */
  async forgetResolved(isPast: (incident: Incident) => boolean): Promise<void> {
    for (const [key, alert] of this.#alerts) {
      const held = alert.incident.status === 'open' || alert.outbox.length > 0 || alert.version === 0;
      if (held || !isPast(alert.incident)) continue;
      if ((await this.#store.deleteAlert(alert)) === 'written') this.#alerts.delete(key);
      else this.#contested.add(key);
    }
  }

  /** The alert, with everything claimable in its outbox claimed; null when there is nothing for this run to send. */
  async #claim(key: string, nowEpochMs: number): Promise<Alert | null> {
    const alert = this.#alerts.get(key);
    if (alert === undefined || this.#contested.has(key)) return null;
    const expired = alert.outbox.filter(
      (entry) => !this.#claimed.has(entry.notification.id) && entry.claimedUntilEpochMs <= nowEpochMs,
    );
    if (expired.length > 0) {
      const outbox = alert.outbox.map((entry) =>
        expired.includes(entry) ? { ...entry, claimedUntilEpochMs: this.#claimedUntilEpochMs } : entry,
      );
      if (!(await this.#save({ ...alert, outbox }))) return null;
      for (const entry of expired) this.#claimed.add(entry.notification.id);
    }
    const claimed = this.#alerts.get(key);
    return claimed?.outbox.some((entry) => this.#claimed.has(entry.notification.id)) ? claimed : null;
  }

  /** Null when it is everywhere; else what is left to do, free for the next run at once. */
  async #send(entry: OutboxEntry): Promise<OutboxEntry | null> {
    const left: Destination[] = [];
    let lastError = entry.lastError;
    for (const destination of entry.pending) {
      try {
        await this.#deliver(entry.notification, destination);
      } catch (error) {
        left.push(destination);
        lastError = error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 300) : String(error);
      }
    }
    if (left.length === 0) return null;
    return { ...entry, pending: left, attempts: entry.attempts + 1, lastError, claimedUntilEpochMs: 0 };
  }

  async #save(alert: Alert): Promise<boolean> {
    const key = keyOf(alert.incident);
    if ((await this.#store.saveAlert(alert)) === 'lost') {
      this.#contested.add(key);
      return false;
    }
    this.#alerts.set(key, { ...alert, version: alert.version + 1 });
    return true;
  }
}

function keyOf(incident: Pick<Incident, 'subject' | 'policyId'>): string {
  return `${incident.subject}#${incident.policyId}`;
}
