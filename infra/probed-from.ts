import type { Deployment, Region } from '../shared/monitor.ts';

/**
 * The part of a deployment that a region's prober reads. Who is told, and when, is decided elsewhere: leaving that out
 * means that editing a policy, a recipient or another region's monitor leaves this region's prober as it is.
 * Home, standby and tags stay: people pause monitors by their tags, and write that in home or standby.
 */
export function probedFrom(deployment: Deployment, region: Region): Deployment {
  return {
    ...deployment,
    regions: [region],
    notify: [],
    monitors: deployment.monitors
      .filter((monitor) => monitor.regions.includes(region))
      .map((monitor) => ({ ...monitor, regions: [region], policies: [], slo: null, runbook: null })),
  };
}
