import type { LatestResult, MetricSummary, SloStatus, WindowSummary } from '../../shared/api-types.ts';
import type { Region, Slo } from '../../shared/monitor.ts';
import { type Result, traceId } from '../../shared/result.ts';
import type { MetricStats, WindowStats } from '../../shared/window.ts';

export function summaryOf(stats: WindowStats): WindowSummary {
  return {
    passed: stats.passed,
    failed: stats.failed,
    inconclusive: stats.inconclusive,
    availability: stats.availability,
    latency: {
      n: stats.latency.n,
      p50Ms: toMicroseconds(stats.latency.supportedQuantile(0.5)),
      p95Ms: toMicroseconds(stats.latency.supportedQuantile(0.95)),
      p99Ms: toMicroseconds(stats.latency.supportedQuantile(0.99)),
      maxMs: stats.latency.max,
    },
    errors: Object.fromEntries(stats.errors),
    metrics: Object.fromEntries([...stats.metrics].flatMap(([name, metric]) => metricSummaryOf(name, metric))),
    certificateDaysLeft: stats.certificateDaysLeft,
  };
}

/** A sketch's quantile has no meaning beyond what was measured. */
function toMicroseconds(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 1_000) / 1_000;
}

function metricSummaryOf(name: string, { sketch, last }: MetricStats): [string, MetricSummary][] {
  const { n, min, max, sum } = sketch;
  if (min === null || max === null) return [];
  return [[name, { n, avg: sum / n, min, max, last, p95: sketch.supportedQuantile(0.95) }]];
}

export function latestOf(result: Result, region: Region): LatestResult {
  const { slotEpochMs, outcome, reason, failedPhase, detail, status, totalMs, steps } = result;
  const trace = traceId(result.monitorId, region, slotEpochMs);
  return {
    slotEpochMs,
    outcome,
    reason,
    failedPhase,
    detail,
    status,
    totalMs,
    traceId: trace,
    ...(steps && { steps }),
  };
}

/** Error budget by the SRE workbook: bad ÷ total, against 1 − objective. @see https://sre.google/workbook/implementing-slos/ */
export function sloStatusOf(slo: Slo, stats: WindowStats): SloStatus {
  const total = stats.conclusive;
  const allowed = total * (1 - slo.objective);
  return {
    objective: slo.objective,
    overMs: slo.overMs,
    good: stats.good,
    total,
    budgetRemaining: total === 0 || allowed === 0 ? null : 1 - (total - stats.good) / allowed,
  };
}
