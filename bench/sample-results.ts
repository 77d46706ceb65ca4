import type { Monitor } from '../shared/monitor.ts';
import type { Result } from '../shared/result.ts';
import { logNormal } from './random.ts';

/** How many of the sampled checks fail. */
const FAILING = 0.005;

/** A result as production has them: log-normal latency, a few failures, custom metrics where the monitor has them. */
export function resultAt(monitor: Monitor, slotEpochMs: number, medianMs: number, random: () => number): Result {
  const totalMs = Math.round(logNormal(random, medianMs, 0.4) * 1_000) / 1_000;
  const failed = random() < FAILING;
  const share = (part: number) => Math.round(totalMs * part * 1_000) / 1_000;
  return {
    monitorId: monitor.id,
    slotEpochMs,
    outcome: failed ? 'failed' : 'passed',
    reason: failed ? 'status' : null,
    failedPhase: null,
    detail: failed ? 'expected status 200, got 503' : null,
    blame: failed ? 'target' : null,
    lateMs: Math.round(random() * 900),
    stallMs: 0,
    totalMs,
    phases: {
      dnsMs: share(0.05),
      connectMs: share(0.2),
      tlsMs: share(0.3),
      firstByteMs: share(0.4),
      downloadMs: share(0.05),
    },
    status: failed ? 503 : 200,
    attempts: 1,
    redirects: 0,
    bodyBytes: Math.round(200 + random() * 4_000),
    address: failed ? '203.0.113.10' : null,
    certificateDaysLeft: 61.3,
    metrics: Object.fromEntries(monitor.metrics.map(({ name }) => [name, Math.round(random() * 100)])),
  };
}
