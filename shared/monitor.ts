import type { FunctionKind } from './resource-names.ts';
import type { Reason } from './result.ts';
import type { SpendCap } from './spend-cap.ts';

/**
 * What to check, resolved: every default filled in, every duration in milliseconds, every ratio 0–1.
 * Functions read only these types; the JSON that a user writes, and its validation, live in `definition/`.
 */

/** Which of AWS's services keeps a deployment's secrets, in each region that probes. */
export const SECRET_STORES = ['parameter-store', 'secrets-manager'] as const;
export type SecretStore = (typeof SECRET_STORES)[number];

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
  /** What a prober asks to know whether its own network works. Absent: AWS endpoints of its region; empty: nothing. */
  readonly controlUrls?: readonly string[];
  /** Absent: `parameter-store`. */
  readonly secretStore?: SecretStore;
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

/** What is checked, by kind. Each kind says how in a part of its own; all else is the same for all. */
export type Monitor = ProbedMonitor | HeartbeatMonitor;

/** What a prober goes and looks at. */
export type ProbedMonitor =
  | HttpMonitor
  | TcpMonitor
  | TlsMonitor
  | DnsMonitor
  | WebSocketMonitor
  | GrpcMonitor
  | FlowMonitor;

export type MonitorType = Monitor['type'];

export interface MonitorBase {
  readonly id: string;
  /** What people read; the id when none was given. */
  readonly name: string;
  readonly tags: readonly string[];
  /** Where it is checked from: a non-empty subset of the deployment's regions. */
  readonly regions: readonly Region[];
  /** 5,000 to 86,400,000: a divisor of a minute, or whole minutes. See `schedule.ts`. */
  readonly everyMs: number;
  /** Deadline of one check, all hops and attempts included. */
  readonly timeoutMs: number;
  /** How often a check is tried before it has failed, 1 to 5; with 2 and more, once more at another of the name's addresses. */
  readonly attempts: number;
  /** Empty for kinds whose answers hold no numbers of the user's own. */
  readonly metrics: readonly MetricDefinition[];
  readonly policies: readonly AlertPolicy[];
  readonly slo: Slo | null;
  /** Only where checks have a cost. */
  readonly spendCap?: SpendCap;
  /** A page for the person who is woken up. */
  readonly runbook: string | null;
}

/** What every kind's `expect` has. */
export interface ExpectationsBase {
  /** On the total time in milliseconds. */
  readonly responseTimeMs: readonly Condition[];
}

/** What `expect` has where there may be TLS. */
export interface CertificateExpectations extends ExpectationsBase {
  /** The certificate must stay valid for at least this long. Null: only valid now. */
  readonly certificateValidForMs: number | null;
}

export interface HttpMonitor extends MonitorBase {
  readonly type: 'http';
  readonly request: HttpRequest;
  readonly expect: Expectations;
  /** Where the answer is read as a stream of events, event by event. */
  readonly stream?: StreamReading;
}

/** `sse`: each event's data is a token. Otherwise whose events they are, from which text, usage and stop reason are read. */
export const STREAM_FORMATS = ['sse', 'openai-chat', 'openai-responses', 'anthropic-messages'] as const;
export type StreamFormat = (typeof STREAM_FORMATS)[number];

export interface StreamReading {
  readonly format: StreamFormat;
  /** On the text that was put together; missing where none came. */
  readonly answer: readonly Condition[];
  /** On the API's own word for why it stopped; missing where it gave none. */
  readonly stopReason: readonly Condition[];
  /** Null: an answer's cost is not reckoned. */
  readonly price: Price | null;
}

/** Dollars per million tokens. */
export interface Price {
  readonly input: number;
  /** Input that was read from the prompt's cache. */
  readonly cachedInput: number;
  /** Input that was written to the prompt's cache. */
  readonly cacheWrite: number;
  readonly output: number;
}

