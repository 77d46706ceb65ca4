import type { Progress } from '../../shared/aggregator-table.ts';
import { type Control, readControls } from '../../shared/control.ts';
import { floorTo, type History } from '../../shared/history.ts';
import { type Incident, NO_DATA_POLICY, SPEND_CAP_POLICY } from '../../shared/incident.ts';
import type { Deployment, Monitor, Region } from '../../shared/monitor.ts';
import { HOUR_MS, MINUTE_MS } from '../../shared/schedule.ts';
import { LEVEL_MS } from '../../shared/table.ts';
import { AlertBook, type Deliver } from './alert-book.ts';
import { capSpending } from './cap-spending.ts';
import { type Attempt, catchUp } from './catch-up.ts';
import { CLOSE_AFTER_MS } from './close-windows.ts';
import { announceCutOff, CUT_OFF_POLICY, reachingOut } from './cut-off.ts';
import { frontierOf, undecidedSlots } from './frontier.ts';
import { judge } from './judge.ts';
import { monitorNotification, silenceNotification, withdrawnNotification } from './notification-text.ts';
import { OwnWeeks } from './own-weeks.ts';
import { PolicyWindows, type RegionResults } from './recent-results.ts';
import { ALL_REGIONS, pulseOf, type RegionPulse, regionSubject, SILENT_POLICY, silenceChanges } from './silence.ts';
import { Spendings } from './spend.ts';
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
  /** Kept from run to run, so that weeks are not read each time. */
  readonly weeks?: OwnWeeks;
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

/** After a pause, slots older than this are counted but no longer paged: they are history. */
const PAGE_WITHIN_MS = HOUR_MS;

/**
 * Brings everything up to date, whatever has happened since the last run, and however often it is run:
 *
 *   results ─► windows ─► states per slot ─► transitions, each stored with its notification ─► sent ─► progress
 *
 * A crash anywhere leaves work that the next run does again, to the same effect. Throws when something could not be
 * done, after all else is.
 */
export async function aggregate(
  aggregation: Aggregation,
  nowEpochMs: number,
  deadlineEpochMs: number,
): Promise<AggregationSummary> {
  const { deployment, writer, store, history, deliver } = aggregation;
  const faults: Error[] = [];
  // What fails must not keep the rest from being done. It is told in the end, and done again next time.
  const attempt: Attempt = async (what, work, otherwise) => {
    try {
      return await work();
    } catch (error) {
      faults.push(new Error(`${what} failed: ${error instanceof Error ? error.message : error}`, { cause: error }));
      return otherwise;
    }
  };
  const loaded = await store.loadProgress();
  const part = await takePart(deployment, writer, store, loaded, attempt, nowEpochMs);
  const watchingSinceEpochMs = watchingSinceOf(loaded?.progress ?? null, nowEpochMs);
  const before = resume(part.progress, deployment, watchingSinceEpochMs, nowEpochMs);
  if (!part.active) {
    await attempt('tidying up', () => tidyIdle(store, deployment), undefined);
    await store.saveProgress({ ...before, active: false, heartbeatEpochMs: nowEpochMs }, loaded?.version ?? 0);
    throwIfAny(faults);
    return IDLE;
  }
  // A page too many rather than none: where nobody can tell what is paused or silenced, nothing is.
  const known = await attempt('reading controls', () => readControls(store.query, history.table, deployment), null);
  const controls = known ?? [];
  const book = new AlertBook(store, deliver, part.alerts, deadlineEpochMs);

  const closeUntil = floorTo(nowEpochMs - CLOSE_AFTER_MS, LEVEL_MS['5m']);
  const judgedFrom = Math.max(
    Math.min(before.evaluatedUntilEpochMs, ...Object.values(before.heldBack)),
    nowEpochMs - PAGE_WITHIN_MS,
  );
  const all = regionsOf(deployment);
  const caughtUp = await catchUp(aggregation, {
    before,
    regions: all,
    judgedFromEpochMs: judgedFrom,
    closeUntilEpochMs: closeUntil,
    nowEpochMs,
    attempt,
  });
  const regions = new Map([...caughtUp].map(([region, { results }]) => [region, results]));
  const progressOfRegions = {
    ...Object.fromEntries(Object.entries(before.regions).filter(([region]) => all.includes(region))),
    ...Object.fromEntries([...caughtUp].map(([region, { progress }]) => [region, progress])),
  };

  const pulses = all.map((region): RegionPulse => {
    const lastSlotEpochMs = progressOfRegions[region]?.lastSlotEpochMs ?? null;
    // What could not be read is not silence.
    if (!regions.has(region)) return { region, lastSlotEpochMs, isExpected: true, silent: null };
    return pulseOf(deployment, region, lastSlotEpochMs, before.watchingSinceEpochMs, nowEpochMs, controls);
  });
  const heldBack: Record<string, number> = {};
  let transitions = await attempt('announcing silence', () => announceSilence(book, pulses), 0);
  transitions += await attempt('announcing cut-off regions', () => announceCutOff(book, deployment, regions), 0);
  const silent = new Set(pulses.filter((pulse) => pulse.silent !== null).map((pulse) => pulse.region));
  const isUndecided = undecidedSlots(deployment.monitors, nowEpochMs, regions, silent, controls);
  const windows = new PolicyWindows(history, regions);
  const weeks = aggregation.weeks ?? new OwnWeeks(history, deployment);
  for (const monitor of deployment.monitors) {
    const from = Math.max(judgedUntil(before, monitor.id), nowEpochMs - PAGE_WITHIN_MS);
    const until = frontierOf(monitor, from, nowEpochMs, regions, silent, controls, isUndecided);
    if (until < nowEpochMs) heldBack[monitor.id] = until;
    const judged = await attempt(
      `judging monitor ${monitor.id}`,
      () => judgeMonitor(book, monitor, from, until, windows, weeks, regions, controls),
      null,
    );
    if (judged === null) heldBack[monitor.id] = from;
    transitions += judged ?? 0;
  }
  const capping = {
    monitors: deployment.monitors,
    controls,
    spendings: new Spendings(history, regions),
    known: before.spent,
    store,
    book,
    writer,
    nowEpochMs,
  };
  const capped = known === null ? null : await attempt('capping spend', () => capSpending(capping), null);
  transitions += capped?.transitions ?? 0;
  transitions += await attempt('withdrawing incidents', () => withdraw(book, deployment, nowEpochMs), 0);
  const delivered = await book.deliverAll(nowEpochMs);
  const isPast = (incident: Incident) =>
    (incident.resolvedSlotEpochMs ?? 0) < judgedUntil(before, incident.subject) && part.mayForget(incident);
  await attempt('forgetting resolved incidents', () => book.forgetResolved(isPast), undefined);

  const after: Progress = {
    heartbeatEpochMs: nowEpochMs,
    active: true,
    watchingSinceEpochMs,
    evaluatedUntilEpochMs: nowEpochMs,
    heldBack,
    closedUntilEpochMs:
      caughtUp.size < all.length ? before.closedUntilEpochMs : Math.max(closeUntil, before.closedUntilEpochMs),
    regions: progressOfRegions,
    spent: capped?.spent ?? before.spent ?? {},
  };
  await store.saveProgress(after, loaded?.version ?? 0);
  throwIfAny(faults);
  return {
    active: true,
    results: [...regions.values()].reduce((sum, region) => sum + region.all.length, 0),
    windowsWritten: [...caughtUp.values()].reduce((sum, { written }) => sum + written, 0),
    transitions,
    sent: delivered.sent,
    unsent: delivered.failed,
    openIncidents: book.open.length,
    silentRegions: [...silent],
  };
}

