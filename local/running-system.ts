import { readFileSync } from 'node:fs';
import { type DataFolder, dataFolderAt, writeAtomically } from './data-folder.ts';
import type { Endpoints } from './function-environment.ts';
import { LocalError, systemErrorCode } from './local-error.ts';

/** `run.json`: who runs on a data folder, and where others reach its stand-ins of AWS. It goes with a run that ends in order. */
interface RunFile {
  readonly pid: number;
  /** ISO 8601 */
  readonly startedAt: string;
  /** Null until they listen. */
  readonly endpoints: Endpoints | null;
}

export function writeRunFile(folder: Pick<DataFolder, 'run'>, run: RunFile): void {
  writeAtomically(folder.run, `${JSON.stringify(run)}\n`);
}

/**
 * What runs on the data folder now.
 * Throws {@link LocalError} `not-running` where nothing does, or is not ready.
 */
export function runningSystem(dataPath: string): { readonly pid: number; readonly endpoints: Endpoints } {
  const run = readRunFile(dataFolderAt(dataPath).run);
  if (run === null || !isAlive(run.pid)) {
    throw new LocalError(
      'not-running',
      `Nothing runs on the data folder ${dataPath}. Start it with \`npx parallax dev --data ${dataPath}\`, or name the folder of a run with --data.`,
    );
  }
  if (run.endpoints === null) {
    throw new LocalError(
      'not-running',
      `The run on the data folder ${dataPath} (process ${run.pid}) is not ready. Try again in a moment; one that an older version started has to be started anew.`,
    );
  }
  return { pid: run.pid, endpoints: run.endpoints };
}

function readRunFile(file: string): RunFile | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ENOTDIR') return null;
    throw new LocalError(
      'not-running',
      `${file} cannot be read (${systemErrorCode(error)}). Run this as the user who started the system.`,
      { cause: error },
    );
  }
  try {
    const { pid, startedAt, endpoints }: Partial<RunFile> = JSON.parse(text) ?? {};
    return typeof pid === 'number' ? { pid, startedAt: startedAt ?? '', endpoints: endpoints ?? null } : null;
  } catch {
    return null; // cut by a crash: whoever wrote it is gone
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM'; // there, but somebody else's
  }
}
