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
    lateMs: 0,
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
    address: '192.0.2.1',
    ...over,
  });
}