/** How TLS is spoken where the usual way will not do. Texts are PEM, and may hold `${secret:name}`. */
export interface TlsSettings {
  /** What is shown where a server asks for it. */
  readonly clientCertificate?: { readonly certificate: string; readonly key: string };
  /** Trusted in place of those that everybody trusts. */
  readonly authorities?: string;
}

/** `${secret:name}` may stand in the url, header values and body; the prober resolves it. `${env:NAME}` is already gone. */
export interface HttpRequest extends TlsSettings {
  readonly method: string;
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Sets the header `authorization`, and with `sigv4` others beside it. */
  readonly auth?: RequestAuth;
  /** Offers HTTP/2 beside HTTP/1.1, and speaks what the target chooses. Absent: HTTP/1.1 alone. */
  readonly http2?: boolean;
  /** 0 means that a redirect is the answer. */
  readonly maxRedirects: number;
  /** Bound on the body, before and after decoding. A larger one is `too-large`. */
  readonly maxBodyBytes: number;
}

/** Its texts may hold `${secret:name}`. */
export type RequestAuth =
  | { readonly kind: 'basic'; readonly user: string; readonly password: string }
  /** Client credentials. `scope` null: what the endpoint gives by itself. */
  | {
      readonly kind: 'oauth2';
      readonly tokenUrl: string;
      readonly clientId: string;
      readonly clientSecret: string;
      readonly scope: string | null;
    }
  /**
   * AWS Signature Version 4. `region` null: the one in the host's name, else where the check runs. Without keys, what
   * the prober itself may use: its role, or on one's own machine one's profile. Both keys are there or neither is.
   */
  | {
      readonly kind: 'sigv4';
      readonly service: string;
      readonly region: Region | null;
      readonly accessKeyId: string | null;
      readonly secretAccessKey: string | null;
      readonly sessionToken: string | null;
    };

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Everything must hold. A missing value fails every condition except `exists: false`. */
export type Condition =
  | { readonly op: 'equals' | 'not'; readonly value: Json }
  | { readonly op: 'above' | 'below'; readonly value: number }
  | { readonly op: 'between'; readonly low: number; readonly high: number }
  | { readonly op: 'oneOf'; readonly values: readonly Json[] }
  | { readonly op: 'contains' | 'excludes'; readonly value: Json }
  /** RE2 syntax: linear time on any input. */
  | { readonly op: 'matches'; readonly pattern: string }
  | { readonly op: 'exists'; readonly value: boolean }
  | { readonly op: 'length'; readonly conditions: readonly Condition[] };

/** As ALPN calls them. */
export const HTTP_PROTOCOLS = ['http/1.0', 'http/1.1', 'h2'] as const;

export interface Expectations extends CertificateExpectations {
  readonly status: readonly Condition[];
  /** On the protocol that was spoken, one of {@link HTTP_PROTOCOLS}. */
  readonly protocol?: readonly Condition[];
  readonly headers: readonly { readonly name: string; readonly conditions: readonly Condition[] }[];
  /** On the decoded body as text. */
  readonly body: readonly Condition[];
  /** RFC 9535 JSONPath. */
  readonly json: readonly { readonly path: string; readonly conditions: readonly Condition[] }[];
}

/** How a connection that begins in plain text is asked to become TLS. */
export const START_TLS = ['smtp', 'imap', 'pop3', 'ftp', 'postgres'] as const;
export type StartTls = (typeof START_TLS)[number];

/** When a connection becomes TLS: `at-once`, or after the given protocol's own request for it. */
export type TlsStart = 'at-once' | StartTls;

export interface TcpMonitor extends MonitorBase {
  readonly type: 'tcp';
  readonly tcp: TlsSettings & {
    /** A name or an address; IPv6 without brackets. */
    readonly host: string;
    readonly port: number;
    /** Null: never TLS. */
    readonly tls: TlsStart | null;
    /** Written once connected, as UTF-8; may hold `${secret:name}`. Null: nothing is sent. */
    readonly send: string | null;
    /** `send`, and what is received, are bytes as `00 ff`. Absent: they are text. */
    readonly encoding?: 'hex';
  };
  readonly expect: CertificateExpectations & {
    /** On all that was received so far, as text: read until it holds. Empty: nothing is read. */
    readonly received: readonly Condition[];
  };
}

