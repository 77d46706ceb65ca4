import type { Progress, RegionProgress } from '../../shared/aggregator-table.ts';
import { ceilTo, floorTo, type History, readResults } from '../../shared/history.ts';
import type { Deployment, Monitor, Region } from '../../shared/monitor.ts';
import { HOUR_MS, MINUTE_MS } from '../../shared/schedule.ts';
import { LEVEL_MS } from '../../shared/table.ts';
import { AlertBook, type Deliver } from './alert-book.ts';
import { CLOSE_AFTER_MS, closeWindows } from './close-windows.ts';
import { frontierOf } from './frontier.ts';
import { judge, NO_DATA_POLICY } from './judge.ts';
import { monitorNotification, silenceNotification, withdrawnNotification } from './notification-text.ts';
import { PolicyWindows, RegionResults } from './recent-results.ts';
import { ALL_REGIONS, pulseOf, type RegionPulse, regionSubject, SILENT_POLICY, silenceChanges } from './silence.ts';
import { takePart, tidyIdle, watchingSinceOf } from './standby.ts';
import type { Store } from './store.ts';

/** Everything an aggregation needs from outside. */
export interface Aggregation {
  readonly deployment: Deployment;
  /** The region this aggregator runs in: part of every key that it writes. */
  readonly writer: Region;
  readonly store: Store;
  readonly history: History;
  readonly deliver: Deliver;
}

/** What a run did, for its one log line. */
export interface AggregationSummary {
  /** False: this is the standby, and home is well. */
  readonly active: boolean;
  readonly results: number;
  readonly windowsWritten: number;
  readonly transitions: number;
  readonly sent: number;
  readonly unsent: number;
  readonly openIncidents: number;
  readonly silentRegions: readonly Region[];
}

const IDLE: AggregationSummary = {
  active: false,
  results: 0,
  windowsWritten: 0,
  transitions: 0,
  sent: 0,
  unsent: 0,
  openIncidents: 0,
  silentRegions: [],
};

/** Batches of a region may arrive this much out of order; each run reads again this far back. */
const REORDER_MS = 5 * MINUTE_MS;
/** A region's results that arrive later than this after the aggregator saw its last one are not looked for. */
const LATEST_MS = 6 * HOUR_MS;
/** After a pause, slots older than this are counted but no longer paged: they are history. */
const PAGE_WITHIN_MS = HOUR_MS;
/** Windows up to this long are judged from single results, to the slot. */
const EXACT_OVER_MS = 15 * MINUTE_MS;
/** Results read at once while catching up. */
const CATCH_UP_STEP_MS = HOUR_MS;

/**
 * Brings everything up to date, whatever has happened since the last run, and however often it is run:
 *
 *   results ─► windows ─► states per slot ─► transitions, each stored with its notification ─► sent ─► progress
 *
 * A crash anywhere leaves work that the next run does again, to the same effect.
 */
