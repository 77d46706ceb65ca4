import type { Retention, Slo } from '../monitor.ts';
import type { Reporter } from './diagnostics.ts';
import { formatDuration } from './durations-and-ratios.ts';
import type { ParsedSlo } from './monitor-base-schema.ts';
import { longestKeptMs } from './resolve-policies.ts';

/** `timeoutMs`: null where it has problems of its own. Paths are relative to `slo`. */
export function resolveSlo(slo: ParsedSlo, retention: Retention, timeoutMs: number | null, reporter: Reporter): Slo {
  if (slo.objective <= 0 || slo.objective >= 1) {
    reporter.error(['objective'], {
      message: `An objective of ${slo.objective * 100}% leaves ${slo.objective >= 1 ? 'no error budget' : 'nothing to miss'}.`,
      allowed: 'more than 0 and less than 1, such as "99.9%"',
      remedy: 'Write what is really promised.',
    });
  }
  const keptMs = longestKeptMs(retention);
  if (slo.over > keptMs) {
    reporter.error(['over'], {
      message: `The period of ${formatDuration(slo.over)} is longer than anything is kept (${formatDuration(keptMs)}).`,
      remedy: `Write at most "${formatDuration(keptMs)}", or raise "retention" in parallax.json.`,
    });
  }
  if (slo.responseTime !== undefined && timeoutMs !== null && slo.responseTime >= timeoutMs) {
    reporter.warning(['responseTime'], {
      message: `This has no effect: a check slower than its timeout of ${formatDuration(timeoutMs)} has failed anyway.`,
      remedy: 'Lower it, or raise "timeout".',
    });
  }
  return { objective: slo.objective, overMs: slo.over, responseTimeMs: slo.responseTime ?? null };
}
