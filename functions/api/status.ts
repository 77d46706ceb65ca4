import type { ControlStatus, IncidentSummary, MonitorStatus, StatusResponse } from '../../shared/api-types.ts';
import { type Control, controlsOf, endOf } from '../../shared/control.ts';
import { type History, mergeInto, readMerged } from '../../shared/history.ts';
import type { Incident } from '../../shared/incident.ts';
import { judgedResults, type ReadResults } from '../../shared/judged-results.ts';
import type { Deployment, Monitor, Region } from '../../shared/monitor.ts';
import type { Result } from '../../shared/result.ts';
import { lastSlotUntil, MINUTE_MS } from '../../shared/schedule.ts';
import { VERDICT_GRACE_MS, verdictOf } from '../../shared/verdict.ts';
import { WindowStats } from '../../shared/window.ts';
import { latestOf, sloStatusOf, summaryOf } from './summaries.ts';

/** Results of this long back are read whole; a slower monitor's last ones are looked up by their slots. */
const RECENT_MS = 10 * MINUTE_MS;

/** Every monitor over [now − range, now): verdict, regions side by side, open incidents. */
export async function statusOf(
  deployment: Deployment,
  history: History,
  closedUntilEpochMs: number,
  openIncidents: readonly Incident[],
  controls: readonly Control[],
  rangeMs: number,
  nowEpochMs: number,
): Promise<StatusResponse> {
  const monitors = new Map(deployment.monitors.map((monitor) => [monitor.id, monitor]));
  const results = judgedResults(history, deployment);
  const merged = (region: Region, overMs: number) =>
    readMerged(history, results, monitors, region, nowEpochMs - overMs, nowEpochMs, closedUntilEpochMs);
  const regions = await Promise.all(
    deployment.regions.map(async (region) => ({
      region,
      windows: await merged(region, rangeMs),
      latest: await latestResults(deployment, results, region, nowEpochMs),
    })),
  );
  const sloWindows = await sloWindowsOf(deployment, merged);
  const statusOfMonitor = (monitor: Monitor): MonitorStatus => {
    const own = regions.filter(({ region }) => monitor.regions.includes(region));
    const latest = new Map(
      own.flatMap(({ region, latest: of }): [Region, Result][] => {
        const result = of.get(monitor.id);
        return result === undefined ? [] : [[region, result]];
      }),
    );
    const overall = new WindowStats();
    for (const { windows } of own) overall.merge(windows.get(monitor.id) ?? new WindowStats());
    return {
      id: monitor.id,
      name: monitor.name,
      tags: monitor.tags,
      ...verdictOf(monitor, latest, nowEpochMs),
      regions: own.map(({ region, windows }) => {
        const result = latest.get(region);
        return {
          region,
          ...summaryOf(windows.get(monitor.id) ?? new WindowStats()),
          latest: result === undefined ? null : latestOf(result, region),
        };
      }),
      overall: summaryOf(overall),
      openIncidents: openIncidents.filter((incident) => incident.subject === monitor.id).map(incidentSummaryOf),
      slo: monitor.slo === null ? null : sloStatusOf(monitor.slo, sloWindows.get(monitor.id) ?? new WindowStats()),
      controls: controlsOf(monitor, nowEpochMs, controls).map(controlStatusOf),
    };
  };
  return {
    name: deployment.name,
    asOfEpochMs: nowEpochMs,
    rangeMs,
    regions: regions.map(({ region, latest }) => ({ region, lastSlotEpochMs: newest(latest.values()) })),
    monitors: deployment.monitors.map(statusOfMonitor),
  };
}

function controlStatusOf(control: Control): ControlStatus {
  const { kind, target, reason, by } = control;
  return { kind, target, untilEpochMs: endOf(control), reason, by };
}

/** Over each SLO's own window, all regions of a monitor merged. Windows of one length are read once. */
async function sloWindowsOf(
  deployment: Deployment,
  merged: (region: Region, overMs: number) => Promise<Map<string, WindowStats>>,
): Promise<Map<string, WindowStats>> {
  const lengths = new Set(deployment.monitors.flatMap((monitor) => monitor.slo?.overMs ?? []));
  const windows = new Map<string, WindowStats>();
  for (const overMs of lengths) {
    for (const byMonitor of await Promise.all(deployment.regions.map((region) => merged(region, overMs)))) {
      const own = [...byMonitor].filter(([id]) => deployment.monitors.find((m) => m.id === id)?.slo?.overMs === overMs);
      mergeInto(windows, new Map(own));
    }
  }
  return windows;
}

export function incidentSummaryOf(incident: Incident): IncidentSummary {
  const { id, subject, policyId, severity, status, sinceEpochMs, openedSlotEpochMs, resolvedSlotEpochMs, summary } =
    incident;
  return { id, subject, policyId, severity, status, sinceEpochMs, openedSlotEpochMs, resolvedSlotEpochMs, summary };
}

/** Each monitor's newest result from the region, if it may still count for the verdict. */
async function latestResults(deployment: Deployment, read: ReadResults, region: Region, nowEpochMs: number) {
  const own = deployment.monitors.filter((monitor) => monitor.regions.includes(region));
  const recentFrom = nowEpochMs - RECENT_MS;
  const slots = new Set<number>();
  for (const monitor of own) {
    if (2 * monitor.everyMs + VERDICT_GRACE_MS <= RECENT_MS) continue;
    const last = lastSlotUntil(monitor, nowEpochMs);
    for (const slot of [last, last - monitor.everyMs]) if (slot < recentFrom) slots.add(slot);
  }
  const parts = await Promise.all([
    read(region, recentFrom, nowEpochMs),
    ...[...slots].map((slot) => read(region, slot, slot + 1)),
  ]);
  const latest = new Map<string, Result>();
  for (const result of parts.flat()) {
    const known = latest.get(result.monitorId);
    if (known === undefined || known.slotEpochMs < result.slotEpochMs) latest.set(result.monitorId, result);
  }
  return latest;
}

function newest(results: Iterable<Result>): number | null {
  let last: number | null = null;
  for (const { slotEpochMs } of results) last = Math.max(last ?? 0, slotEpochMs);
  return last;
}
