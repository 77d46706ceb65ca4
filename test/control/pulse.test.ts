import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pulseOf } from '../../functions/aggregator/silence.ts';
import { endedControl, newControl } from '../../shared/control.ts';
import { deploymentOf, monitorOf } from '../shared/build.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const MINUTE = 60_000;

test('a fast monitor that was just resumed beside a slow one does not make its region silent', () => {
  const monitors = [monitorOf({ id: 'fast' }), monitorOf({ id: 'slow', everyMs: 60 * MINUTE })];
  const about = { kind: 'pause', target: 'monitor:fast', reason: null, by: 'ada@desk' } as const;
  const pause = newControl(about, 60 * MINUTE, null, NOW - 50 * MINUTE);
  const controls = [endedControl(pause, 'ada@desk', NOW)];
  const silentAt = (minute: number) =>
    pulseOf(deploymentOf(monitors), 'us-east-1', NOW - 40 * MINUTE, 0, NOW + minute * MINUTE, controls).silent !== null;
  assert.deepEqual([0, 3, 4].map(silentAt), [false, false, true]);
});
