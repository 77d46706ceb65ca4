import { type ControlWords, controlVerb } from './put-control.ts';

export const SILENCE: ControlWords = {
  kind: 'silence',
  summary: 'keep checking monitors, without being paged, for a while',
  explanation: `Goes on checking, and pages nobody: nothing opens and nothing is reminded of. Recoveries are still announced.
What is still broken when the silence ends is announced then.`,
  done: 'Silenced',
  meaning: (monitors) =>
    `${monitors === 1 ? '1 monitor opens' : `${monitors} monitors open`} no incident until then. What is still broken at the end is announced then.`,
};

export const silenceVerb = controlVerb(SILENCE);
