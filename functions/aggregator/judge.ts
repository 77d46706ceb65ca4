import type { NotificationKind } from '../../shared/api-types.ts';
import { type Control, isPaused, isSilenced } from '../../shared/control.ts';
import { type Incident, NO_DATA_POLICY, type RegionEvidence, transition } from '../../shared/incident.ts';
import type { AlertPolicy, Monitor, Region } from '../../shared/monitor.ts';
import type { WeekValue } from '../../shared/own-week.ts';
import { evaluatePolicy, type PolicyEvaluation, type PolicyState, type RegionWindows } from '../../shared/policy.ts';
import { traceId } from '../../shared/result.ts';
import { MINUTE_MS, slotsIn } from '../../shared/schedule.ts';
import type { OwnWeeks } from './own-weeks.ts';
import type { PolicyWindows, RegionResults } from './recent-results.ts';

const NO_DATA_AFTER_MS = 3 * MINUTE_MS;

/** What a slot did to a policy's incident, with what was seen. */
export interface Judgement {
  readonly monitor: Monitor;
  readonly policy: AlertPolicy | null;
  readonly kind: NotificationKind;
  readonly incident: Incident;
  readonly slotEpochMs: number;
  readonly evidence: readonly RegionEvidence[];
  /** Of all regions together, where the policy looks at them so. */
  readonly pooled: WeekValue | null;
}

/**
 * Walks a monitor's slots in [from, until) through its policies. Yields each transition; the caller stores it and
 * tells, through `incidentOf`, what stands, before the next one is asked for.
 */
export async function* judge(
  monitor: Monitor,
  fromEpochMs: number,
  untilEpochMs: number,
  windows: PolicyWindows,
  weeks: OwnWeeks,
  regions: ReadonlyMap<Region, RegionResults>,
  incidentOf: (policyId: string) => Incident | null,
  controls: readonly Control[],
): AsyncGenerator<Judgement> {
  const evaluate = async (policy: AlertPolicy, slotEpochMs: number, seen: RegionWindows) => {
    if (policy.metric.kind !== 'vsWeek') return evaluatePolicy(policy, seen);
    const week = { windows: await weeks.before(monitor, slotEpochMs, policy.overMs), everyMs: monitor.everyMs };
    return evaluatePolicy(policy, seen, week);
  };
  for (const slotEpochMs of slotsIn(monitor, fromEpochMs, untilEpochMs)) {
    if (isPaused(monitor, slotEpochMs, controls)) continue;
    const silenced = isSilenced(monitor, slotEpochMs, controls);
    for (const policy of monitor.policies) {
      const states: PolicyState[] = [];
      for (let back = 0; back < Math.max(policy.confirm, policy.recover); back += 1) {
        const slot = slotEpochMs - back * monitor.everyMs;
        const seen = await windows.at(monitor, slot, policy.overMs);
        states.push((await evaluate(policy, slot, seen)).state);
        if (back === 0 && states[0] === 'unknown') break;
      }
      const current = incidentOf(policy.id);
      const change = transition(monitor.id, policy, monitor.everyMs, slotEpochMs, states, current);
      if (change === null || (silenced && change.kind !== 'resolved')) continue;
      const seen = await windows.at(monitor, slotEpochMs, policy.overMs);
      const evaluation = await evaluate(policy, slotEpochMs, seen);
      const evidence = evidenceOf(monitor, slotEpochMs, policy.overMs, seen, evaluation, regions);
      yield { monitor, policy, ...change, slotEpochMs, evidence, pooled: evaluation.pooled };
    }
    const noData = await judgeNoData(monitor, slotEpochMs, windows, regions, incidentOf(NO_DATA_POLICY), controls);
    if (noData !== null && !(silenced && noData.kind === 'opened')) yield noData;
  }
}

