import { NO_PHASES, traceId } from '../shared/result.ts';
import { type CheckedFile, HERE, SKIPPED_BECAUSE } from './check-run.ts';
import { type FlowStepMade, stepsOf } from './flow-steps.ts';

/**
 * For programs. Stable: fields are added, never renamed or removed. Times are milliseconds, null means that it did not
 * happen or is not known.
 */
export function checkJson(files: readonly CheckedFile[]): string {
  const results = files.flatMap(({ file, checked }) =>
    checked.map(({ monitor, result }) => ({
      file,
      id: monitor.id,
      name: monitor.name,
      outcome: result.outcome,
      reason: result.reason,
      failedPhase: result.failedPhase,
      detail: result.detail,
      blame: result.blame,
      attempts: result.attempts,
      status: result.status,
      protocol: result.protocol ?? null,
      totalMs: result.totalMs,
      phases: result.phases,
      redirects: result.redirects,
      bodyBytes: result.bodyBytes,
      address: result.address,
      certificateDaysLeft: result.certificateDaysLeft,
      metrics: result.metrics,
      steps: monitor.type === 'flow' ? stepsOf(monitor, result).map(stepJson) : null,
      startedAtEpochMs: result.slotEpochMs,
      traceId: traceId(monitor.id, HERE, result.slotEpochMs),
    })),
  );
  const count = (outcome: string) => results.filter((result) => result.outcome === outcome).length;
  const passed = count('passed');
  const summary = {
    ok: results.length > 0 && passed === results.length,
    passed,
    failed: count('failed'),
    inconclusive: count('inconclusive'),
    skipped: files.flatMap(({ file, skipped }) =>
      skipped.map(({ id, name }) => ({ file, id, name, detail: SKIPPED_BECAUSE })),
    ),
  };
  return `${JSON.stringify({ ...summary, results }, null, 2)}\n`;
}

/** A step that was not made has no outcome. */
function stepJson({ name, isCleanup, made }: FlowStepMade) {
  const { outcome, reason, failedPhase, status, totalMs, phases } = made ?? NOT_MADE;
  return { name, cleanup: isCleanup, outcome, reason, failedPhase, status, totalMs, phases };
}

const NOT_MADE = { outcome: null, reason: null, failedPhase: null, status: null, totalMs: null, phases: NO_PHASES };
