import { type ControlWords, controlVerb } from './put-control.ts';

export const PAUSE: ControlWords = {
  kind: 'pause',
  summary: 'stop checking monitors for a while',
  explanation: `Stops checking. Paused slots are neither up nor down, and nothing opens, resolves or is missed meanwhile.
To go on checking without being paged: \`npx parallax silence\`.`,
  done: 'Paused',
  meaning: (monitors) =>
    `${monitors === 1 ? '1 monitor is' : `${monitors} monitors are`} not checked from each region's next run on, at most a minute from now.`,
};

export const pauseVerb = controlVerb(PAUSE);
