import type { ControlStatus } from '../shared/api-types.ts';
import { DAY_MS } from '../shared/schedule.ts';
import { printable } from './text-width.ts';

/** `paused until 14:30: new database`, the one that holds longest of each kind; empty where nothing holds. In UTC. */
export function controlNote(controls: readonly ControlStatus[], nowEpochMs: number): string {
  return (['pause', 'silence'] as const)
    .flatMap((kind) => {
      const longest = controls
        .filter((control) => control.kind === kind)
        .reduce<ControlStatus | null>((a, b) => (a !== null && a.untilEpochMs >= b.untilEpochMs ? a : b), null);
      if (longest === null) return [];
      const why = longest.reason === null ? '' : `: ${printable(longest.reason)}`;
      return [`${WORDS[kind]} until ${instant(longest.untilEpochMs, nowEpochMs)}${why}`];
    })
    .join('; ');
}

const WORDS = { pause: 'paused', silence: 'silenced' } as const;

/** Within a day the time alone says which one is meant. */
function instant(epochMs: number, nowEpochMs: number): string {
  const text = new Date(epochMs).toISOString();
  return epochMs - nowEpochMs < DAY_MS ? text.slice(11, 16) : `${text.slice(0, 10)} ${text.slice(11, 16)}`;
}
