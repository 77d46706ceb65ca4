import { humanDuration, humanMs, humanNumber, humanRatio } from '../../shared/human.ts';
import type { RegionEvidence } from '../../shared/incident.ts';
import type { AlertPolicy, PlainMetric } from '../../shared/monitor.ts';
import { dollarText } from '../../shared/spend-cap.ts';
import type { Judgement } from './judge.ts';

/** What a policy has found, to stand after the monitor's name. */
export function policyHeadline(judgement: Judgement, policy: AlertPolicy): string {
  const { kind, evidence, incident, slotEpochMs } = judgement;
  const breached = evidence.filter((r) => r.state === 'breached');
  const lasted = humanDuration(slotEpochMs - incident.sinceEpochMs);
  const scope =
    policy.regions === 'pooled' ? 'over all regions' : `in ${breached.length} of ${evidence.length} regions`;
  if (policy.metric.kind === 'availability') {
    if (kind === 'resolved') return `is up again after ${lasted}`;
    const allDown = breached.length > 0 && breached.every((r) => r.availability === 0);
    return allDown ? `is DOWN ${scope}` : `is failing: availability below ${threshold(policy)} ${scope}`;
  }
  if (kind === 'resolved')
    return `is back: ${policy.metricName} no longer ${policy.breach} ${threshold(policy)}, after ${lasted}`;
  const worst = judgement.pooled ?? worstOf(breached, policy);
  const value = worst?.value ?? null;
  if (policy.metric.kind === 'vsWeek' && value !== null) {
    const { of } = policy.metric;
    const usual = worst?.usual ?? 0;
    const numbers = `${inUnitOf(of, value * usual)} in ${humanDuration(policy.overMs)}, usually ${inUnitOf(of, usual)}`;
    return `${policy.metricName.replace(/\.vsWeek$/, '')} ${inUnit(policy, value)} its own week: ${numbers}, ${scope}`;
  }
  const shown = value === null ? '' : ` ${inUnit(policy, value)},`;
  return `${policy.metricName}${shown} ${policy.breach} ${threshold(policy)} ${scope}`;
}

function worstOf(breached: readonly RegionEvidence[], policy: AlertPolicy): RegionEvidence | null {
  const sign = policy.breach === 'above' ? 1 : -1;
  return breached.reduce<RegionEvidence | null>(
    (worst, r) => (r.value !== null && (worst?.value == null || sign * r.value > sign * worst.value) ? r : worst),
    null,
  );
}

/** What a policy asks for. */
export function policySentence(policy: AlertPolicy, regions: number): string {
  const rule =
    policy.regions === 'pooled'
      ? 'over all regions together'
      : typeof policy.regions === 'number'
        ? `in at least ${policy.regions} region${policy.regions === 1 ? '' : 's'}`
        : { any: 'in any region', majority: 'in a majority of regions', all: 'in all regions' }[policy.regions];
  const confirmed = policy.confirm === 1 ? '' : `, ${policy.confirm} slots in a row`;
  const where = regions === 1 ? '' : `, ${rule}`;
  return `${policy.metricName} ${policy.breach} ${threshold(policy)} over ${humanDuration(policy.overMs)}${where}${confirmed}`;
}

function threshold(policy: AlertPolicy): string {
  return inUnit(policy, policy.threshold);
}

/** A value of the policy's metric as people read it. */
export function inUnit({ metric }: AlertPolicy, value: number): string {
  if (metric.kind !== 'vsWeek') return inUnitOf(metric, value);
  // Two digits tell it; a plain x, since an SMS and a subject are ASCII.
  return `${value.toLocaleString('en-US', { maximumSignificantDigits: 2 })}x`;
}

function inUnitOf(metric: PlainMetric, value: number): string {
  switch (metric.kind) {
    case 'availability':
    case 'errorRate':
    case 'flakeRate':
      return humanRatio(value);
    case 'latency':
      return humanMs(value);
    case 'certificateDaysLeft':
      return `${humanNumber(value)} days`;
    case 'custom':
      if (metric.unit === 'ms') return humanMs(value);
      return metric.unit === 'dollars' ? dollarText(value) : humanNumber(value);
  }
}
