import type { NotificationKind } from '../../shared/api-types.ts';
import { type Control, isPaused, pausedUntil } from '../../shared/control.ts';
import { type Incident, openedIncident, resolvedIncident } from '../../shared/incident.ts';
import type { Deployment, Region } from '../../shared/monitor.ts';
import { MINUTE_MS } from '../../shared/schedule.ts';

/** Id of the policy that watches the probers themselves. */
export const SILENT_POLICY = 'silent';
/** Subject when no region reports at all. */
export const ALL_REGIONS = 'region:*';

export function regionSubject(region: Region): string {
  return `region:${region}`;
}

/** What is known of a region's prober. */
export interface RegionPulse {
  readonly region: Region;
  readonly lastSlotEpochMs: number | null;
  /** Whether any monitor is meant to be checked from there now. */
  readonly isExpected: boolean;
  /** The instant from which its silence counts, and the one at which it is announced; null while it reports. */
  readonly silent: { readonly sinceEpochMs: number; readonly announcedAtEpochMs: number } | null;
}

/** A prober is silent when nothing came for this long, or for two periods of its fastest monitor where those are longer. */
const SILENT_AFTER_MS = 3 * MINUTE_MS;

/**
 * `watchingSinceEpochMs`: since when this aggregator has been running without a gap. What happened while nobody
 * watched (a fresh deployment, a machine asleep), or while every monitor was paused, is not called silence.
 */
export function pulseOf(
  deployment: Deployment,
  region: Region,
  lastSlotEpochMs: number | null,
  watchingSinceEpochMs: number,
  nowEpochMs: number,
  controls: readonly Control[],
): RegionPulse {
  const meant = deployment.monitors.filter((m) => m.regions.includes(region) && !isPaused(m, nowEpochMs, controls));
  if (meant.length === 0) return { region, lastSlotEpochMs, isExpected: false, silent: null };
  // Each monitor by itself: one that was just resumed is no witness yet, and a slow one beside it is in no hurry.
  const witnesses = meant.map((monitor) => {
    const unpausedSince = pausedUntil(monitor, controls, nowEpochMs);
    const sinceEpochMs = Math.max(lastSlotEpochMs ?? 0, watchingSinceEpochMs, unpausedSince);
    const graceMs = Math.max(SILENT_AFTER_MS, 2 * monitor.everyMs + 2 * MINUTE_MS);
    return { sinceEpochMs, announcedAtEpochMs: sinceEpochMs + graceMs };
  });
  const first = witnesses.reduce((a, b) => (a.announcedAtEpochMs <= b.announcedAtEpochMs ? a : b));
  return { region, lastSlotEpochMs, isExpected: true, silent: nowEpochMs >= first.announcedAtEpochMs ? first : null };
}

export interface SilenceChange {
  readonly kind: NotificationKind;
  readonly incident: Incident;
  readonly slotEpochMs: number;
  readonly pulses: readonly RegionPulse[];
}

/** What the probers' pulses do to their incidents. All silent at once is one critical incident, not one a region. */
export function silenceChanges(
  pulses: readonly RegionPulse[],
  incidentOf: (subject: string) => Incident | null,
): SilenceChange[] {
  const silent = pulses.filter((pulse) => pulse.silent !== null);
  const allSilent = silent.length === pulses.length && pulses.length > 1;
  const last = Math.max(...pulses.map((pulse) => pulse.lastSlotEpochMs ?? 0));
  const changes = pulses.map((pulse) =>
    silenceChange(regionSubject(pulse.region), 'warning', pulse, allSilent, [pulse], incidentOf),
  );
  const slowest = silent.reduce<RegionPulse | null>(
    (a, b) => ((a?.silent?.announcedAtEpochMs ?? 0) > (b.silent?.announcedAtEpochMs ?? 0) ? a : b),
    null,
  );
  const everyone: RegionPulse = {
    region: '*',
    lastSlotEpochMs: last,
    isExpected: pulses.some((pulse) => pulse.isExpected),
    silent: allSilent ? (slowest?.silent ?? null) : null,
  };
  changes.push(silenceChange(ALL_REGIONS, 'critical', everyone, false, pulses, incidentOf));
  return changes.filter((change) => change !== null);
}

function silenceChange(
  subject: string,
  severity: 'warning' | 'critical',
  pulse: RegionPulse,
  coveredByAll: boolean,
  pulses: readonly RegionPulse[],
  incidentOf: (subject: string) => Incident | null,
): SilenceChange | null {
  const current = incidentOf(subject);
  const open = current !== null && current.status === 'open';
  if (pulse.silent !== null && !open && !coveredByAll) {
    const { sinceEpochMs, announcedAtEpochMs: slotEpochMs } = pulse.silent;
    if (current !== null && slotEpochMs <= (current.resolvedSlotEpochMs ?? 0)) return null;
    const incident = openedIncident(subject, { id: SILENT_POLICY, severity }, sinceEpochMs, slotEpochMs);
    return { kind: 'opened', incident, slotEpochMs, pulses };
  }
  // Not to be called silent is not yet to report: an aggregator that comes back after a gap has only just begun to watch.
  const reports = !pulse.isExpected || (pulse.lastSlotEpochMs ?? 0) > (current?.sinceEpochMs ?? 0);
  if (pulse.silent === null && open && reports) {
    const slotEpochMs = Math.max(pulse.lastSlotEpochMs ?? 0, current.openedSlotEpochMs);
    return { kind: 'resolved', incident: resolvedIncident(current, slotEpochMs), slotEpochMs, pulses };
  }
  return null;
}
