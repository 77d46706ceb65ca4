import type { Deployment, Json, Monitor } from '../monitor.ts';
import { type JsonPath, type Problem, type Reporter, reporterFor, sortProblems } from './diagnostics.ts';
import { parseJsonText } from './json-text.ts';
import {
  DEFAULT_EVERY_MS,
  DEFAULT_RETENTION,
  DEFAULT_STANDBY_AFTER_MS,
  DEFAULT_TIMEOUT_MS,
  type ResolvedDeployment,
  resolveDeployment,
} from './resolve-deployment.ts';
import { type MonitorContext, resolveMonitor } from './resolve-monitor.ts';
import { quote } from './schema-leaves.ts';
import { type DefinitionEnvironment, NO_PLACEHOLDERS, type Placeholders, substituteEnvironment } from './templates.ts';

/** A definition file that was read. `file` is what messages call it. */
export interface SourceFile {
  readonly file: string;
  readonly text: string;
}

/** Monitors of files, or all that keeps them from being one deployment. */
export type Resolution =
  | {
      readonly ok: true;
      readonly deployment: Deployment;
      readonly warnings: readonly Problem[];
      readonly files: readonly string[];
    }
  /** Errors and warnings of all files, in reading order. */
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly files: readonly string[] };

/**
 * Stands in for a deployment where monitor files are used without a parallax.json. Checks then run on one machine:
 * from "local", towards private addresses too, and nobody is told.
 */
const LOCAL_DEPLOYMENT: Omit<Deployment, 'monitors'> = {
  name: 'local',
  home: 'local',
  standby: null,
  regions: ['local'],
  allowPrivateAddresses: true,
  standbyAfterMs: DEFAULT_STANDBY_AFTER_MS,
  deadMansSwitchUrl: null,
  notify: [],
  retention: DEFAULT_RETENTION,
};

const STAND_ALONE: ResolvedDeployment = {
  deployment: LOCAL_DEPLOYMENT,
  home: null,
  regions: null,
  everyMs: DEFAULT_EVERY_MS,
  timeoutMs: DEFAULT_TIMEOUT_MS,
  retention: DEFAULT_RETENTION,
  monitorGlobs: [],
};

/** What a glob of parallax.json names. A throw is a broken machine. */
export type ReadMonitorFiles = (glob: string) => readonly SourceFile[];

/**
 * Resolves a parallax.json (null: {@link LOCAL_DEPLOYMENT} stands in) with its monitors, or, where `monitorFiles` is
 * given, with those instead. Never throws for what the files hold.
 */
export function resolveFiles(
  config: SourceFile | null,
  monitorFiles: readonly SourceFile[] | ReadMonitorFiles,
  environment: DefinitionEnvironment,
): Resolution {
  const problems: Problem[] = [];
  const opened = config === null ? null : open(config, environment, () => NO_PLACEHOLDERS, problems);
  const base =
    opened === null ? (config === null ? STAND_ALONE : UNKNOWN) : resolveDeployment(opened.value, opened.reporter);
  const sources =
    typeof monitorFiles === 'function' ? globbed(base.monitorGlobs, monitorFiles, opened?.reporter) : monitorFiles;
  const monitors = resolveMonitors(sources, base, environment, problems);
  if (opened !== null && typeof monitorFiles === 'function' && monitors.length === 0 && problems.every(isWarning)) {
    opened.reporter.error(['monitors'], { message: 'No file holds a monitor.', remedy: 'Define at least one.' });
  }
  const files = [...(config === null ? [] : [config.file]), ...sources.map((source) => source.file)];
  const sorted = sortProblems(problems, files);
  return base.deployment !== null && sorted.every(isWarning)
    ? { ok: true, deployment: { ...base.deployment, monitors }, warnings: sorted, files }
    : { ok: false, problems: sorted, files };
}

/** A parallax.json that is no JSON: its monitors are unknown, but files that are given are still looked at. */
const UNKNOWN: ResolvedDeployment = { ...STAND_ALONE, deployment: null };

function globbed(globs: readonly string[], read: ReadMonitorFiles, reporter: Reporter | undefined): SourceFile[] {
  const sources = new Map<string, SourceFile>();
  globs.forEach((glob, index) => {
    const found = read(glob);
    if (found.length === 0) {
      reporter?.error(['monitors', index], {
        message: `No file matches ${quote(glob)}.`,
        allowed: 'a file or a glob, relative to this file',
        remedy: 'Correct it, or remove it.',
      });
    }
    for (const source of found) sources.set(source.file, source);
  });
  return [...sources.values()];
}