export async function aggregate(
  aggregation: Aggregation,
  nowEpochMs: number,
  deadlineEpochMs: number,
): Promise<AggregationSummary> {
  const { deployment, writer, store, history, deliver } = aggregation;
  const loaded = await store.loadProgress();
  const part = await takePart(deployment, writer, store, loaded, nowEpochMs);
  const watchingSinceEpochMs = watchingSinceOf(loaded?.progress ?? null, nowEpochMs);
  const before = resume(part.progress, deployment, watchingSinceEpochMs, nowEpochMs);
  if (!part.active) {
    await tidyIdle(store, deployment);
    await store.saveProgress({ ...before, active: false, heartbeatEpochMs: nowEpochMs }, loaded?.version ?? 0);
    return IDLE;
  }
  const monitors = new Map(deployment.monitors.map((monitor) => [monitor.id, monitor]));
  const closeUntil = floorTo(nowEpochMs - CLOSE_AFTER_MS, LEVEL_MS['5m']);
  const book = new AlertBook(store, deliver, part.alerts, deadlineEpochMs);
  await book.forgetResolved(
    (incident) =>
      (incident.resolvedSlotEpochMs ?? 0) < judgedUntil(before, incident.subject) && part.mayForget(incident),
  );

  const regions = new Map<Region, RegionResults>();
  const progressOfRegions: Record<Region, RegionProgress> = {};
  let windowsWritten = 0;
  for (const region of regionsOf(deployment)) {
    const known = before.regions[region];
    const from = readFrom(deployment, before, known, nowEpochMs);
    let closedUntil = before.closedUntilEpochMs;
    let stored = known?.stored ?? {};
    const close = async (results: RegionResults, until: number) => {
      const closed = await closeWindows(store, history, monitors, results, stored, closedUntil, until);
      windowsWritten += closed.written;
      stored = { ...stored, ...closed.stored };
      closedUntil = until;
    };
    for (let at = floorTo(closedUntil, LEVEL_MS['5m']); at + CATCH_UP_STEP_MS <= from; at += CATCH_UP_STEP_MS) {
      const end = Math.min(at + CATCH_UP_STEP_MS, closeUntil);
      await close(new RegionResults(region, at, await readResults(history, region, at, end)), end);
    }
    const start = Math.min(from, Math.max(closedUntil, from - CATCH_UP_STEP_MS));
    const results = new RegionResults(region, start, await readResults(history, region, start, nowEpochMs));
    await close(results, closeUntil);
    regions.set(region, results);
    const lastSlotEpochMs = results.lastSlotEpochMs ?? known?.lastSlotEpochMs ?? null;
    const recent = Object.entries(stored).filter(([windowStart]) => Number(windowStart) >= start);
    progressOfRegions[region] = { lastSlotEpochMs, stored: Object.fromEntries(recent) };
  }

  const pulses = regionsOf(deployment).map((region) =>
    pulseOf(
      deployment,
      region,
      progressOfRegions[region]?.lastSlotEpochMs ?? null,
      before.watchingSinceEpochMs,
      nowEpochMs,
    ),
  );
  const heldBack: Record<string, number> = {};
  let transitions = await announceSilence(book, pulses);
  const silent = new Set(pulses.filter((pulse) => pulse.silent !== null).map((pulse) => pulse.region));
  const windows = new PolicyWindows(history, monitors, regions);
  for (const monitor of deployment.monitors) {
    const from = Math.max(judgedUntil(before, monitor.id), nowEpochMs - PAGE_WITHIN_MS);
    const until = frontierOf(monitor, from, nowEpochMs, regions, silent);
    if (until < nowEpochMs) heldBack[monitor.id] = until;
    transitions += await judgeMonitor(book, monitor, from, until, windows, regions);
  }
  transitions += await withdraw(book, deployment, nowEpochMs);
  const delivered = await book.deliverAll(nowEpochMs);

  const after: Progress = {
    heartbeatEpochMs: nowEpochMs,
    active: true,
    watchingSinceEpochMs,
    evaluatedUntilEpochMs: nowEpochMs,
    heldBack,
    closedUntilEpochMs: Math.max(closeUntil, before.closedUntilEpochMs),
    regions: progressOfRegions,
  };
  await store.saveProgress(after, loaded?.version ?? 0);
  return {
    active: true,
    results: [...regions.values()].reduce((sum, region) => sum + region.all.length, 0),
    windowsWritten,
    transitions,
    sent: delivered.sent,
    unsent: delivered.failed,
    openIncidents: book.open.length,
    silentRegions: [...silent],
  };
}

/** Where the last run stopped; a first one looks an hour back for windows, and judges from now on. */
function resume(
  progress: Progress | null,
  deployment: Deployment,
  watchingSinceEpochMs: number,
  nowEpochMs: number,
): Progress {
  const oldest = floorTo(nowEpochMs - deployment.retention.resultsMs, LEVEL_MS['5m']);
  if (progress === null) {
    return {
      heartbeatEpochMs: nowEpochMs,
      active: true,
      watchingSinceEpochMs,
      evaluatedUntilEpochMs: nowEpochMs - MINUTE_MS,
      heldBack: {},
      closedUntilEpochMs: floorTo(nowEpochMs - HOUR_MS, LEVEL_MS['5m']),
      regions: {},
    };
  }
  return { ...progress, watchingSinceEpochMs, closedUntilEpochMs: Math.max(progress.closedUntilEpochMs, oldest) };
}

