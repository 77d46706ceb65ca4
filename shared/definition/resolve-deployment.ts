import type { z } from 'zod';
import type {
  Deployment,
  FunctionSettings,
  FunctionsSettings,
  Json,
  Region,
  Retention,
  Subscriber,
} from '../monitor.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../schedule.ts';
import { partitionOf } from './aws-regions.ts';
import { DeploymentSchema, type ParsedDeployment, type ParsedSubscriber } from './deployment-schema.ts';
import type { Reporter } from './diagnostics.ts';
import { SEVERITIES } from './monitor-base-schema.ts';
import { quote } from './schema-leaves.ts';
import { checkAgainst } from './schema-problems.ts';

const SoundDeployment = DeploymentSchema.partial();

/** What `defaults` leaves open. */
export const DEFAULT_EVERY_MS = MINUTE_MS;
export const DEFAULT_TIMEOUT_MS = 10 * SECOND_MS;

/** Three missed heartbeats: one lost run is no outage of home. */
export const DEFAULT_STANDBY_AFTER_MS = 3 * MINUTE_MS;

export const DEFAULT_RETENTION: Retention = {
  resultsMs: 48 * HOUR_MS,
  fiveMinutesMs: 14 * DAY_MS,
  hoursMs: 90 * DAY_MS,
  daysMs: 730 * DAY_MS,
  incidentsMs: 365 * DAY_MS,
};

/** `parallax.json` without its monitors; what could not be understood is null. */
export interface ResolvedDeployment {
  /** Null where the file has problems. */
  readonly deployment: Omit<Deployment, 'monitors'> | null;
  /** For monitors, which are checked in any case. Null: not known, and nothing is judged against them. */
  readonly home: Region | null;
  readonly regions: readonly Region[] | null;
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly retention: Retention;
  /** Files and globs; empty where they could not be understood. */
  readonly monitorGlobs: readonly string[];
}

export function resolveDeployment(value: Json, reporter: Reporter): ResolvedDeployment {
  const { value: parsed, broken } = checkAgainst(DeploymentSchema, SoundDeployment, value, reporter);
  const config: z.output<typeof SoundDeployment> = parsed ?? {};
  const { name, home, regions, standby = null } = config;
  if (regions !== undefined) reportRepeated(regions, reporter.at(['regions']));
  if (home !== undefined) reportPlaces(home, standby, regions ?? [], reporter);
  const retention = resolveRetention(config.retention);
  const notify = (config.notify ?? []).flatMap(resolveSubscriber);
  if (notify.length === 0 && parsed !== null && !broken.has('notify')) {
    reporter.warning(['notify'], {
      message: 'Nobody will be told of incidents: "notify" is empty.',
      remedy: 'Add a recipient, such as {"email": "oncall@your.domain"}.',
    });
  }
  const complete = broken.size === 0 && name !== undefined && home !== undefined && regions !== undefined;
  return {
    deployment: complete
      ? {
          name,
          home,
          standby,
          regions,
          allowPrivateAddresses: config.allowPrivateAddresses ?? false,
          ...(config.controls !== undefined && { controlUrls: config.controls }),
          ...(config.secrets !== undefined && { secretStore: config.secrets }),
          standbyAfterMs: config.standbyAfter ?? DEFAULT_STANDBY_AFTER_MS,
          deadMansSwitchUrl: config.deadMansSwitch ?? null,
          notify,
          retention,
          ...resolveFunctions(config.functions),
        }
      : null,
    home: home ?? null,
    regions: regions ?? null,
    everyMs: config.defaults?.every ?? DEFAULT_EVERY_MS,
    timeoutMs: config.defaults?.timeout ?? DEFAULT_TIMEOUT_MS,
    retention,
    monitorGlobs: config.monitors ?? [],
  };
}

function reportRepeated(regions: readonly Region[], reporter: Reporter): void {
  regions.forEach((region, index) => {
    if (regions.indexOf(region) !== index) {
      reporter.error([index], { message: `${quote(region)} is listed twice.`, remedy: 'Remove one.' });
    }
  });
}

/**
 * Home and standby need not be in `regions`: a team may want its table near itself and its probes near its users.
 * The table gets a replica in each of them all the same. One partition holds them all, since replication ends at its border.
 */
function reportPlaces(home: Region, standby: Region | null, regions: readonly Region[], reporter: Reporter): void {
  if (standby === home) {
    reporter.error(['standby'], {
      message: `The standby is ${quote(home)}, which is home itself: nothing would page while it is gone.`,
      remedy: 'Name another region, or remove "standby".',
    });
  }
  const complain = (path: readonly (string | number)[], region: Region): void => {
    if (partitionOf(region) === partitionOf(home)) return;
    reporter.error(path, {
      message: `${quote(region)} is in the AWS partition ${partitionOf(region)}, and home in ${partitionOf(home)}: a global table cannot span both.`,
      remedy: 'Use regions of one partition, or deploy twice.',
    });
  };
  if (standby !== null) complain(['standby'], standby);
  regions.forEach((region, index) => {
    complain(['regions', index], region);
  });
}

function resolveSubscriber(written: ParsedSubscriber): Subscriber[] {
  const severities = [...new Set(written.severity ?? SEVERITIES)];
  for (const protocol of ['email', 'sms', 'https'] as const) {
    const endpoint = written[protocol];
    if (endpoint !== undefined) return [{ protocol, endpoint, severities }];
  }
  return [];
}

function resolveFunctions(written: ParsedDeployment['functions']): Pick<Deployment, 'functions'> {
  if (written === undefined) return {};
  const functions: { -readonly [kind in keyof FunctionsSettings]: FunctionSettings } = {};
  for (const kind of ['prober', 'aggregator', 'api', 'receiver'] as const) {
    const { memoryMb, timeout, reservedConcurrency } = written[kind] ?? {};
    const settings: FunctionSettings = {
      ...(memoryMb !== undefined && { memoryMb }),
      ...(timeout !== undefined && { timeoutMs: timeout }),
      ...(reservedConcurrency !== undefined && { reservedConcurrency }),
    };
    if (Object.keys(settings).length > 0) functions[kind] = settings;
  }
  return { functions };
}

function resolveRetention(written: ParsedDeployment['retention']): Retention {
  return {
    resultsMs: written?.results ?? DEFAULT_RETENTION.resultsMs,
    fiveMinutesMs: written?.fiveMinutes ?? DEFAULT_RETENTION.fiveMinutesMs,
    hoursMs: written?.hours ?? DEFAULT_RETENTION.hoursMs,
    daysMs: written?.days ?? DEFAULT_RETENTION.daysMs,
    incidentsMs: written?.incidents ?? DEFAULT_RETENTION.incidentsMs,
  };
}
