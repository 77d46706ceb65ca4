import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { type Resolution, resolveFiles, type SourceFile } from './resolve-files.ts';
import type { DefinitionEnvironment } from './templates.ts';

export type { Problem } from './diagnostics.ts';
export type { Resolution } from './resolve-files.ts';

/** The file that is looked for where none is named. */
export const DEFAULT_CONFIG = 'parallax.json';

export interface LoadOptions {
  /** What `${env:NAME}` reads: usually the process's environment and `--env name=value`. */
  readonly env: DefinitionEnvironment;
  /** Absolute. Relative paths start here, and messages name files relative to it. */
  readonly cwd: string;
}

/** A definition file that was asked for by name cannot be read. */
export class UnreadableFileError extends Error {
  readonly code = 'unreadable-file';
  override readonly name = 'UnreadableFileError';
}

/**
 * Reads a parallax.json and every monitor file that it names. Problems in files are part of the answer;
 * throws {@link UnreadableFileError} only where the configuration itself cannot be read.
 */
export function loadDeployment(configPath: string, { env, cwd }: LoadOptions): Resolution {
  const config = read(resolve(cwd, configPath), cwd);
  const folder = dirname(resolve(cwd, configPath));
  const readGlob = (glob: string): SourceFile[] =>
    globSync(glob, { cwd: folder })
      .map((found) => resolve(folder, found))
      .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
      .toSorted()
      .map((path) => read(path, cwd));
  return resolveFiles(config, readGlob, env);
}

/**
 * Reads these monitor files only. Regions and defaults come from `config`; else from `parallax.json` in the working
 * directory, if there is one; else `LOCAL_DEPLOYMENT` stands in. The answer's deployment holds just their monitors.
 */
export function loadMonitorFiles(
  paths: readonly string[],
  { env, cwd, config }: LoadOptions & { readonly config?: string | undefined },
): Resolution {
  const configPath = config ?? (existsSync(join(cwd, DEFAULT_CONFIG)) ? DEFAULT_CONFIG : null);
  return resolveFiles(
    configPath === null ? null : read(resolve(cwd, configPath), cwd),
    paths.map((path) => read(resolve(cwd, path), cwd)),
    env,
  );
}

function read(path: string, cwd: string): SourceFile {
  const file = shownPath(path, cwd);
  try {
    return { file, text: readFileSync(path, 'utf8') };
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const message = reason === 'ENOENT' ? `There is no file ${file}.` : `The file ${file} cannot be read (${reason}).`;
    throw new UnreadableFileError(message, { cause: error });
  }
}

/** Relative to the working directory where it is below it. */
function shownPath(path: string, cwd: string): string {
  const shown = relative(cwd, path);
  return shown.startsWith('..') || shown === '' ? path : shown;
}
