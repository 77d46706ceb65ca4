import type { Progress } from '../../shared/aggregator-table.ts';
import type { Alert, Incident } from '../../shared/incident.ts';
import type { Deployment, Region } from '../../shared/monitor.ts';
import { MINUTE_MS } from '../../shared/schedule.ts';
import type { Attempt } from './catch-up.ts';
import type { Store, StoredProgress } from './store.ts';

/**
 * Two aggregators, no lock between them. Home always works. The standby looks at home's heartbeat in the table and
 * works only while that has been missing:
 *
 *   home     ♥ ♥ ♥ ✕ · · · · · · · · ♥ ♥ ♥
 *   standby  · · · · · · ● ● ● ● ● ● ● · ·      ● works, from where home stopped
 *                  └──────┘ standbyAfter   └ hands back: home reads what the standby decided
 *
 * Each writes under its own region's keys and reads the other's. Both derive the same ids from the same slots, so
 * that in a partition, when each thinks itself alone, a page may come twice, with one id, but never not at all.
 */
export interface Part {
  readonly active: boolean;
  /** Where to go on from. */
  readonly progress: Progress | null;
  /** Own and the other's incidents as one; each with the version of the own item, 0 where there is none. */
  readonly alerts: readonly Alert[];
  /** Whether the own item of a resolved incident can go: the other side will not bring it back to life. */
  readonly mayForget: (incident: Incident) => boolean;
}

/** Longer than this between runs, and an aggregator does not claim to have been watching. */
const GAP_MS = 3 * MINUTE_MS;

export async function takePart(
  deployment: Deployment,
  writer: Region,
  store: Store,
  own: StoredProgress | null,
  attempt: Attempt,
  nowEpochMs: number,
): Promise<Part> {
  const peerRegion = writer === deployment.home ? deployment.standby : deployment.home;
  const ownProgress = own?.progress ?? null;
  const ownAlerts = await store.loadAlerts();
  if (peerRegion === null) return { active: true, progress: ownProgress, alerts: ownAlerts, mayForget: () => true };
  const peer = await store.loadProgress(peerRegion);
  // Twice rather than never: what the other has announced may be announced again, and nothing of it is forgotten.
  const known = await attempt(`reading ${peerRegion}'s incidents`, () => store.loadAlerts(peerRegion), null);
  const peerAlerts = known ?? [];
  const peerAlertOf = (incident: Incident) => peerAlerts.find((alert) => keyOf(alert.incident) === keyOf(incident));
  return {
    active: writer === deployment.home || isHomeGone(deployment, ownProgress, peer?.progress ?? null, nowEpochMs),
    progress: furthest(ownProgress, peer?.progress ?? null, deployment.standbyAfterMs, nowEpochMs),
    alerts: joined(ownAlerts, peerAlerts),
    mayForget: (incident) => known !== null && peerAlertOf(incident)?.incident.status !== 'open',
  };
}

/** Home is gone when this aggregator has watched its heartbeat miss for long enough: a standby that was away itself waits first. */
function isHomeGone(deployment: Deployment, own: Progress | null, home: Progress | null, nowEpochMs: number): boolean {
  const watchingSince = watchingSinceOf(own, nowEpochMs);
  // A clock that is ahead must not keep the standby waiting.
  const heartbeat = Math.min(home?.heartbeatEpochMs ?? 0, nowEpochMs);
  return nowEpochMs - Math.max(heartbeat, watchingSince) >= deployment.standbyAfterMs;
}

export function watchingSinceOf(own: Progress | null, nowEpochMs: number): number {
  return own === null || nowEpochMs - own.heartbeatEpochMs > GAP_MS ? nowEpochMs : own.watchingSinceEpochMs;
}

/**
 * Where both together have come to: slots that the other has judged while this one was away are not judged again.
 * One that was there all the time goes by itself: in a partition the other may have seen less.
 */
function furthest(
  own: Progress | null,
  peer: Progress | null,
  standbyAfterMs: number,
  nowEpochMs: number,
): Progress | null {
  if (own === null || peer === null) return own ?? peer;
  if (!own.active) return { ...peer, heartbeatEpochMs: own.heartbeatEpochMs };
  const wasThere = nowEpochMs - own.heartbeatEpochMs < standbyAfterMs;
  if (wasThere || !peer.active || peer.evaluatedUntilEpochMs <= own.evaluatedUntilEpochMs) return own;
  return { ...own, evaluatedUntilEpochMs: peer.evaluatedUntilEpochMs, heldBack: peer.heldBack };
}

/** The newer state of each incident; where both know the same, what neither has sent yet. */
function joined(own: readonly Alert[], peer: readonly Alert[]): Alert[] {
  const byKey = new Map(own.map((alert) => [keyOf(alert.incident), alert]));
  for (const theirs of peer) {
    const key = keyOf(theirs.incident);
    const ours = byKey.get(key);
    if (ours === undefined) byKey.set(key, { ...theirs, version: 0 });
    else byKey.set(key, join(ours, theirs));
  }
  return [...byKey.values()];
}

function join(ours: Alert, theirs: Alert): Alert {
  const order = compare(ours.incident, theirs.incident);
  if (order > 0) return ours;
  if (order < 0) return { ...theirs, version: ours.version };
  const unsent = new Set(theirs.outbox.map((entry) => entry.notification.id));
  return { ...ours, outbox: ours.outbox.filter((entry) => unsent.has(entry.notification.id)) };
}

function compare(a: Incident, b: Incident): number {
  const rank = ({ status }: Incident) => (status === 'resolved' ? 1 : 0);
  return a.lastNotifiedSlotEpochMs - b.lastNotifiedSlotEpochMs || rank(a) - rank(b);
}

/** An idle standby drops what home has taken over again. */
export async function tidyIdle(store: Store, deployment: Deployment): Promise<void> {
  const [own, home] = await Promise.all([store.loadAlerts(), store.loadAlerts(deployment.home)]);
  for (const alert of own) {
    const theirs = home.find((candidate) => keyOf(candidate.incident) === keyOf(alert.incident));
    const done = alert.incident.status === 'resolved' && alert.outbox.length === 0;
    const isObsolete =
      theirs === undefined
        ? done
        : compare(theirs.incident, alert.incident) >= 0 || (done && theirs.incident.status === 'resolved');
    if (isObsolete) await store.deleteAlert(alert);
  }
}

function keyOf({ subject, policyId }: Incident): string {
  return `${subject}#${policyId}`;
}
