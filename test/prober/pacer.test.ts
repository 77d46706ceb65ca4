import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adaptivePace, createPacer, eventLoopBusyMs } from '../../functions/prober/pacer.ts';
import { LAUNCH_PACE_MS } from '../../shared/plan/run-time.ts';
import { FakeClock } from './fake-clock.ts';

for (const [what, busyPerLaunchMs, paceMs] of [
  ['as fast as the plan takes it to be', 2.3, LAUNCH_PACE_MS],
  ['faster', 0.5, LAUNCH_PACE_MS],
  ['half as fast', 4.6, 9.2],
  ['hopelessly slow', 50, 2 * LAUNCH_PACE_MS],
] as const) {
  test(`a machine that is ${what} launches every ${paceMs} ms`, () => {
    let busyMs = 0;
    const pace = adaptivePace(() => busyMs);
    const paces = Array.from({ length: 40 }, () => {
      busyMs += busyPerLaunchMs;
      return pace();
    });
    assert.equal(paces[0], LAUNCH_PACE_MS);
    assert.ok(Math.abs((paces.at(-1) ?? 0) - paceMs) < 0.001);
  });
}

test('what was learnt of a busy while is forgotten after it', () => {
  let busyMs = 0;
  const pace = adaptivePace(() => busyMs);
  const after = (busyPerLaunchMs: number) => {
    busyMs += busyPerLaunchMs;
    return pace();
  };
  for (let launch = 0; launch < 30; launch += 1) after(20);
  assert.ok(after(20) > LAUNCH_PACE_MS);
  for (let launch = 0; launch < 30; launch += 1) after(1);
  assert.equal(after(1), LAUNCH_PACE_MS);
});

test('launches keep the distance that is asked for at the time', async () => {
  const clock = new FakeClock(0);
  const distances = [5, 20];
  const pace = createPacer(clock, () => distances.shift() ?? 0);
  const launchedMs: number[] = [];
  for (let launch = 0; launch < 3; launch += 1) pace().then(() => launchedMs.push(clock.monotonicMs()));
  await clock.pass(100);
  assert.deepEqual(launchedMs, [0, 20, 20]);
});

test('the event loop’s own account of being busy only grows', () => {
  const before = eventLoopBusyMs();
  assert.ok(eventLoopBusyMs() >= before);
});