export interface TlsMonitor extends MonitorBase {
  readonly type: 'tls';
  readonly tls: TlsSettings & {
    readonly host: string;
    readonly port: number;
    /** Asked for by SNI, and what the certificate must be for. */
    readonly serverName: string;
    readonly start: TlsStart;
  };
  readonly expect: CertificateExpectations & {
    /** On the version agreed on: `TLSv1.2` or `TLSv1.3`. */
    readonly protocol: readonly Condition[];
    /** On the list of names and addresses that the certificate is for. */
    readonly names: readonly Condition[];
    /** On the issuer's organization, or its common name where it has none. */
    readonly issuer: readonly Condition[];
  };
}

export const DNS_RECORDS = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'TXT', 'SRV', 'CAA'] as const;
export type DnsRecord = (typeof DNS_RECORDS)[number];

export interface DnsMonitor extends MonitorBase {
  readonly type: 'dns';
  readonly dns: {
    readonly name: string;
    readonly record: DnsRecord;
    /** The name server that is asked. Null: those of the system. */
    readonly resolver: { readonly ip: string; readonly port: number } | null;
  };
  readonly expect: ExpectationsBase & {
    /** On the sorted list of answers, each a canonical text; missing where there is none. Never empty. */
    readonly answers: readonly Condition[];
  };
}

export interface WebSocketMonitor extends MonitorBase {
  readonly type: 'websocket';
  readonly websocket: TlsSettings & {
    /** `ws:` or `wss:`; it, the header values and `send` may hold `${secret:name}`. */
    readonly url: string;
    /** Lower-case names. */
    readonly headers: Readonly<Record<string, string>>;
    /** Subprotocols offered, the preferred one first. */
    readonly protocols: readonly string[];
    /** Sent as one text message once open. Null: nothing is sent. */
    readonly send: string | null;
    /** Bound on one message. A larger one is `too-large`. */
    readonly maxMessageBytes: number;
  };
  readonly expect: CertificateExpectations &
    Pick<Expectations, 'headers' | 'json'> & {
      /** On the subprotocol that the server chose; missing where it chose none. */
      readonly protocol: readonly Condition[];
      /** On the first message as text. */
      readonly message: readonly Condition[];
    };
}

/** By number. @see https://grpc.io/docs/guides/status-codes/ */
export const GRPC_STATUSES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

/** By number. @see https://github.com/grpc/grpc/blob/master/doc/health-checking.md */
export const GRPC_HEALTH = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;

export interface GrpcMonitor extends MonitorBase {
  readonly type: 'grpc';
  readonly grpc: TlsSettings & {
    /** `https:`, or `http:` for HTTP/2 without TLS. An origin, without a path. */
    readonly url: string;
    readonly call: /** `grpc.health.v1.Health/Check` of a service; the empty name is the whole server. */
      | { readonly kind: 'health'; readonly service: string }
      /** One unary call. */
      | { readonly kind: 'unary'; readonly method: string; readonly messageBase64: string };
    /** Lower-case names; values may hold `${secret:name}`. */
    readonly metadata: Readonly<Record<string, string>>;
    /** Bound on the answer's message. A larger one is `too-large`. */
    readonly maxMessageBytes: number;
  };
  readonly expect: CertificateExpectations & {
    /** On the name of the call's status, one of {@link GRPC_STATUSES}; the number of one that has no name. */
    readonly status: readonly Condition[];
    /** On the health that was answered, one of {@link GRPC_HEALTH}. Empty for a unary call. */
    readonly health: readonly Condition[];
  };
}

/** Requests one after another, each with what earlier answers brought, and with their cookies. */
export interface FlowMonitor extends MonitorBase {
  readonly type: 'flow';
  /** Not empty. The first that does not pass ends the flow. */
  readonly steps: readonly FlowStep[];
  /** Made after the steps, whatever became of those. They never fail the check. */
  readonly cleanup: readonly FlowStep[];
  /** Of the flow as a whole. */
  readonly expect: ExpectationsBase;
}

