import { secretNames } from '../shared/definition/templates.ts';
import type { Deployment, Monitor, Region } from '../shared/monitor.ts';
import { MINUTE_MS, SECOND_MS } from '../shared/schedule.ts';

/**
 * The part of a deployment that a region's prober reads. Who is told, and when, is decided elsewhere: leaving that out
 * means that editing a policy, a recipient or another region's monitor leaves this region's prober as it is.
 */
export function probedFrom(deployment: Deployment, region: Region): Deployment {
  return {
    ...deployment,
    standby: null,
    regions: [region],
    notify: [],
    monitors: deployment.monitors
      .filter((monitor) => monitor.regions.includes(region))
      .map((monitor) => ({ ...monitor, regions: [region], policies: [], slo: null, runbook: null, tags: [] })),
  };
}

/** Whether any of them needs a secret: `${secret:name}` may stand in the url, header values and body. */
export function usesSecrets(monitors: readonly Monitor[]): boolean {
  return monitors.some(({ request }) =>
    [request.url, ...Object.values(request.headers), request.body ?? ''].some((text) => secretNames(text).length > 0),
  );
}

/** Starting up, and reading secrets (5 s); then the last batch, which is tried to be stored for up to 48 s: it exists nowhere else. */
const MARGIN_MS = MINUTE_MS;
/** A bound on what a launch waits for those before it: they are paced 6 ms apart, unless the core is busy. */
const LAUNCH_MS = 10;

/**
 * How long a run may take. It begins whenever the schedule fires, and keeps the distances of its slots from there.
 *
 * | monitors               | last launch | longest run                     |
 * | each minute or slower  | at once     | launches + timeout + margin     |
 * | several times a minute | below 60 s  | 60 s + launches + timeout + margin |
 */
export function runTimeoutMs(monitors: readonly Monitor[]): number {
  const longestTimeoutMs = Math.max(0, ...monitors.map((monitor) => monitor.timeoutMs));
  const lastSlotMs = monitors.some((monitor) => monitor.everyMs < MINUTE_MS) ? MINUTE_MS : 0;
  return Math.ceil((lastSlotMs + monitors.length * LAUNCH_MS + longestTimeoutMs + MARGIN_MS) / SECOND_MS) * SECOND_MS;
}
