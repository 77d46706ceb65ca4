import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStallWatch } from '../../functions/prober/stalls.ts';
import { FakeClock } from './fake-clock.ts';

test('a loop that runs has no stalls', async () => {
  const clock = new FakeClock(0);
  const window = createStallWatch(clock).watch();
  await clock.pass(1_000);
  assert.equal(window.end(), 0);
});

test('the longest of several stalls is told, but for a tick’s length', async () => {
  const clock = new FakeClock(0);
  const window = createStallWatch(clock).watch();
  for (const stallMs of [30, 120, 40]) {
    clock.stall(stallMs);
    await clock.pass(100);
  }
  assert.equal(window.end(), 110);
});

test('a stall whose tick has not come yet counts: the answer that it delayed may be handled first', () => {
  const clock = new FakeClock(0);
  const window = createStallWatch(clock).watch();
  clock.stall(60);
  assert.equal(window.end(), 50);
});

test('a stall before or after the window is not of it', async () => {
  const clock = new FakeClock(0);
  const watch = createStallWatch(clock);
  const other = watch.watch();
  clock.stall(80);
  await clock.pass(20);
  const window = watch.watch();
  await clock.pass(100);
  assert.equal(window.end(), 0);
  clock.stall(200);
  await clock.pass(20);
  assert.equal(other.end(), 190);
});

test('while nobody watches, a process may be frozen', async () => {
  const clock = new FakeClock(0);
  const watch = createStallWatch(clock);
  watch.watch().end();
  clock.stall(60_000);
  const window = watch.watch();
  await clock.pass(100);
  assert.equal(window.end(), 0);
});
