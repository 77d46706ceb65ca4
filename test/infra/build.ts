import type { Deployment, HttpMonitor } from '../../shared/monitor.ts';
import { DAY_MS } from '../../shared/schedule.ts';

/** A monitor from everywhere, each minute; a case states only what it needs. */
export function monitorOf(over: Partial<HttpMonitor> = {}): HttpMonitor {
  const id = over.id ?? 'checkout';
  return {
    id,
    name: id,
    type: 'http',
    tags: [],
    regions: ['us-east-1', 'eu-west-1', 'ap-southeast-2'],
    everyMs: 60_000,
    timeoutMs: 10_000,
    attempts: 2,
    request: {
      method: 'GET',
      url: 'https://api.acme.example/health',
      headers: {},
      body: null,
      maxRedirects: 5,
      maxBodyBytes: 1_000_000,
    },
    expect: {
      status: [{ op: 'between', low: 200, high: 299 }],
      responseTimeMs: [],
      headers: [],
      body: [],
      json: [],
      certificateValidForMs: null,
    },
    metrics: [],
    policies: [],
    slo: null,
    runbook: null,
    ...over,
  };
}

/** Three regions, with a standby. */
export function deploymentOf(over: Partial<Deployment> = {}): Deployment {
  const regions = over.regions ?? ['us-east-1', 'eu-west-1', 'ap-southeast-2'];
  return {
    name: 'acme',
    home: 'us-east-1',
    standby: 'eu-west-1',
    regions,
    allowPrivateAddresses: false,
    standbyAfterMs: 180_000,
    deadMansSwitchUrl: null,
    notify: [{ protocol: 'email', endpoint: 'oncall@acme.example', severities: ['critical', 'warning', 'info'] }],
    retention: {
      resultsMs: 2 * DAY_MS,
      fiveMinutesMs: 14 * DAY_MS,
      hoursMs: 90 * DAY_MS,
      daysMs: 730 * DAY_MS,
      incidentsMs: 365 * DAY_MS,
    },
    monitors: [monitorOf({ regions })],
    ...over,
  };
}
