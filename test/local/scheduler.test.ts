import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Clock, startSchedule } from '../../local/scheduler.ts';
import { ManualClock } from './manual-clock.ts';

const PERIOD_MS = 5_000;

function scheduled(clock: ManualClock, offsetMs: number): { readonly fired: number[]; readonly stop: () => void } {
  const fired: number[] = [];
  const stop = startSchedule(clock, { periodMs: PERIOD_MS, offsetMs }, (epochMs) => fired.push(epochMs));
  return { fired, stop };
}

describe('startSchedule', () => {
  it('fires at multiples of the period, each once', () => {
    const clock = new ManualClock(1_000_003_200);
    const { fired } = scheduled(clock, 0);
    clock.advance(12_000);
    assert.deepEqual(fired, [1_000_005_000, 1_000_010_000, 1_000_015_000]);
  });

  it('says the multiple that is meant, not the instant of its offset', () => {
    const clock = new ManualClock(1_000_000_000);
    const { fired } = scheduled(clock, 2_000);
    clock.advance(2_000);
    assert.deepEqual(fired, [1_000_000_000]);
  });

  it('does not fire before its offset', () => {
    const clock = new ManualClock(1_000_000_000);
    const { fired } = scheduled(clock, 2_000);
    clock.advance(1_999);
    assert.deepEqual(fired, []);
  });

  it('goes on with the present after a sleep, without those that were missed', () => {
    const clock = new ManualClock(1_000_000_000);
    const { fired } = scheduled(clock, 0);
    clock.sleep(7 * 60_000 + 100);
    clock.advance(5_000);
    assert.deepEqual(fired, [1_000_420_000, 1_000_425_000]);
  });

  it('waits on where a timer comes early', () => {
    const clock = new ManualClock(1_000_000_000);
    const early: Clock = {
      nowEpochMs: () => clock.nowEpochMs(),
      after: (delayMs, run) => clock.after(Math.max(0, delayMs - (delayMs > 1 ? 1 : 0)), run),
    };
    const fired: number[] = [];
    startSchedule(early, { periodMs: PERIOD_MS, offsetMs: 0 }, (epochMs) => fired.push(epochMs));
    clock.advance(5_000);
    assert.deepEqual(fired, [1_000_005_000]);
  });

  it('is silent once stopped', () => {
    const clock = new ManualClock(1_000_000_000);
    const { fired, stop } = scheduled(clock, 0);
    stop();
    clock.advance(20_000);
    assert.deepEqual(fired, []);
  });
});
