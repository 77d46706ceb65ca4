import { traceId } from '../shared/result.ts';
import { type CheckedFile, HERE, SKIPPED_BECAUSE } from './check-run.ts';

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
      status: result.status,
      totalMs: result.totalMs,
      phases: result.phases,
      redirects: result.redirects,
      bodyBytes: result.bodyBytes,
      address: result.address,
      certificateDaysLeft: result.certificateDaysLeft,
      metrics: result.metrics,
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
