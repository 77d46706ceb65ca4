import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalError, systemErrorCode } from './local-error.ts';

/** Where a run on this machine keeps everything that outlives it. Only its owner may read it: secrets may lie in it. */
export interface DataFolder {
  readonly path: string;
  /** The database's own folder. */
  readonly dynamo: string;
  /** The resolved deployment, as the functions read it. */
  readonly deployment: string;
  /** One published notification a line. */
  readonly notifications: string;
  /** One event put on the bus a line. */
  readonly events: string;
  /** What the functions wrote to their logs. */
  readonly log: string;
  /** Optional, written by hand: `{"name": "value"}`. */
  readonly secrets: string;
  /** Who runs on this folder now, or did last. Says whom to stop; what locks is the database. */
  readonly run: string;
}

/** The marker that makes a folder ours. A format that this code does not know is left alone. */
const MARKER = 'parallax-data.json';
const FORMAT = 1;

/**
 * Creates the folder, or opens one that an earlier run made.
 * Throws {@link LocalError} `data-folder` where it is not a folder, not writable, or holds something else.
 */
export function openDataFolder(path: string): DataFolder {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    checkMarker(path);
    // Written each time: it also proves that the folder is writable before anything is started.
    writeAtomically(join(path, MARKER), `${JSON.stringify({ format: FORMAT })}\n`);
  } catch (error) {
    if (error instanceof LocalError) throw error;
    throw new LocalError('data-folder', whyUnusable(path, error), { cause: error });
  }
  return dataFolderAt(path);
}

/** The folder's files by name, whether or not they are there. */
export function dataFolderAt(path: string): DataFolder {
  return {
    path,
    dynamo: join(path, 'dynamo'),
    deployment: join(path, 'deployment.json'),
    notifications: join(path, 'notifications.jsonl'),
    events: join(path, 'events.jsonl'),
    log: join(path, 'functions.log'),
    secrets: join(path, 'secrets.json'),
    run: join(path, 'run.json'),
  };
}

/** A reader sees the old text or the new one, never a part; a crash in between leaves the old one. */
export function writeAtomically(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text, { mode: 0o600, flush: true });
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function checkMarker(path: string): void {
  const marker = join(path, MARKER);
  if (!existsSync(marker)) {
    // Secrets may be put there before the first run.
    const foreign = readdirSync(path).filter((name) => name !== 'secrets.json' && !name.endsWith('.tmp'));
    if (foreign.length === 0) return;
    const some = foreign.slice(0, 3).join(', ');
    throw new LocalError(
      'data-folder',
      `The data folder ${path} holds something that is not Parallax's (${some}${foreign.length > 3 ? ', …' : ''}). Choose a new or an empty folder with --data.`,
    );
  }
  const format = readFormat(marker);
  if (format === FORMAT) return;
  const what = format === null ? 'is damaged' : `says format ${format}, and this version reads format ${FORMAT}`;
  throw new LocalError(
    'data-folder',
    `The data folder ${path} cannot be used: its ${MARKER} ${what}. Choose another folder with --data, or move this one away.`,
  );
}

function readFormat(marker: string): number | null {
  try {
    const parsed: unknown = JSON.parse(readFileSync(marker, 'utf8'));
    if (typeof parsed !== 'object' || parsed === null || !('format' in parsed)) return null;
    return typeof parsed.format === 'number' ? parsed.format : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function whyUnusable(path: string, error: unknown): string {
  const remedy = 'Choose a folder that you may write to with --data.';
  switch (systemErrorCode(error)) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `The data folder ${path} cannot be written to. ${remedy}`;
    case 'EEXIST':
    case 'ENOTDIR':
      return `The data folder ${path} is a file, or lies below one. ${remedy}`;
    case 'ENOSPC':
      return `There is no space left for the data folder ${path}. Free some, or choose another disk with --data.`;
    default:
      return `The data folder ${path} cannot be used (${error instanceof Error ? error.message : String(error)}). ${remedy}`;
  }
}
