import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withoutRegionFaults } from '../../shared/region-fault.ts';
import { NO_PHASES, type Result } from '../../shared/result.ts';
import { failureOf, resultOf } from './build.ts';

const pass = (monitorId: string) => resultOf({ monitorId });
const unreached = (monitorId: string) =>
  failureOf({ monitorId, reason: 'timeout', failedPhase: 'connect', status: null, blame: 'path' });
const own = (monitorId: string) => monitorId;

/** `a` and `b` from each region: outcomes of the slot, after faults are taken out. */
function judged(slot: Readonly<Record<string, readonly Result[]>>, targetOf: (monitorId: string) => string = own) {
  const found = withoutRegionFaults(new Map(Object.entries(slot)), targetOf);
  return Object.fromEntries([...found].map(([region, results]) => [region, results.map(({ outcome }) => outcome)]));
}

test('a region that reaches nothing, while others pass, is inconclusive', () => {
  assert.deepEqual(
    judged({ r1: [unreached('a'), unreached('b')], r2: [pass('a'), pass('b')], r3: [pass('a'), pass('b')] }),
    { r1: ['inconclusive', 'inconclusive'], r2: ['passed', 'passed'], r3: ['passed', 'passed'] },
  );
});

test('one region of two can be the one that is broken', () => {
  assert.deepEqual(judged({ r1: [unreached('a'), unreached('b')], r2: [pass('a'), pass('b')] }), {
    r1: ['inconclusive', 'inconclusive'],
    r2: ['passed', 'passed'],
  });
});

test('a heartbeat that home has judged says nothing of whether home reaches anything', () => {
  const beat = resultOf({ monitorId: 'job', phases: NO_PHASES, status: null, totalMs: null });
  const missed = { ...beat, outcome: 'failed', reason: 'missed', detail: 'late' } as const;
  const others = { r2: [pass('a'), pass('b')], r3: [pass('a'), pass('b')] };
  for (const [job, becomes] of [
    [beat, 'passed'],
    [missed, 'inconclusive'],
    [{ ...missed, reason: 'job-failed' }, 'failed'],
    [{ ...missed, reason: 'expectation', detail: 'it took 2 h' }, 'failed'],
  ] as const) {
    const { r1 } = judged({ r1: [unreached('a'), unreached('b'), job], ...others });
    assert.deepEqual(r1, ['inconclusive', 'inconclusive', becomes]);
  }
});

for (const [what, slot, targetOf] of [
  ['one monitor alone', { r1: [unreached('a')], r2: [pass('a')], r3: [pass('a')] }, own],
  [
    'two monitors of one target',
    { r1: [unreached('a'), unreached('b')], r2: [pass('a'), pass('b')], r3: [pass('a'), pass('b')] },
    () => 'one.example',
  ],
  [
    'a region that reaches something',
    { r1: [unreached('a'), unreached('b'), pass('c')], r2: [pass('a'), pass('b')], r3: [pass('a'), pass('b')] },
    own,
  ],
  [
    'a region that got an answer, if a wrong one',
    { r1: [unreached('a'), failureOf({ monitorId: 'b' })], r2: [pass('a'), pass('b')], r3: [pass('a'), pass('b')] },
    own,
  ],
  [
    'monitors that pass nowhere',
    { r1: [unreached('a'), unreached('b')], r2: [unreached('a'), pass('c')], r3: [unreached('b'), pass('c')] },
    own,
  ],
  [
    'two regions of three',
    { r1: [unreached('a'), unreached('b')], r2: [unreached('a'), unreached('b')], r3: [pass('a'), pass('b')] },
    own,
  ],
] as const) {
  test(`${what} is judged as it is`, () => {
    const before = Object.fromEntries(
      Object.entries<readonly Result[]>(slot).map(([region, results]) => [
        region,
        results.map(({ outcome }) => outcome),
      ]),
    );
    assert.deepEqual(judged(slot, targetOf), before);
  });
}

const SLOT = resultOf().slotEpochMs;
const at = (second: number, result: Result): Result => ({ ...result, slotEpochMs: SLOT + second * 1_000 });
const elsewhere = [0, 15, 30, 45].flatMap((second) => ['a', 'b'].map((id) => at(second, pass(id))));

test('a fast monitor alone in its part of the minute is excused as long as the region stays cut off', () => {
  const cutOff = [at(0, unreached('a')), at(0, unreached('b')), at(15, unreached('b')), at(45, unreached('b'))];
  assert.deepEqual(judged({ r1: cutOff, r2: elsewhere }).r1, [
    'inconclusive',
    'inconclusive',
    'inconclusive',
    'inconclusive',
  ]);
});

test('once something has answered, a monitor that fails alone fails', () => {
  const back = [at(0, unreached('a')), at(0, unreached('b')), at(15, pass('b')), at(30, unreached('b'))];
  assert.deepEqual(judged({ r1: back, r2: elsewhere }).r1, ['inconclusive', 'inconclusive', 'passed', 'failed']);
});

test('a minute begins without what was found in the one before', () => {
  const two = [at(0, unreached('a')), at(0, unreached('b')), at(60, unreached('b'))];
  assert.equal(judged({ r1: two, r2: [...elsewhere, at(60, pass('b'))] }).r1?.at(-1), 'failed');
});

const anyResult = fc
  .tuple(
    fc.constantFrom('a', 'b', 'c'),
    fc.constantFrom(pass, unreached, (monitorId: string) => failureOf({ monitorId })),
  )
  .map(([monitorId, make]) => make(monitorId));
const anySlot = fc.dictionary(fc.constantFrom('r1', 'r2', 'r3', 'r4', 'r5'), fc.array(anyResult, { maxLength: 4 }));

test('law: never more than half of the regions are excused, no result is lost, and none that passed is touched', () => {
  fc.assert(
    fc.property(anySlot, (written) => {
      const slot = new Map(Object.entries(written));
      const found = withoutRegionFaults(slot, own);
      const excused = [...found].filter(([, results]) => results.some(({ outcome }) => outcome === 'inconclusive'));
      const withData = [...slot.values()].filter((results) => results.length > 0).length;
      assert.ok(excused.length === 0 || excused.length * 2 <= withData);
      for (const [region, results] of slot) {
        const after = found.get(region) ?? [];
        assert.equal(after.length, results.length);
        for (const [index, result] of results.entries()) {
          if (result.outcome === 'passed') assert.equal(after[index], result);
          assert.equal(after[index]?.monitorId, result.monitorId);
        }
      }
    }),
  );
});

test('law: what is found of a minute does not depend on the minutes around it', () => {
  fc.assert(
    fc.property(anySlot, anySlot, anySlot, (before, minute, after) => {
      const parts = [before, minute, after].map((slot, index) =>
        Object.entries(slot).map(([region, results]) => [region, results.map((r) => at(60 * index, r))] as const),
      );
      const alone = withoutRegionFaults(new Map(parts[1]), own);
      const all = new Map<string, Result[]>();
      for (const [region, results] of parts.flat()) all.set(region, [...(all.get(region) ?? []), ...results]);
      const together = withoutRegionFaults(all, own);
      for (const [region, results] of alone) {
        const same = together.get(region)?.filter(({ slotEpochMs }) => slotEpochMs === SLOT + 60_000);
        assert.deepEqual(same, results);
      }
    }),
  );
});