/** Law: no data is not up, and has its own alert. Silent regions are announced elsewhere, once, not once a monitor. */
async function judgeNoData(
  monitor: Monitor,
  slotEpochMs: number,
  windows: PolicyWindows,
  regions: ReadonlyMap<Region, RegionResults>,
  current: Incident | null,
  controls: readonly Control[],
): Promise<Judgement | null> {
  const confirm = Math.max(3, Math.ceil(NO_DATA_AFTER_MS / monitor.everyMs));
  const rules = { id: NO_DATA_POLICY, severity: 'warning', confirm, recover: 1, remindEveryMs: null } as const;
  const states: PolicyState[] = [];
  for (let back = 0; back < confirm; back += 1) {
    const slot = slotEpochMs - back * monitor.everyMs;
    const isMeant = !isPaused(monitor, slot, controls);
    const seen = await windows.at(monitor, slot, monitor.everyMs);
    states.push(isMeant ? dataState(monitor, slot, seen, regions) : 'unknown');
    if (states.at(-1) !== 'breached') break;
  }
  const change = transition(monitor.id, rules, monitor.everyMs, slotEpochMs, states, current);
  if (change === null) return null;
  const overMs = confirm * monitor.everyMs;
  const seen = await windows.at(monitor, slotEpochMs, overMs);
  const unknown = [...seen].map(([region, stats]) => {
    return {
      region,
      state: stats.conclusive > 0 ? 'ok' : 'unknown',
      value: null,
      n: stats.total,
      usual: null,
    } as const;
  });
  const evaluation: PolicyEvaluation = { state: states[0] ?? 'unknown', regions: unknown, pooled: null };
  const evidence = evidenceOf(monitor, slotEpochMs, overMs, seen, evaluation, regions);
  return { monitor, policy: null, ...change, slotEpochMs, evidence, pooled: null };
}

function dataState(
  monitor: Monitor,
  slotEpochMs: number,
  seen: RegionWindows,
  regions: ReadonlyMap<Region, RegionResults>,
): PolicyState {
  const stats = [...seen.values()];
  if (stats.some((window) => window.conclusive > 0)) return 'ok';
  if (stats.some((window) => window.inconclusive > 0)) {
    // A job that has never called, and is not late yet, is nobody's trouble.
    return isAwaited(monitor, slotEpochMs, regions) ? 'unknown' : 'breached';
  }
  // Nothing at all of this monitor: its own trouble if its regions report others meanwhile, else theirs.
  const othersReport = monitor.regions.some((region) =>
    regions
      .get(region)
      ?.all.some(
        (r) => r.slotEpochMs > slotEpochMs - monitor.everyMs && r.slotEpochMs <= slotEpochMs + monitor.everyMs,
      ),
  );
  return othersReport ? 'breached' : 'unknown';
}

function isAwaited(monitor: Monitor, slotEpochMs: number, regions: ReadonlyMap<Region, RegionResults>): boolean {
  return monitor.regions.some((region) =>
    regions
      .get(region)
      ?.between(monitor.id, slotEpochMs - monitor.everyMs, slotEpochMs)
      .some(({ reason }) => reason === 'awaiting'),
  );
}

function evidenceOf(
  monitor: Monitor,
  slotEpochMs: number,
  overMs: number,
  windows: RegionWindows,
  evaluation: PolicyEvaluation,
  regions: ReadonlyMap<Region, RegionResults>,
): RegionEvidence[] {
  return evaluation.regions.map(({ region, state, value, n, usual }): RegionEvidence => {
    const stats = windows.get(region);
    const after = slotEpochMs - Math.max(overMs, monitor.everyMs);
    const newest = regions.get(region)?.between(monitor.id, after, slotEpochMs) ?? [];
    const failure = newest.findLast((result) => result.outcome !== 'passed');
    return {
      region,
      state,
      value,
      n,
      usual,
      availability: stats?.availability ?? null,
      p50Ms: stats?.latency.supportedQuantile(0.5) ?? null,
      p95Ms: stats?.latency.supportedQuantile(0.95) ?? null,
      inconclusive: stats?.inconclusive ?? 0,
      failure:
        failure === undefined
          ? null
          : {
              reason: failure.reason,
              failedPhase: failure.failedPhase,
              detail: failure.detail,
              status: failure.status,
              traceId: traceId(monitor.id, region, failure.slotEpochMs),
            },
    };
  });
}
