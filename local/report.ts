import { MINUTE_MS } from '../shared/schedule.ts';

/** Says a line to whoever runs the system. */
export type Report = (line: string) => void;

const REPEAT_AFTER_MS = MINUTE_MS;
/** More different lines than this within a minute, and all may be said again. */
const REMEMBERED_LINES = 200;

/** A line that repeats itself every five seconds is said once a minute, with how often it was left out. */
export function withoutRepeats(say: Report, nowEpochMs: () => number): Report {
  const said = new Map<string, { readonly atEpochMs: number; readonly leftOut: number }>();
  return (line) => {
    const now = nowEpochMs();
    const before = said.get(line);
    if (before !== undefined && now - before.atEpochMs < REPEAT_AFTER_MS) {
      said.set(line, { ...before, leftOut: before.leftOut + 1 });
      return;
    }
    if (said.size >= REMEMBERED_LINES) said.clear();
    said.set(line, { atEpochMs: now, leftOut: 0 });
    say(before === undefined || before.leftOut === 0 ? line : `${line} (and ${before.leftOut} times before)`);
  };
}
