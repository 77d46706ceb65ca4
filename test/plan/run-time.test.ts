import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPacer } from '../../functions/prober/pacer.ts';
import { runSlots } from '../../functions/prober/run-slots.ts';
import type { Monitor } from '../../shared/monitor.ts';
import { TABLE_WAIT_MS } from '../../shared/plan/assumed.ts';
import { RUN_OVERHEAD_MS } from '../../shared/plan/measured.ts';
import { expectedCheckMs, LAUNCH_PACE_MS, runTime, SLOW_CHECK_MS } from '../../shared/plan/run-time.ts';
import { MINUTE_MS } from '../../shared/schedule.ts';
import { FakeClock } from '../prober/fake-clock.ts';
import { monitorOf, resultOf } from '../shared/build.ts';
import { monitorsOf } from './build.ts';

const START = Date.UTC(2026, 0, 5, 12);
/** What the plan adds for what a clock that stands still does not see. */
const AROUND_MS = RUN_OVERHEAD_MS + TABLE_WAIT_MS;

describe('the plan expects of a run’s time what the prober takes', () => {
  for (const [what, monitors] of [
    ['one monitor', monitorsOf(1)],
    ['a hundred', monitorsOf(100)],
    ['a full shard', monitorsOf(400)],
    ['some every five seconds', monitorsOf(5, { everyMs: 5_000 })],
    ['some every thirty seconds, among others', [...monitorsOf(50), ...monitorsOf(3, { id: 'fast', everyMs: 30_000 })]],
  ] as const) {
    it(`for ${what}`, async () => {
      const took = await timeOf(monitors, expectedCheckMs);
      const { expectedMs } = runTime(monitors);
      // The first launch does not wait; the plan counts it as if it did.
      assert.ok(
        Math.abs(expectedMs - AROUND_MS - took) <= LAUNCH_PACE_MS,
        `${expectedMs - AROUND_MS} ms, took ${took}`,
      );
    });
  }

  it('where every target hangs', async () => {
    const monitors = [...monitorsOf(30), ...monitorsOf(2, { id: 'patient', timeoutMs: 45_000 })];
    const took = await timeOf(monitors, ({ timeoutMs }) => timeoutMs);
    assert.ok(Math.abs(runTime(monitors).longestMs - AROUND_MS - took) <= 2 * LAUNCH_PACE_MS * monitors.length);
  });
});

describe('a check is expected to take', () => {
  const below = { op: 'below', value: 400 } as const;
  const expectation = monitorOf().expect;
  for (const [what, monitor, expectedMs] of [
    ['a second, where nothing is said', monitorOf(), SLOW_CHECK_MS],
    ['its timeout, where that is less', monitorOf({ timeoutMs: 300 }), 300],
    ['what its response time must be below', monitorOf({ expect: { ...expectation, responseTimeMs: [below] } }), 400],
    ['what its SLO calls good', monitorOf({ slo: { objective: 0.99, overMs: 1, responseTimeMs: 250 } }), 250],
  ] as const) {
    it(what, () => assert.equal(expectedCheckMs(monitor), expectedMs));
  }
});

it('monitors that are seldom due lengthen few runs', () => {
  const hourly = runTime(monitorsOf(1, { everyMs: 3_600_000 }));
  const each = runTime(monitorsOf(1));
  const share = (hourly.expectedMs - AROUND_MS) / (each.expectedMs - AROUND_MS);
  assert.ok(Math.abs(share - 1 / 60) < 1e-9, `${share}`);
});

/** How long the prober's run lasts on a clock that only its own waiting moves. */
async function timeOf(monitors: readonly Monitor[], checkMs: (monitor: Monitor) => number): Promise<number> {
  const clock = new FakeClock(START);
  let endedMs = 0;
  const report = runSlots(
    {
      clock,
      pace: createPacer(clock),
      secrets: { read: async () => new Map() },
      check: ({ monitor, slotEpochMs }) =>
        new Promise((resolve) => {
          clock.after(checkMs(monitor), () => {
            endedMs = clock.epochMs() - START;
            resolve(resultOf({ monitorId: monitor.id, slotEpochMs }));
          });
        }),
      store: async () => {},
    },
    { region: 'us-east-1', shard: 0, monitors, controls: [], startEpochMs: START, periodMs: MINUTE_MS },
  );
  await clock.pass(3 * MINUTE_MS);
  await report;
  return endedMs;
}
