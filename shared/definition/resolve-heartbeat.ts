import type { HeartbeatMonitor, Region } from '../monitor.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../schedule.ts';
import type { Reporter } from './diagnostics.ts';
import { formatDuration } from './durations-and-ratios.ts';
import type { ParsedHeartbeat } from './heartbeat-schema.ts';
import type { Circumstances, MonitorContext, Own, OwnContext } from './resolve-monitor.ts';
import { warnOfClearText } from './resolve-request.ts';
import { quote } from './schema-leaves.ts';

/** Null where it cannot be used. */
export function resolveHeartbeat(
  { heartbeat, expect, slo }: ParsedHeartbeat,
  _: OwnContext,
  reporter: Reporter,
): Own<HeartbeatMonitor> | null {
  if (slo?.responseTime !== undefined) {
    reporter.error(['slo', 'responseTime'], {
      message: 'A heartbeat is judged in many more slots than its job runs, and only a run takes time.',
      remedy: 'Limit runs with "expect": {"responseTime": {"below": "…"}}, which counts as a failure in the objective.',
    });
  }
  if (heartbeat === undefined) return null;
  warnOfClearText(heartbeat.token, ['heartbeat', 'token'], reporter);
  const below = expect?.responseTime?.below;
  return {
    type: 'heartbeat',
    heartbeat: {
      everyMs: heartbeat.every,
      graceMs: heartbeat.grace ?? defaultGraceMs(heartbeat.every),
      token: heartbeat.token,
    },
    expect: { responseTimeMs: below === undefined ? [] : [{ op: 'below', value: below }] },
    metrics: [],
  };
}

/** Whole seconds: a run that takes a little longer than the last, or a scheduler that is a little late, wakes nobody. */
function defaultGraceMs(everyMs: number): number {
  const tenthMs = Math.round(everyMs / 10 / SECOND_MS) * SECOND_MS;
  return Math.min(HOUR_MS, Math.max(MINUTE_MS, tenthMs));
}

/**
 * A heartbeat is received in home, by one writer, and judged there once a minute at most: what a run read at its start
 * would be stale for later slots of the same minute.
 */
export function heartbeatCircumstances(
  parsed: ParsedHeartbeat,
  context: MonitorContext,
  reporter: Reporter,
): Circumstances {
  const { home } = context;
  if (home !== null && parsed.regions?.some((region) => region !== home)) {
    reporter.error(['regions'], {
      message: `A heartbeat is not checked from regions: the job calls home (${quote(home)}), and is judged there.`,
      remedy: 'Remove "regions".',
    });
  }
  if (home !== null && context.regions !== null && !context.regions.includes(home)) {
    reporter.error(['type'], {
      message: `Heartbeats are judged by the prober in home, and the deployment has none in ${quote(home)}.`,
      remedy: `Add ${quote(home)} to "regions" in parallax.json; other monitors may name the regions they are checked from.`,
    });
  }
  if (parsed.every !== undefined && parsed.every < MINUTE_MS) {
    reporter.error(['every'], {
      message: `A heartbeat is judged once a minute at most, not every ${formatDuration(parsed.every)}.`,
      remedy: 'Remove "every", or write "1m" or longer.',
    });
  }
  const everyMs = Math.max(MINUTE_MS, parsed.every ?? context.everyMs);
  if (parsed.heartbeat !== undefined && everyMs > parsed.heartbeat.every) {
    reporter.warning(['every'], {
      message: `It is judged every ${formatDuration(everyMs)}, and due every ${formatDuration(parsed.heartbeat.every)}: most misses would not be seen.`,
      remedy: `Write "every": ${quote(formatDuration(parsed.heartbeat.every))} or less.`,
    });
  }
  return {
    regions: homeOf(context),
    everyMs,
    timeoutMs: context.timeoutMs,
    resultEveryMs: parsed.heartbeat?.every ?? null,
  };
}

function homeOf({ home, standInRegions }: MonitorContext): readonly Region[] {
  return home === null ? standInRegions : [home];
}
