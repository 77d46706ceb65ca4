import { loadDeployment, type Problem, UnreadableFileError } from '../shared/definition/load.ts';
import type { Deployment } from '../shared/monitor.ts';

/** The definitions cannot be deployed. The message holds every problem, one a paragraph. */
export class InvalidConfigError extends Error {
  override readonly name = 'InvalidConfigError';
  readonly code = 'invalid-config';
}

export interface ReadConfig {
  readonly deployment: Deployment;
  /** What is probably not meant, but can be deployed. */
  readonly warnings: readonly string[];
}

/**
 * Reads a `parallax.json` and its monitors; `${env:NAME}` comes from the environment of the synthesis.
 * @throws InvalidConfigError
 */
export function readConfig(path: string): ReadConfig {
  const resolution = load(path);
  if (resolution.ok) return { deployment: resolution.deployment, warnings: resolution.warnings.map(describe) };
  const errors = resolution.problems.filter((problem) => problem.severity === 'error').length;
  const count = errors === 1 ? '1 error' : `${errors} errors`;
  const problems = resolution.problems.map((problem) => `${problem.severity}: ${describe(problem)}`);
  throw new InvalidConfigError([`${path} has ${count}, so nothing was synthesized.`, ...problems].join('\n\n'));
}

function load(path: string): ReturnType<typeof loadDeployment> {
  try {
    return loadDeployment(path, { env: process.env, cwd: process.cwd() });
  } catch (error) {
    if (!(error instanceof UnreadableFileError)) throw error;
    const remedy = 'Run this in its folder, or say where it is: npx cdk synth -c config=path/to/parallax.json';
    throw new InvalidConfigError(`${error.message}\n${remedy}`, { cause: error });
  }
}

function describe(problem: Problem): string {
  const place = problem.line === null ? problem.file : `${problem.file}:${problem.line}:${problem.column ?? 1}`;
  return [
    `${place} ${problem.path}`,
    `  ${problem.message}`,
    ...(problem.allowed === null ? [] : [`  Allowed: ${problem.allowed}`]),
    ...(problem.remedy === null ? [] : [`  ${problem.remedy}`]),
  ].join('\n');
}
