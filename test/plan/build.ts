import type { Deployment, HttpMonitor, Monitor } from '../../shared/monitor.ts';
import { deploymentOf, monitorOf } from '../shared/build.ts';

/** So many monitors, alike but for what a case states. */
export function monitorsOf(count: number, over: Partial<HttpMonitor> = {}): HttpMonitor[] {
  return Array.from({ length: count }, (_, i) => monitorOf({ ...over, id: `${over.id ?? 'm'}-${i}` }));
}

/** Those monitors from all of three regions, with a standby. */
export function deploymentWith(monitors: readonly Monitor[], over: Partial<Deployment> = {}): Deployment {
  return deploymentOf(monitors, { standby: 'eu-west-1', ...over });
}
