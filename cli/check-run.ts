import type { Prober } from '../functions/prober/attempt.ts';
import { runCheck } from '../functions/prober/check.ts';
import { createPacer } from '../functions/prober/pacer.ts';
import { secretNames } from '../functions/prober/secrets.ts';
import { secretVariable } from '../local/secrets.ts';
import type { HeartbeatMonitor, Monitor, ProbedMonitor } from '../shared/monitor.ts';
import type { Result } from '../shared/result.ts';
import { memberOf, type Secret } from '../shared/secret-member.ts';
import { secretReference } from '../shared/secret-store.ts';
import { secretTexts } from '../shared/target.ts';

/** A definition file and its monitors, in the file's order. */
export interface MonitorFile {
  readonly file: string;
  readonly monitors: readonly Monitor[];
}

/** What was found for each monitor of a file, in the same order. */
export interface CheckedFile {
  readonly file: string;
  readonly checked: readonly { readonly monitor: ProbedMonitor; readonly result: Result }[];
  /** Heartbeats: their jobs call, and there is nothing to go and look at. */
  readonly skipped: readonly HeartbeatMonitor[];
}

/** Why a heartbeat is not checked. */
export const SKIPPED_BECAUSE =
  'not checked: a heartbeat is received from its job, by a deployment or by npx parallax dev';

/** Checks run from this machine, which is no AWS region: the name in the user agent and the trace id. */
export const HERE = 'local';

/** Checks each monitor once, now, launched as the prober launches them, so that their times are as true. */
export function checkFiles(
  prober: Prober,
  files: readonly MonitorFile[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly CheckedFile[]> {
  const pace = createPacer(prober.clock);
  return Promise.all(
    files.map(async ({ file, monitors }) => {
      const probed = monitors.filter((monitor) => monitor.type !== 'heartbeat');
      const checked = probed.map(async (monitor) => {
        const secrets = secretsFromEnvironment(monitor, environment);
        await pace();
        const slotEpochMs = prober.clock.epochMs();
        return { monitor, result: await runCheck(prober, { monitor, slotEpochMs, secrets }, pace) };
      });
      const skipped = monitors.filter((monitor) => monitor.type === 'heartbeat');
      return { file, checked: await Promise.all(checked), skipped };
    }),
  );
}

function secretsFromEnvironment(
  monitor: Monitor,
  environment: Readonly<Record<string, string | undefined>>,
): ReadonlyMap<string, Secret> {
  const read = (reference: string): Secret => {
    const { name, key } = secretReference(reference);
    const variable = secretVariable(name);
    const value = environment[variable];
    if (value === undefined) return { missing: `secret "${name}" has no value here: set ${variable}` };
    return memberOf(name, key, value, variable);
  };
  return new Map(secretNames(secretTexts(monitor)).map((reference) => [reference, read(reference)]));
}
