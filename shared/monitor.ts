import type { FunctionKind } from './resource-names.ts';
import type { Reason } from './result.ts';

/**
 * What to check, resolved: every default filled in, every duration in milliseconds, every ratio 0–1.
 * Functions read only these types; the JSON that a user writes, and its validation, live in `definition/`.
 */

/** An AWS region name, such as `eu-west-1`. */
export type Region = string;

export type Severity = 'critical' | 'warning' | 'info';

/** A whole deployment, as it travels to the functions (one JSON file beside the code). */
export interface Deployment {
  readonly name: string;
  readonly home: Region;
  readonly standby: Region | null;
  readonly regions: readonly Region[];
  readonly allowPrivateAddresses: boolean;
  /** The standby takes over when home's heartbeat has been missing for this long. */
  readonly standbyAfterMs: number;
  /** Called by each aggregator run that did its work: for the day when all of AWS is gone. */
  readonly deadMansSwitchUrl: string | null;
  readonly notify: readonly Subscriber[];
  readonly retention: Retention;
  /** Where a function's size should not follow from what it has to do. See `plan/sizes.ts`. */
  readonly functions?: FunctionsSettings;
  readonly monitors: readonly Monitor[];
}

export type FunctionsSettings = Readonly<Partial<Record<FunctionKind, FunctionSettings>>>;

/** What a team may set of a function. */
export interface FunctionSettings {
  /** 128 to 10,240. CPU comes with memory: 1,769 MB is one vCPU. */
  readonly memoryMb?: number;
  /** At most 900,000. */
  readonly timeoutMs?: number;
  /** Default: none. An account whose quota is still 10 rejects any (docs/adr/0012-no-reserved-concurrency.md). */
  readonly reservedConcurrency?: number;
}

/** One recipient. `severities` limits what reaches it; it is never empty. */
export interface Subscriber {
  readonly protocol: 'email' | 'sms' | 'https';
  readonly endpoint: string;
  readonly severities: readonly Severity[];
}

/** How long each level of detail is kept, in milliseconds. Each is a whole number of its level's windows. */
export interface Retention {
  /** Single results, as batches. */
  readonly resultsMs: number;
  readonly fiveMinutesMs: number;
  readonly hoursMs: number;
  readonly daysMs: number;
  /** Ended incidents and sent notifications. */
  readonly incidentsMs: number;
}

export interface Monitor {
  readonly id: string;
  /** What people read; the id when none was given. */
  readonly name: string;
  readonly type: 'http';
  readonly tags: readonly string[];
  /** Where it is checked from: a non-empty subset of the deployment's regions. */
  readonly regions: readonly Region[];
  /** 5,000 to 86,400,000: a divisor of a minute, or whole minutes. See `schedule.ts`. */
  readonly everyMs: number;
  /** Deadline of one check, all hops included. */
  readonly timeoutMs: number;
  readonly request: HttpRequest;
  readonly expect: Expectations;
  readonly metrics: readonly MetricDefinition[];
  readonly policies: readonly AlertPolicy[];
  readonly slo: Slo | null;
  /** A page for the person who is woken up. */
  readonly runbook: string | null;
}

/** `${secret:name}` may stand in the url, header values and body; the prober resolves it. `${env:NAME}` is already gone. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** 0 means that a redirect is the answer. */
  readonly maxRedirects: number;
  /** Bound on the body, before and after decoding. A larger one is `too-large`. */
  readonly maxBodyBytes: number;
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Everything must hold. A missing value fails every condition except `exists: false`. */
export type Condition =
  | { readonly op: 'equals' | 'not'; readonly value: Json }
  | { readonly op: 'above' | 'below'; readonly value: number }
  | { readonly op: 'between'; readonly low: number; readonly high: number }
  | { readonly op: 'oneOf'; readonly values: readonly Json[] }
  | { readonly op: 'contains'; readonly value: Json }
  /** RE2 syntax: linear time on any input. */
  | { readonly op: 'matches'; readonly pattern: string }
  | { readonly op: 'exists'; readonly value: boolean }
  | { readonly op: 'length'; readonly conditions: readonly Condition[] };

export interface Expectations {
  readonly status: readonly Condition[];
  /** On the total time in milliseconds. */
  readonly responseTimeMs: readonly Condition[];
  readonly headers: readonly { readonly name: string; readonly conditions: readonly Condition[] }[];
  /** On the decoded body as text. */
  readonly body: readonly Condition[];
  /** RFC 9535 JSONPath. */
  readonly json: readonly { readonly path: string; readonly conditions: readonly Condition[] }[];
  /** The certificate must stay valid for at least this long. Null: only valid now. */
  readonly certificateValidForMs: number | null;
}

/** A number taken from each answer. Where none is found, that check has none: never 0. */
export type MetricDefinition =
  | { readonly name: string; readonly from: 'json'; readonly path: string }
  | { readonly name: string; readonly from: 'header'; readonly header: string }
  /** The first group of the RE2 pattern, or the whole match. */
  | { readonly name: string; readonly from: 'body'; readonly pattern: string };

export type Quantile = 0.5 | 0.9 | 0.95 | 0.99;
export type MetricAggregate = 'avg' | 'max' | 'min' | 'last' | 'p95';

/** What a policy looks at. */
export type PolicyMetric =
  | { readonly kind: 'availability' }
  /** `null`: every failure. `4xx`/`5xx`: by status. Otherwise by reason. */
  | { readonly kind: 'errorRate'; readonly class: '4xx' | '5xx' | Reason | null }
  | { readonly kind: 'latency'; readonly quantile: Quantile }
  | { readonly kind: 'certificateDaysLeft' }
  | { readonly kind: 'custom'; readonly name: string; readonly aggregate: MetricAggregate };

/** How many regions must breach. `pooled` merges the regions' results first and looks once. */
export type RegionRule = 'any' | 'majority' | 'all' | 'pooled' | number;

export interface AlertPolicy {
  /** Stable across edits of thresholds; unique in its monitor. */
  readonly id: string;
  /** As the user wrote the metric, such as `latency.p95`. */
  readonly metricName: string;
  readonly metric: PolicyMetric;
  readonly breach: 'above' | 'below';
  /** Ratio 0–1 for availability and error rates, milliseconds for latency, days for certificates, else the metric's own unit. */
  readonly threshold: number;
  readonly overMs: number;
  readonly regions: RegionRule;
  readonly severity: Severity;
  /** Consecutive slots that must breach before the incident opens. */
  readonly confirm: number;
  /** Consecutive slots that must not breach before it resolves. */
  readonly recover: number;
  readonly remindEveryMs: number | null;
}

export interface Slo {
  /** 0–1. */
  readonly objective: number;
  readonly overMs: number;
  /** A passed result slower than this is not a good one. */
  readonly responseTimeMs: number | null;
}
