import { appendFileSync, existsSync, renameSync, statSync } from 'node:fs';
import { oneLine } from './local-error.ts';
import type { Report } from './report.ts';

/** Two files of this size at most: some days of the functions' summary lines. */
const MAX_BYTES = 5 * 1_024 * 1_024;

/**
 * Appends lines; a full file becomes `<path>.1`, which replaces the one before. Returns how to write one.
 * A log that cannot be written (a full disk) is reported and stops nothing.
 */
export function openLogFile(path: string, report: Report, maxBytes: number = MAX_BYTES): (line: string) => void {
  let bytes = existsSync(path) ? statSync(path).size : 0;
  return (line) => {
    const text = `${line}\n`;
    const more = Buffer.byteLength(text);
    try {
      if (bytes > 0 && bytes + more > maxBytes) {
        renameSync(path, `${path}.1`);
        bytes = 0;
      }
      appendFileSync(path, text, { mode: 0o600 });
      bytes += more;
    } catch (error) {
      report(`log: ${path} cannot be written: ${oneLine(error)}`);
    }
  };
}