function resolveMonitors(
  sources: readonly SourceFile[],
  base: ResolvedDeployment,
  environment: DefinitionEnvironment,
  problems: Problem[],
): Monitor[] {
  const context: MonitorContext = { ...base, standInRegions: LOCAL_DEPLOYMENT.regions };
  const placeOfId = new Map<string, string>();
  const monitors: Monitor[] = [];
  for (const source of sources) {
    const opened = open(source, environment, placeholdersAt, problems);
    if (opened === null) continue;
    for (const { path, value } of members(opened.value, opened.reporter)) {
      const reporter = opened.reporter.at(path);
      const { id, monitor } = resolveMonitor(value, context, reporter);
      if (monitor !== null) monitors.push(monitor);
      if (id === null) continue;
      const first = placeOfId.get(id);
      if (first === undefined) placeOfId.set(id, source.file);
      else {
        const where = first === source.file ? 'earlier in this file' : `in ${first}`;
        reporter.error(['id'], {
          message: `The id ${quote(id)} is already taken ${where}.`,
          remedy: 'Give each monitor its own: results are stored under it.',
        });
      }
    }
  }
  return monitors;
}

/** A file holds one monitor or an array of them. */
function members(value: Json, reporter: Reporter): { path: JsonPath; value: Json }[] {
  if (!Array.isArray(value)) return [{ path: [], value }];
  if (value.length === 0)
    reporter.warning([], { message: 'The file holds no monitor.', remedy: 'Add one, or remove the file.' });
  return value.map((member, index) => ({ path: [index], value: member }));
}

interface Opened {
  readonly value: Json;
  readonly reporter: Reporter;
}

/** Null where the text is no JSON, which is reported. */
function open(
  source: SourceFile,
  environment: DefinitionEnvironment,
  allowedAt: (path: JsonPath) => Placeholders,
  problems: Problem[],
): Opened | null {
  const parsed = parseJsonText(source.text);
  if (!parsed.ok) {
    const { message, remedy, position } = parsed;
    problems.push({ severity: 'error', file: source.file, path: '$', ...position, message, allowed: null, remedy });
    return null;
  }
  const reporter = reporterFor(source.file, parsed.positionOf, problems);
  for (const path of parsed.repeatedKeys) {
    reporter.error(path, {
      message: `The key ${quote(String(path.at(-1)))} is written twice in one object; only the last would count.`,
      remedy: 'Remove one.',
    });
  }
  const { value, isBroken } = substituteEnvironment(parsed.value, environment, allowedAt, reporter);
  return { value, reporter: reporterFor(source.file, parsed.positionOf, problems, isBroken) };
}

/** Of a monitor, by its top-level property. `secretTexts` in `shared/target.ts` reads the same places. */
const TLS_PLACES: readonly string[] = ['clientCertificate', 'authorities'];
const SECRET_PLACES: Readonly<Record<string, readonly string[]>> = {
  request: ['url', 'headers', 'body', 'json', 'auth', ...TLS_PLACES],
  tcp: ['send', ...TLS_PLACES],
  tls: TLS_PLACES,
  websocket: ['url', 'headers', 'send', ...TLS_PLACES],
  grpc: ['metadata', ...TLS_PLACES],
  heartbeat: ['token'],
};

function placeholdersAt(path: JsonPath): Placeholders {
  const [part, property, ...rest] = typeof path[0] === 'number' ? path.slice(1) : path;
  if ((part === 'steps' || part === 'cleanup') && typeof property === 'number') {
    const isSent = rest[0] === 'request' && isSecretPlace(rest[0], rest[1]);
    // A flow shows what it was given, and trusts whom it was told to: never what an answer says.
    const isOurs = TLS_PLACES.includes(String(rest[1]));
    return { secrets: isSent, captures: (isSent && !isOurs) || isCompared(rest) };
  }
  return { secrets: isSecretPlace(part, property), captures: false };
}

/** Within a step: where `expect` compares with a value. A pattern is no such place: a captured text would be read as one. */
function isCompared([part, property, ...rest]: JsonPath): boolean {
  if (part !== 'expect') return false;
  const operators = property === 'body' ? rest : rest.slice(1);
  return (property === 'body' || property === 'header' || property === 'json') && operators[0] !== 'matches';
}

function isSecretPlace(part: string | number | undefined, property: string | number | undefined): boolean {
  if (typeof part !== 'string' || typeof property !== 'string' || !Object.hasOwn(SECRET_PLACES, part)) return false;
  return SECRET_PLACES[part]?.includes(property) === true;
}

function isWarning(problem: Problem): boolean {
  return problem.severity === 'warning';
}