/** A job that calls: missing calls are failures. Its one region is home, where calls are received and judged. */
export interface HeartbeatMonitor extends MonitorBase {
  readonly type: 'heartbeat';
  readonly heartbeat: {
    /** How often the job is due to succeed; `everyMs` is how often that is judged. */
    readonly everyMs: number;
    readonly graceMs: number;
    /** What callers prove themselves with; may hold `${secret:name}`. Never empty. */
    readonly token: string;
  };
  /** On the time from a run's start, where the job tells it, to its success. */
  readonly expect: ExpectationsBase;
}

/** `${capture:name}` may stand in the url (not in its host), header values and body, and in what is expected, for a value of an earlier step. */
export interface FlowStep {
  /** Unique in its flow. */
  readonly name: string;
  readonly request: HttpRequest;
  readonly expect: Expectations;
  readonly capture: readonly CaptureDefinition[];
  /** From this step's answer, beside {@link stepMetric}. */
  readonly metrics: readonly MetricDefinition[];
}

/** A text or a number taken from an answer; one that has none of it did not pass. Sources as those of metrics. */
export type CaptureDefinition = MetricDefinition;

/** The name of the metric that says how long a flow's step took, in milliseconds. */
export function stepMetric(stepName: string): string {
  return `${stepName}-ms`;
}

/** The name of the metric that says how many of a flow's clean-up steps failed. */
export const CLEANUP_FAILURES_METRIC = 'cleanup-failures';

/** A number taken from each answer. Where none is found, that check has none: never 0. */
export type MetricDefinition =
  | { readonly name: string; readonly from: 'json'; readonly path: string }
  | { readonly name: string; readonly from: 'header'; readonly header: string }
  /** The first group of the RE2 pattern, or the whole match. */
  | { readonly name: string; readonly from: 'body'; readonly pattern: string };

export type Quantile = 0.5 | 0.9 | 0.95 | 0.99;
export type MetricAggregate = 'avg' | 'max' | 'min' | 'last' | 'p95' | 'sum';

/** What a policy looks at. */
export type PolicyMetric =
  | PlainMetric
  /** As a multiple of what it usually was in the monitor's own week before; see `own-week.ts`. */
  | { readonly kind: 'vsWeek'; readonly of: ComparableMetric };

/** Those of which a multiple means something: percentiles of latency; average, sum and p95 of others. */
export type ComparableMetric = Extract<PlainMetric, { kind: 'latency' | 'custom' }>;

export type PlainMetric =
  | { readonly kind: 'availability' }
  /** `null`: every failure. `4xx`/`5xx`: by status. Otherwise by reason. */
  | { readonly kind: 'errorRate'; readonly class: '4xx' | '5xx' | Reason | null }
  /** Checks that passed only when tried again. */
  | { readonly kind: 'flakeRate' }
  | { readonly kind: 'latency'; readonly quantile: Quantile }
  | { readonly kind: 'certificateDaysLeft' }
  /** A number of the user's own, or one of a stream's; `unit` where it has one that we know. */
  | {
      readonly kind: 'custom';
      readonly name: string;
      readonly aggregate: MetricAggregate;
      readonly unit?: 'ms' | 'dollars';
    };

/** How many regions must breach. `pooled` merges the regions' results first and looks once. */
export type RegionRule = 'any' | 'majority' | 'all' | 'pooled' | number;

export interface AlertPolicy {
  /** Stable across edits of thresholds; unique in its monitor. */
  readonly id: string;
  /** As the user wrote the metric, such as `latency.p95`. */
  readonly metricName: string;
  readonly metric: PolicyMetric;
  readonly breach: 'above' | 'below';
  /** Ratio 0–1 for availability, error and flake rates, milliseconds for latency, days for certificates, a multiple for what is compared with the own week, else the metric's own unit. */
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
