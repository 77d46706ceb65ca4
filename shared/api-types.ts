import type { Region, Severity } from './monitor.ts';
import type { Outcome, Phase, Reason, StepResult } from './result.ts';

/** What `functions/api` answers. All times are Unix epoch milliseconds, ratios 0–1. Null means: not known. */

export type Verdict = 'up' | 'degraded' | 'down' | 'unknown';

/** A percentile is null where n cannot support it (fewer than 1 ÷ (1 − q) results). */
export interface LatencySummary {
  readonly n: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
}

export interface WindowSummary {
  readonly passed: number;
  readonly failed: number;
  readonly inconclusive: number;
  /** passed ÷ (passed + failed); null without either. */
  readonly availability: number | null;
  readonly latency: LatencySummary;
  /** Failures by reason, and `4xx`/`5xx` by status; absent where none. */
  readonly errors: Readonly<Record<string, number>>;
  /** The monitor's own metrics. */
  readonly metrics: Readonly<Record<string, MetricSummary>>;
  readonly certificateDaysLeft: number | null;
}

export interface MetricSummary {
  readonly n: number;
  readonly avg: number;
  readonly min: number;
  readonly max: number;
  readonly last: number;
  readonly p95: number | null;
}

/** The newest result of a region. */
export interface LatestResult {
  readonly slotEpochMs: number;
  readonly outcome: Outcome;
  readonly reason: Reason | null;
  readonly failedPhase: Phase | null;
  readonly detail: string | null;
  readonly status: number | null;
  readonly totalMs: number | null;
  readonly traceId: string;
  /** Of a flow: its steps that were made, in their order, clean-up last. */
  readonly steps?: readonly StepResult[];
}

export interface RegionStatus extends WindowSummary {
  readonly region: Region;
  readonly latest: LatestResult | null;
}

export interface MonitorStatus {
  readonly id: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly verdict: Verdict;
  /** One sentence: which regions fail or are silent, and why. Null when up. */
  readonly because: string | null;
  readonly regions: readonly RegionStatus[];
  /** All regions merged. */
  readonly overall: WindowSummary;
  readonly openIncidents: readonly IncidentSummary[];
  readonly slo: SloStatus | null;
  /** The pauses and silences that hold for it now. */
  readonly controls?: readonly ControlStatus[];
}

export interface ControlStatus {
  readonly kind: 'pause' | 'silence';
  /** `all`, `monitor:<id>` or `tag:<tag>`: what it was given to. */
  readonly target: string;
  readonly untilEpochMs: number;
  readonly reason: string | null;
  /** Who: an IAM ARN, or `user@host`. */
  readonly by: string;
}

export interface SloStatus {
  readonly objective: number;
  readonly overMs: number;
  readonly good: number;
  readonly total: number;
  /** 1 = untouched, 0 = spent, negative = overspent. Null without results. */
  readonly budgetRemaining: number | null;
}

/** `GET /api/status?range=1h` */
export interface StatusResponse {
  readonly name: string;
  readonly asOfEpochMs: number;
  readonly rangeMs: number;
  readonly regions: readonly { readonly region: Region; readonly lastSlotEpochMs: number | null }[];
  readonly monitors: readonly MonitorStatus[];
}

/** `GET /api/monitors/<id>?range=1h` */
export interface MonitorResponse {
  readonly id: string;
  readonly name: string;
  readonly rangeMs: number;
  readonly stepMs: number;
  readonly regions: readonly { readonly region: Region; readonly points: readonly SeriesPoint[] }[];
}

export interface SeriesPoint extends WindowSummary {
  readonly startEpochMs: number;
}

/** `GET /api/incidents` newest first */
export interface IncidentsResponse {
  readonly incidents: readonly IncidentSummary[];
}

export interface IncidentSummary {
  readonly id: string;
  /** A monitor's id, `region:<name>` for one that is silent or cut off, or `region:*` for all of them. */
  readonly subject: string;
  readonly policyId: string;
  readonly severity: Severity;
  readonly status: 'open' | 'resolved';
  /** The first slot that breached. */
  readonly sinceEpochMs: number;
  readonly openedSlotEpochMs: number;
  readonly resolvedSlotEpochMs: number | null;
  readonly summary: string;
}

/** `GET /api/notifications` newest first */
export interface NotificationsResponse {
  readonly notifications: readonly SentNotification[];
}

export interface SentNotification {
  readonly id: string;
  readonly incidentId: string;
  readonly kind: NotificationKind;
  readonly severity: Severity;
  readonly slotEpochMs: number;
  readonly sentAtEpochMs: number;
  readonly emailSubject: string;
  readonly emailBody: string;
  readonly sms: string;
}

export type NotificationKind = 'opened' | 'reminder' | 'resolved';

/** Any answer with status ≥ 400. */
export interface ErrorResponse {
  readonly error: { readonly code: string; readonly message: string };
}
