import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseJsonText } from '../shared/definition/json-text.ts';
import {
  DEFAULT_CONFIG,
  loadDeployment,
  loadMonitorFiles,
  type Problem,
  type Resolution,
  UnreadableFileError,
} from '../shared/definition/load.ts';
import { definitionEnvironment, parseArguments } from './arguments.ts';
import { formatProblems } from './format-problems.ts';
import { type CliIo, type ExitCode, UsageError, type Verb } from './verb.ts';

const usage = `
Usage: npx parallax validate [files] [flags]

Checks definitions and prints every problem of every file at once. Nothing is deployed or requested.

  Without files: ./${DEFAULT_CONFIG} and the monitors that it names.
  With files: each is a deployment (it has "home" or "regions"), checked with its monitors, or a monitor file,
  checked against ./${DEFAULT_CONFIG} where there is one.

Flags:
  --config <file>     the deployment, instead of ./${DEFAULT_CONFIG}
  --env <name=value>  what \${env:name} becomes; repeatable; overrides the environment
  --json              one JSON object on stdout:
                      {"ok", "errors", "warnings", "monitors", "files", "problems": [{"severity", "file", "path",
                      "line", "column", "message", "allowed", "remedy"}]}

Exit codes: 0 no errors (warnings allowed), 1 errors, 2 could not run.

Examples:
  npx parallax validate
  npx parallax validate monitors/checkout.json --env base=https://staging.your.domain
`;

export const validateVerb: Verb = {
  name: 'validate',
  summary: 'check definitions and print every problem at once',
  usage,
  async run(argv, io) {
    const { values, positionals } = parseArguments(argv, {
      config: { type: 'string' },
      env: { type: 'string', multiple: true },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    });
    const env = definitionEnvironment(io.env, values.env);
    try {
      return report(resolutions(positionals, values.config, env, io), values.json === true, io);
    } catch (error) {
      if (!(error instanceof UnreadableFileError)) throw error;
      io.stderr(`parallax validate: ${error.message}${hint(positionals, values.config)}\n`);
      return 2;
    }
  },
};

/** One per deployment file, and one for all monitor files together: an id may be used once among them. */
function resolutions(
  files: readonly string[],
  config: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  io: CliIo,
): Resolution[] {
  if (files.length === 0) return [loadDeployment(config ?? DEFAULT_CONFIG, { env, cwd: io.cwd })];
  const unique = [...new Set(files)];
  const deployments = unique.filter((file) => isDeploymentFile(resolve(io.cwd, file)));
  const monitors = unique.filter((file) => !deployments.includes(file));
  if (config !== undefined && deployments.length > 0) {
    throw new UsageError(`${deployments[0]} is a deployment, and --config names another. Give one of them.`);
  }
  return [
    ...deployments.map((file) => loadDeployment(file, { env, cwd: io.cwd })),
    ...(monitors.length === 0 ? [] : [loadMonitorFiles(monitors, { env, cwd: io.cwd, config })]),
  ];
}

/** A file that cannot be read or parsed counts as a monitor file, whose loading says why. */
function isDeploymentFile(path: string): boolean {
  try {
    const parsed = parseJsonText(readFileSync(path, 'utf8'));
    if (!parsed.ok || typeof parsed.value !== 'object' || parsed.value === null || Array.isArray(parsed.value))
      return false;
    return (
      Object.hasOwn(parsed.value, 'home') ||
      (Object.hasOwn(parsed.value, 'regions') && !Object.hasOwn(parsed.value, 'request'))
    );
  } catch {
    return false;
  }
}

function report(resolved: readonly Resolution[], json: boolean, io: CliIo): ExitCode {
  const problems: readonly Problem[] = unique(resolved.flatMap((one) => (one.ok ? one.warnings : one.problems)));
  const files = [...new Set(resolved.flatMap((one) => one.files))];
  const errors = problems.filter((problem) => problem.severity === 'error').length;
  const warnings = problems.length - errors;
  const ok = resolved.every((one) => one.ok);
  const monitors = ok ? resolved.reduce((sum, one) => sum + (one.ok ? one.deployment.monitors.length : 0), 0) : null;
  if (json) {
    io.stdout(`${JSON.stringify({ ok, errors, warnings, monitors, files, problems }, null, 2)}\n`);
  } else {
    io.stdout(formatProblems(problems));
    const found = monitors === null ? '' : `${count(monitors, 'monitor')} in `;
    io.stderr(`${found}${count(files.length, 'file')}: ${count(errors, 'error')}, ${count(warnings, 'warning')}.\n`);
  }
  return ok ? 0 : 1;
}

/** A deployment's own problems come with each of several resolutions. */
function unique(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

function hint(files: readonly string[], config: string | undefined): string {
  if (files.length > 0 || config !== undefined) return '';
  return ' Run this where your parallax.json is, or name it: --config <file>.';
}

function count(n: number, noun: string): string {
  return `${n === 0 ? 'no' : n} ${noun}${n === 1 ? '' : 's'}`;
}
