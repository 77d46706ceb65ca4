import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Check } from '../../functions/prober/attempt.ts';
import { createPacer } from '../../functions/prober/pacer.ts';
import { MAX_SLOT_AGE_MS, runSlots, type SlotRunReport } from '../../functions/prober/run-slots.ts';
import { type Control, newControl } from '../../shared/control.ts';
import type { Monitor } from '../../shared/monitor.ts';
import type { Batch, Result } from '../../shared/result.ts';
import { MINUTE_MS, SECOND_MS } from '../../shared/schedule.ts';
import type { Secret } from '../../shared/secret-member.ts';
import { resultOf } from '../shared/build.ts';
import { monitor, SLOT_MS } from './build.ts';
import { FakeClock, settled } from './fake-clock.ts';

const PACE_MS = 6;

test('runs every slot of the period at its time', async () => {
  const run = start({ monitors: [monitor({ id: 'fast', everyMs: 20_000 })] });
  await run.clock.pass(2 * MINUTE_MS);
  assert.deepEqual(run.launched, ['fast +0 at 0', 'fast +20000 at 20000', 'fast +40000 at 40000']);
});

test('a late run moves as a whole: slots keep their distance', async () => {
  const run = start({ monitors: [monitor({ id: 'fast', everyMs: 20_000 })], lateMs: 37_000 });
  await run.clock.pass(2 * MINUTE_MS);
  assert.deepEqual(run.launched, ['fast +0 at 37000', 'fast +20000 at 57000', 'fast +40000 at 77000']);
});

test('an early run waits for its slots', async () => {
  const run = start({ lateMs: -500 });
  await run.clock.pass(MINUTE_MS);
  assert.deepEqual(run.launched, ['example +0 at 0']);
});

test('launches of one instant keep the pace, in the order of the definitions', async () => {
  const run = start({ monitors: ['a', 'b', 'c'].map((id) => monitor({ id })) });
  await run.clock.pass(MINUTE_MS);
  assert.deepEqual(run.launched, ['a +0 at 0', `b +0 at ${PACE_MS}`, `c +0 at ${2 * PACE_MS}`]);
});

test('after a stall the pace is kept, not made up for', async () => {
  const run = start({ monitors: ['a', 'b', 'c', 'd'].map((id) => monitor({ id })) });
  await run.clock.pass(PACE_MS);
  run.clock.stall(500);
  await run.clock.pass(MINUTE_MS);
  const [, , thirdMs = 0, fourthMs = 0] = run.launched.map((line) => Number(line.split(' at ')[1]));
  assert.equal(fourthMs - thirdMs, PACE_MS);
});

test('a check that does not end holds up neither later launches nor other batches', async () => {
  const run = start({
    monitors: [monitor({ id: 'stuck' }), monitor({ id: 'fast', everyMs: 30_000 })],
    stuck: ['stuck'],
  });
  await run.clock.pass(2 * MINUTE_MS);
  assert.equal(run.launched.length, 3);
  assert.deepEqual(contents(run.stored), [{ start: 30_000, results: ['fast'] }]);
});

test('stores a batch as soon as its last check has ended', async () => {
  const run = start({ monitors: [monitor({ id: 'fast', everyMs: 20_000 })] });
  await run.clock.pass(20_000);
  assert.deepEqual(contents(run.stored), [
    { start: 0, results: ['fast'] },
    { start: 15_000, results: ['fast'] },
  ]);
});

test('batches follow from slots alone: a late duplicate stores the same ones', async () => {
  const monitors = [5, 10, 12, 15, 20, 30, 60].map((s) => monitor({ id: `every-${s}s`, everyMs: s * SECOND_MS }));
  const run = start({ monitors });
  const duplicate = start({ monitors, lateMs: 23_456 });
  await run.clock.pass(2 * MINUTE_MS);
  await duplicate.clock.pass(2 * MINUTE_MS);
  const inOrder = (stored: readonly Batch[]) => contents(stored).sort((a, b) => a.start - b.start);
  assert.deepEqual(inOrder(duplicate.stored), inOrder(run.stored));
});

test('batches of a short period start anew with each run', async () => {
  const monitors = [monitor({ everyMs: 10_000 })];
  const first = start({ monitors, periodMs: 20_000 });
  const second = start({ monitors, periodMs: 20_000, startMs: 20_000 });
  await first.clock.pass(MINUTE_MS);
  await second.clock.pass(MINUTE_MS);
  const starts = [...first.stored, ...second.stored].map((batch) => batch.startEpochMs - SLOT_MS);
  assert.deepEqual(starts, [0, 20_000]);
});

test('slots that are too old are skipped, and leave nothing behind', async () => {
  const run = start({ lateMs: MAX_SLOT_AGE_MS + 1 });
  await run.clock.pass(MINUTE_MS);
  assert.deepEqual([run.launched, run.stored, (await run.report).skipped], [[], [], 1]);
});

