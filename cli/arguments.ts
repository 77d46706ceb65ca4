import { type ParseArgsConfig, parseArgs } from 'node:util';
import { nearest } from '../shared/definition/nearest.ts';
import { UsageError } from './verb.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** `node:util` parseArgs whose errors are {@link UsageError}s that name the nearest flag. Positionals are allowed. */
export function parseArguments<const O extends Options>(argv: readonly string[], options: O) {
  const known = Object.keys(options);
  for (const argument of argv) {
    if (argument === '--') break;
    const flag = /^--(?:no-)?([^=]+)/.exec(argument)?.[1];
    if (flag === undefined || known.includes(flag)) continue;
    const meant = nearest(flag, known);
    const hint =
      meant === null ? `Known flags: ${known.map((name) => `--${name}`).join(', ')}.` : `Did you mean --${meant}?`;
    throw new UsageError(`There is no flag --${flag}. ${hint}`);
  }
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(error.message, { cause: error });
  }
}

/**
 * What `${env:NAME}` in definitions sees: the process's environment, overridden by each `--env name=value`.
 * Throws {@link UsageError} for one without `=`.
 */
export function definitionEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  assignments: readonly string[] = [],
): Record<string, string | undefined> {
  const merged = { ...env };
  for (const assignment of assignments) {
    const equals = assignment.indexOf('=');
    if (equals < 1) {
      throw new UsageError(
        `--env ${assignment} has no value. Write --env name=value; it replaces \${env:name} in definitions.`,
      );
    }
    merged[assignment.slice(0, equals)] = assignment.slice(equals + 1);
  }
  return merged;
}
