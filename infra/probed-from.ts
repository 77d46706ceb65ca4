import { secretNames } from '../shared/definition/templates.ts';
import type { Deployment, Monitor, Region } from '../shared/monitor.ts';

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