function throwIfAny(faults: readonly Error[]): void {
  if (faults.length > 0) throw new AggregateError(faults, faults.map((fault) => fault.message).join('; '));
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
  return {
    ...progress,
    watchingSinceEpochMs,
    // The other aggregator's clock may be ahead.
    evaluatedUntilEpochMs: Math.min(progress.evaluatedUntilEpochMs, nowEpochMs),
    closedUntilEpochMs: Math.max(progress.closedUntilEpochMs, oldest),
  };
}

function judgedUntil(progress: Progress, monitorId: string): number {
  return progress.heldBack[monitorId] ?? progress.evaluatedUntilEpochMs;
}

/** Every region that any monitor is checked from. */
function regionsOf(deployment: Deployment): Region[] {
  return [...new Set(deployment.monitors.flatMap((monitor) => monitor.regions))].sort();
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
  weeks: OwnWeeks,
  regions: ReadonlyMap<Region, RegionResults>,
  controls: readonly Control[],
): Promise<number> {
  let transitions = 0;
  const incidentOf = (policyId: string) => book.incidentOf(monitor.id, policyId);
  const judged = judge(monitor, fromEpochMs, untilEpochMs, windows, weeks, regions, incidentOf, controls);
  for await (const judgement of judged) {
    if (book.isContested(monitor.id, judgement.incident.policyId)) continue;
    if (await book.record(monitorNotification(judgement))) transitions += 1;
  }
  return transitions;
}

/** Closes incidents whose monitor, policy or region is no longer defined. */
async function withdraw(book: AlertBook, deployment: Deployment, nowEpochMs: number): Promise<number> {
  const defined = new Set([`${ALL_REGIONS}#${SILENT_POLICY}`]);
  for (const region of regionsOf(deployment)) defined.add(`${regionSubject(region)}#${SILENT_POLICY}`);
  for (const { regions } of reachingOut(deployment)) {
    for (const region of regions) defined.add(`${regionSubject(region)}#${CUT_OFF_POLICY}`);
  }
  for (const monitor of deployment.monitors) {
    for (const id of [NO_DATA_POLICY, SPEND_CAP_POLICY, ...monitor.policies.map((policy) => policy.id)])
      defined.add(`${monitor.id}#${id}`);
  }
  let transitions = 0;
  for (const incident of book.open) {
    if (defined.has(`${incident.subject}#${incident.policyId}`)) continue;
    if (await book.record(withdrawnNotification(incident, floorTo(nowEpochMs, MINUTE_MS)))) transitions += 1;
  }
  return transitions;
}
