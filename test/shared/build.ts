import type {
  AlertPolicy,
  Deployment,
  HeartbeatMonitor,
  HttpMonitor,
  HttpRequest,
  Monitor,
} from '../../shared/monitor.ts';
import type { Result } from '../../shared/result.ts';
import { NO_PHASES } from '../../shared/result.ts';

/** A passed result of 100 ms; a case states only what it needs. */
export function resultOf(over: Partial<Result> = {}): Result {
  return {
    monitorId: 'checkout',
    slotEpochMs: Date.UTC(2026, 0, 5, 12),
    outcome: 'passed',
    reason: null,
    failedPhase: null,
    detail: null,
    blame: null,
    lateMs: 0,
    stallMs: 0,
    totalMs: 100,
    phases: { ...NO_PHASES, connectMs: 10, firstByteMs: 85, downloadMs: 5 },
    status: 200,
    attempts: 1,
    redirects: 0,
    bodyBytes: 512,
    address: null,
    certificateDaysLeft: null,
    metrics: {},
    ...over,
  };
}

/** A failed result: status 503. */
export function failureOf(over: Partial<Result> = {}): Result {
  return resultOf({
    outcome: 'failed',
    reason: 'status',
    status: 503,
    detail: 'expected status 200, got 503',
    blame: 'target',
    address: '192.0.2.1',
    ...over,
  });
}

export function requestTo(url: string): HttpRequest {
  return { method: 'GET', url, headers: {}, body: null, maxRedirects: 5, maxBodyBytes: 1_048_576 };
}

/** A monitor every minute from three regions, with the policy that one gets by default. */
export function monitorOf(over: Partial<HttpMonitor> = {}): HttpMonitor {
  return {
    id: 'checkout',
    name: 'checkout',
    type: 'http',
    tags: [],
    regions: REGIONS,
    everyMs: 60_000,
    timeoutMs: 10_000,
    attempts: 2,
    request: requestTo('https://api.acme.example/checkout'),
    expect: { status: [], responseTimeMs: [], headers: [], body: [], json: [], certificateValidForMs: null },
    metrics: [],
    policies: [policyOf()],
    slo: null,
    runbook: null,
    ...over,
  };
}

/** A job that is due each hour with ten minutes of grace, received in us-east-1, with the policy that one gets by default. */
export function heartbeatOf(
  over: Partial<Omit<HeartbeatMonitor, 'heartbeat'>> & {
    readonly heartbeat?: Partial<HeartbeatMonitor['heartbeat']>;
  } = {},
): HeartbeatMonitor {
  const id = over.id ?? 'nightly';
  return {
    id,
    name: id,
    type: 'heartbeat',
    tags: [],
    regions: ['us-east-1'],
    everyMs: 60_000,
    timeoutMs: 10_000,
    attempts: 1,
    expect: { responseTimeMs: [] },
    metrics: [],
    policies: [policyOf({ regions: 'any', confirm: 1, recover: 1 })],
    slo: null,
    runbook: null,
    ...over,
    heartbeat: { everyMs: 3_600_000, graceMs: 600_000, token: '${secret:nightly}', ...over.heartbeat },
  };
}

/** Down in a majority of regions, confirmed in two slots. */
export function policyOf(over: Partial<AlertPolicy> = {}): AlertPolicy {
  return {
    id: 'down',
    metricName: 'availability',
    metric: { kind: 'availability' },
    breach: 'below',
    threshold: 0.5,
    overMs: 60_000,
    regions: 'majority',
    severity: 'critical',
    confirm: 2,
    recover: 2,
    remindEveryMs: 4 * 3_600_000,
    ...over,
  };
}

export const REGIONS = ['ap-southeast-2', 'eu-west-1', 'us-east-1'] as const;

export function deploymentOf(monitors: readonly Monitor[], over: Partial<Deployment> = {}): Deployment {
  return {
    name: 'test',
    home: 'us-east-1',
    standby: null,
    regions: REGIONS,
    allowPrivateAddresses: false,
    standbyAfterMs: 180_000,
    deadMansSwitchUrl: null,
    notify: [],
    retention: {
      resultsMs: 48 * 3_600_000,
      fiveMinutesMs: 14 * 86_400_000,
      hoursMs: 90 * 86_400_000,
      daysMs: 730 * 86_400_000,
      incidentsMs: 365 * 86_400_000,
    },
    monitors,
    ...over,
  };
}