function judgedUntil(progress: Progress, monitorId: string): number {
  return progress.heldBack[monitorId] ?? progress.evaluatedUntilEpochMs;
}

/** Every region that any monitor is checked from. */
function regionsOf(deployment: Deployment): Region[] {
  return [...new Set(deployment.monitors.flatMap((monitor) => monitor.regions))].sort();
}

/**
 * From where a region's results are held in memory: what may still be late, and what this run's policies look back on.
 * A five-minute boundary.
 */
function readFrom(
  deployment: Deployment,
  before: Progress,
  known: RegionProgress | undefined,
  nowEpochMs: number,
): number {
  const late = Math.max((known?.lastSlotEpochMs ?? nowEpochMs) - REORDER_MS, nowEpochMs - LATEST_MS);
  const judged = Math.min(before.evaluatedUntilEpochMs, ...Object.values(before.heldBack));
  const looked = Math.max(judged, nowEpochMs - PAGE_WITHIN_MS) - Math.max(0, ...deployment.monitors.map(lookBackMs));
  const from = floorTo(Math.min(late, looked, nowEpochMs - CLOSE_AFTER_MS - REORDER_MS), LEVEL_MS['5m']);
  // A window that is partly gone from the ring must not be computed again from what is left.
  return Math.max(from, ceilTo(nowEpochMs - deployment.retention.resultsMs, LEVEL_MS['5m']));
}

/** How far before a slot a monitor's policies need single results. Monitors of five minutes and slower read stored windows as exactly. */
function lookBackMs(monitor: Monitor): number {
  if (monitor.everyMs >= LEVEL_MS['5m']) return 0;
  const back = monitor.policies.map(
    (policy) => Math.max(policy.confirm, policy.recover) * monitor.everyMs + Math.min(policy.overMs, EXACT_OVER_MS),
  );
  return Math.max(0, ...back);
}

async function announceSilence(book: AlertBook, pulses: readonly RegionPulse[]): Promise<number> {
  let transitions = 0;
  for (const change of silenceChanges(pulses, (subject) => book.incidentOf(subject, SILENT_POLICY))) {
    if (book.isContested(change.incident.subject, change.incident.policyId)) continue;
    if (await book.record(silenceNotification(change))) transitions += 1;
  }
  return transitions;
}

async function judgeMonitor(
  book: AlertBook,
  monitor: Monitor,
  fromEpochMs: number,
  untilEpochMs: number,
  windows: PolicyWindows,
  regions: ReadonlyMap<Region, RegionResults>,
): Promise<number> {
  let transitions = 0;
  const incidentOf = (policyId: string) => book.incidentOf(monitor.id, policyId);
  for await (const judgement of judge(monitor, fromEpochMs, untilEpochMs, windows, regions, incidentOf)) {
    if (book.isContested(monitor.id, judgement.incident.policyId)) continue;
    if (await book.record(monitorNotification(judgement))) transitions += 1;
  }
  return transitions;
}

/** Closes incidents whose monitor, policy or region is no longer defined. */
async function withdraw(book: AlertBook, deployment: Deployment, nowEpochMs: number): Promise<number> {
  const defined = new Set([`${ALL_REGIONS}#${SILENT_POLICY}`]);
  for (const region of regionsOf(deployment)) defined.add(`${regionSubject(region)}#${SILENT_POLICY}`);
  for (const monitor of deployment.monitors) {
    for (const id of [NO_DATA_POLICY, ...monitor.policies.map((policy) => policy.id)])
      defined.add(`${monitor.id}#${id}`);
  }
  let transitions = 0;
  for (const incident of book.open) {
    if (defined.has(`${incident.subject}#${incident.policyId}`)) continue;
    if (await book.record(withdrawnNotification(incident, floorTo(nowEpochMs, MINUTE_MS)))) transitions += 1;
  }
  return transitions;
}
