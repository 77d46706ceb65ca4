import { liveScreen, plainScreen, type Screen } from '../local/screen.ts';
import type { CliIo } from './verb.ts';

/** The screen of a verb's stdout. @see https://no-color.org */
export function screenFor(io: CliIo): Screen {
  if (!io.isTTY) return plainScreen(io);
  // 0 is what a terminal says that does not know.
  const size = () => ({ columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 });
  return liveScreen(io, size, (io.env.NO_COLOR ?? '') === '' && io.env.TERM !== 'dumb');
}
