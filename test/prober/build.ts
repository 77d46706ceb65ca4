import assert from 'node:assert/strict';
import type { Prober } from '../../functions/prober/attempt.ts';
import { runCheck } from '../../functions/prober/check.ts';
import type { Clock } from '../../functions/prober/clock.ts';
import { systemClock } from '../../functions/prober/clock.ts';
import { openTcpSocket } from '../../functions/prober/connection.ts';
import { createResolver } from '../../functions/prober/resolve.ts';
import type { StallWatch } from '../../functions/prober/stalls.ts';
import { createTrust } from '../../functions/prober/trust.ts';
import { resolveFiles } from '../../shared/definition/resolve-files.ts';
import type { Expectations, HttpMonitor, HttpRequest, MetricDefinition, ProbedMonitor } from '../../shared/monitor.ts';
import type { Result } from '../../shared/result.ts';
import type { Secret } from '../../shared/secret-member.ts';
import { AUTHORITY } from '../servers/loopback.ts';

export const SLOT_MS = Date.UTC(2026, 5, 1, 12, 0, 0);

export interface MonitorCase {
  readonly id?: string;
  readonly everyMs?: number;
  readonly timeoutMs?: number;
  /** Default: 1. */
  readonly attempts?: number;
  readonly request?: Partial<HttpRequest>;
  readonly expect?: Partial<Expectations>;
  readonly metrics?: readonly MetricDefinition[];
}

/** A monitor that expects status 200 and nothing more. */
export function monitor(stated: MonitorCase = {}): HttpMonitor {
  const id = stated.id ?? 'example';
  return {
    id,
    name: id,
    type: 'http',
    tags: [],
    regions: ['eu-west-1'],
    everyMs: stated.everyMs ?? 60_000,
    // Long enough to never strike on a slow machine; tests of deadlines state their own.
    timeoutMs: stated.timeoutMs ?? 20_000,
    attempts: stated.attempts ?? 1,
    request: {
      method: 'GET',
      url: 'http://127.0.0.1/',
      headers: {},
      body: null,
      maxRedirects: 5,
      maxBodyBytes: 100_000,
      ...stated.request,
    },
    expect: {
      status: [{ op: 'equals', value: 200 }],
      responseTimeMs: [],
      headers: [],
      body: [],
      json: [],
      certificateValidForMs: null,
      ...stated.expect,
    },
    metrics: stated.metrics ?? [],
    policies: [],
    slo: null,
    runbook: null,
  };
}

/** A process that never stands still, and has no ticker. */
export const NO_STALLS: StallWatch = { watch: () => ({ end: () => 0 }) };

const trust = createTrust([AUTHORITY]);

/** May reach loopback, trusts the test authority, resolves by the system alone. */
export function prober(stated: Partial<Prober> = {}): Prober {
  return {
    region: 'eu-west-1',
    clock: systemClock,
    randomHex: (bytes) => 'ab'.repeat(bytes),
    resolveName: createResolver(),
    addressPolicy: { allowPrivate: true, forbiddenEndpoints: [] },
    ...trust,
    openSocket: openTcpSocket,
    stalls: NO_STALLS,
    aws: {
      region: 'eu-west-1',
      credentials: async () => ({ accessKeyId: 'AKIDROLE', secretAccessKey: 'role-secret' }),
    },
    ...stated,
  };
}

export interface CheckCase extends MonitorCase {
  readonly url: string;
  readonly prober?: Partial<Prober>;
  readonly secrets?: Readonly<Record<string, Secret>>;
}

/** A monitor of any kind, as a user writes it without an id. */
export function writtenMonitor(written: object): ProbedMonitor {
  const text = JSON.stringify({ id: 'example', timeout: '20s', ...written });
  const resolved = resolveFiles(null, [{ file: 'monitor.json', text }], {});
  assert.ok(resolved.ok, JSON.stringify(resolved));
  const [monitor] = resolved.deployment.monitors;
  assert.ok(monitor !== undefined && monitor.type !== 'heartbeat');
  return monitor;
}

/** Checks a monitor of any kind, as a user writes it without an id, once. */
export function checkWritten(
  written: object,
  stated: { readonly prober?: Partial<Prober>; readonly secrets?: Readonly<Record<string, Secret>> } = {},
): Promise<Result> {
  return runCheck(prober(stated.prober), {
    monitor: writtenMonitor(written),
    slotEpochMs: SLOT_MS,
    secrets: new Map(Object.entries(stated.secrets ?? {})),
  });
}

/** Checks one URL, once. */
export function checkOf(stated: CheckCase): Promise<Result> {
  return runCheck(prober(stated.prober), {
    monitor: monitor({ ...stated, request: { url: stated.url, ...stated.request } }),
    slotEpochMs: SLOT_MS,
    secrets: new Map(Object.entries(stated.secrets ?? {})),
  });
}

/** The system's clock, but for the deadline, which strikes when the test says so. */
export function clockWithDeadline(lateMs = 0): { readonly clock: Clock; readonly strike: () => void } {
  let strike = () => {};
  let skippedMs = 0;
  const clock: Clock = {
    epochMs: () => systemClock.epochMs(),
    monotonicMs: () => systemClock.monotonicMs() + skippedMs,
    after(delayMs, callback) {
      strike = () => {
        skippedMs += delayMs + lateMs;
        callback();
      };
      return () => {
        strike = () => {};
      };
    },
  };
  return { clock, strike: () => strike() };
}