test('slots of exactly that age are run', async () => {
  const run = start({ lateMs: MAX_SLOT_AGE_MS });
  await run.clock.pass(MINUTE_MS);
  assert.equal((await run.report).skipped, 0);
});

test('a batch that cannot be stored is reported, and the others are stored', async () => {
  const run = start({ monitors: [monitor({ everyMs: 20_000 })], cannotStore: [15_000] });
  await run.clock.pass(2 * MINUTE_MS);
  assert.deepEqual([(await run.report).storeErrors.length, run.stored.length], [1, 2]);
});

test('nothing to check ends at once', async () => {
  const run = start({ monitors: [] });
  assert.deepEqual(await run.report, { results: [], skipped: 0, paused: 0, storeErrors: [] });
});

test('only those that need secrets wait for them', async () => {
  const secrets = Promise.withResolvers<ReadonlyMap<string, Secret>>();
  const needy = monitor({ id: 'needy', request: { headers: { authorization: '${secret:token}' } } });
  const run = start({ monitors: [needy, monitor({ id: 'free' })], secrets: secrets.promise });
  await run.clock.pass(3_000);
  assert.deepEqual(run.launched, ['free +0 at 0']);
  secrets.resolve(new Map([['token', { value: 'hunter2' }]]));
  await settled();
  assert.deepEqual(run.launched, ['free +0 at 0', 'needy +0 at 3000']);
});

test('a check gets its own secrets and no others', async () => {
  const of = (id: string) => monitor({ id, request: { headers: { authorization: `\${secret:${id}}` } } });
  const secrets = new Map([
    ['a', { value: '1' }],
    ['b', { value: '2' }],
  ]);
  const run = start({ monitors: [of('a'), of('b')], secrets: Promise.resolve(secrets) });
  await run.clock.pass(MINUTE_MS);
  assert.deepEqual(
    run.checks.map((check) => [...check.secrets.keys()]),
    [['a'], ['b']],
  );
});

test('paused slots are not checked, and those after the pause are', async () => {
  const target = 'tag:payments';
  const pause = newControl({ kind: 'pause', target, reason: null, by: 'ada@desk' }, MINUTE_MS, null, SLOT_MS);
  const run = start({
    monitors: [{ ...monitor({ id: 'fast', everyMs: 20_000 }), tags: ['payments'] }, monitor({ id: 'other' })],
    controls: [{ ...pause, untilEpochMs: SLOT_MS + 40_000 }],
  });
  await run.clock.pass(2 * MINUTE_MS);
  assert.deepEqual(run.launched, ['other +0 at 0', 'fast +40000 at 40000']);
  const { paused, skipped } = await run.report;
  assert.deepEqual({ paused, skipped }, { paused: 2, skipped: 0 });
});

interface RunCase {
  readonly controls?: readonly Control[];
  readonly monitors?: readonly Monitor[];
  readonly startMs?: number;
  readonly periodMs?: number;
  /** How long after its start the run is invoked. */
  readonly lateMs?: number;
  /** Ids whose checks never end. */
  readonly stuck?: readonly string[];
  /** Starts of batches that cannot be stored. */
  readonly cannotStore?: readonly number[];
  readonly secrets?: Promise<ReadonlyMap<string, Secret>>;
}

/** A run whose checks take no time. Instants are relative to {@link SLOT_MS}. */
function start(stated: RunCase) {
  const startEpochMs = SLOT_MS + (stated.startMs ?? 0);
  const clock = new FakeClock(startEpochMs + (stated.lateMs ?? 0));
  const launched: string[] = [];
  const checks: Check[] = [];
  const stored: Batch[] = [];
  const report: Promise<SlotRunReport> = runSlots(
    {
      clock,
      pace: createPacer(clock, PACE_MS),
      secrets: { read: () => stated.secrets ?? Promise.resolve(new Map()) },
      check: (check): Promise<Result> => {
        const { id } = check.monitor;
        checks.push(check);
        launched.push(`${id} +${check.slotEpochMs - SLOT_MS} at ${clock.epochMs() - SLOT_MS}`);
        if (stated.stuck?.includes(id)) return new Promise(() => {});
        return Promise.resolve(resultOf({ monitorId: id, slotEpochMs: check.slotEpochMs }));
      },
      store: async (batch) => {
        if (stated.cannotStore?.includes(batch.startEpochMs - SLOT_MS)) throw new Error('no');
        stored.push(batch);
      },
    },
    {
      region: 'eu-west-1',
      shard: 0,
      monitors: stated.monitors ?? [monitor()],
      controls: stated.controls ?? [],
      startEpochMs,
      periodMs: stated.periodMs ?? MINUTE_MS,
    },
  );
  return { clock, launched, checks, stored, report };
}

function contents(stored: readonly Batch[]) {
  return stored.map((batch) => ({
    start: batch.startEpochMs - SLOT_MS,
    results: batch.results.map((result) => result.monitorId),
  }));
}
