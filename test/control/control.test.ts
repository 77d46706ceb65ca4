import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PutItemCommand, QueryCommand, type QueryCommandInput } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import {
  type Control,
  controlOf,
  controlPut,
  controlsOf,
  effectiveControls,
  endedControl,
  endOf,
  isPaused,
  isSilenced,
  MAX_CONTROL_MS,
  newControl,
  pausedMs,
  pausedUntil,
  readControls,
} from '../../shared/control.ts';
import { startTable, TABLE } from '../engine/table.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const CHECKOUT = { id: 'checkout', tags: ['payments'] };

function controlFor(over: Partial<Control> = {}): Control {
  return {
    kind: 'pause',
    target: 'monitor:checkout',
    fromEpochMs: NOW,
    untilEpochMs: NOW + HOUR,
    reason: null,
    by: 'ada@desk',
    atEpochMs: NOW,
    endedEarly: null,
    ...over,
  };
}

const anyControl: fc.Arbitrary<Control> = fc
  .record({
    kind: fc.constantFrom<Control['kind']>('pause', 'silence'),
    target: fc.constantFrom<Control['target']>('all', 'monitor:checkout', 'monitor:search', 'tag:payments'),
    from: fc.integer({ min: -5, max: 5 }),
    lasts: fc.integer({ min: 0, max: 6 }),
    at: fc.integer({ min: -5, max: 5 }),
    ended: fc.option(fc.integer({ min: -5, max: 8 })),
    by: fc.constantFrom('ada@desk', 'grace@desk'),
  })
  .map(({ kind, target, from, lasts, at, ended, by }) =>
    controlFor({
      kind,
      target,
      by,
      fromEpochMs: NOW + from,
      untilEpochMs: NOW + from + lasts,
      atEpochMs: NOW + at,
      endedEarly: ended === null ? null : { atEpochMs: NOW + ended, by },
    }),
  );

test('a slot is paused from the pause on and before its end', () => {
  const controls = [controlFor()];
  const paused = [NOW - 1, NOW, NOW + HOUR - 1, NOW + HOUR].map((slot) => isPaused(CHECKOUT, slot, controls));
  assert.deepEqual(paused, [false, true, true, false]);
});

for (const [target, expected] of [
  ['all', true],
  ['monitor:checkout', true],
  ['tag:payments', true],
  ['monitor:search', false],
  ['tag:checkout', false],
] as const) {
  test(`${target} ${expected ? 'takes in' : 'leaves out'} a monitor by id and tags`, () => {
    assert.equal(isPaused(CHECKOUT, NOW, [controlFor({ target })]), expected);
  });
}

test('a silence does not pause, and a pause does not silence', () => {
  const silence = [controlFor({ kind: 'silence' })];
  assert.deepEqual([isPaused(CHECKOUT, NOW, silence), isSilenced(CHECKOUT, NOW, silence)], [false, true]);
  assert.equal(isSilenced(CHECKOUT, NOW, [controlFor()]), false);
});

test('whatever order records are read in, and whoever wrote them, the same ones count', () => {
  fc.assert(
    fc.property(fc.array(anyControl, { maxLength: 8 }), fc.infiniteStream(fc.nat()), (controls, keys) => {
      const shuffled = controls
        .map((control) => ({ control, key: keys.next().value ?? 0 }))
        .sort((a, b) => a.key - b.key)
        .map(({ control }) => control);
      assert.deepEqual(effectiveControls(shuffled), effectiveControls(controls));
    }),
  );
});

test('the newest record of a kind and target counts alone, and reading it twice changes nothing', () => {
  fc.assert(
    fc.property(fc.array(anyControl, { minLength: 1, maxLength: 8 }), (controls) => {
      const effective = effectiveControls(controls);
      for (const control of controls) {
        const standing = effective.filter(({ kind, target }) => kind === control.kind && target === control.target);
        assert.equal(standing.length, 1);
        assert.ok((standing[0]?.atEpochMs ?? 0) >= control.atEpochMs);
      }
      assert.deepEqual(effectiveControls([...effective, ...controls]), effective);
    }),
  );
});

test('of two records of the same instant the one that ends first counts', () => {
  const long = controlFor({ untilEpochMs: NOW + 2 * HOUR });
  assert.deepEqual(effectiveControls([long, controlFor()]), [controlFor()]);
});

test('resuming ends a pause for the slots from then on, and leaves those before it paused', () => {
  fc.assert(
    fc.property(
      anyControl,
      fc.integer({ min: -10, max: 20 }),
      fc.integer({ min: -10, max: 20 }),
      (control, at, slot) => {
        const resumed = effectiveControls([control, endedControl(control, 'grace@desk', NOW + at)]);
        const expected = slot < at && isPaused(CHECKOUT, NOW + slot, [{ ...control, endedEarly: null }]);
        assert.equal(isPaused(CHECKOUT, NOW + slot, resumed), expected);
      },
    ),
  );
});

test('a record written on a machine whose clock is behind still replaces the one before it', () => {
  const ahead = controlFor({ atEpochMs: NOW + 5 * MINUTE });
  const again = newControl(controlFor(), 2 * HOUR, ahead, NOW);
  assert.deepEqual(effectiveControls([ahead, again]), [again]);
  const ended = endedControl(ahead, 'grace@desk', NOW);
  assert.deepEqual(effectiveControls([ahead, ended]), [ended]);
});

test('a pause that is renewed while in force begins where the first one did', () => {
  const renewed = newControl(controlFor(), HOUR, controlFor(), NOW + 30 * MINUTE);
  assert.deepEqual([renewed.fromEpochMs, renewed.untilEpochMs], [NOW, NOW + 90 * MINUTE]);
});

test('a pause after the end of another begins when it is written', () => {
  assert.equal(newControl(controlFor(), HOUR, controlFor(), NOW + 2 * HOUR).fromEpochMs, NOW + 2 * HOUR);
});

test('a record without an end, however it came to be, ends 30 days after it was written', () => {
  assert.equal(endOf(controlFor({ untilEpochMs: Number.MAX_SAFE_INTEGER })), NOW + MAX_CONTROL_MS);
});

test('what was last paused is known while it is paused, afterwards, and never from the future', () => {
  const controls = [controlFor(), controlFor({ target: 'tag:payments', fromEpochMs: NOW + 3 * HOUR })];
  const at = [NOW - 1, NOW + MINUTE, NOW + 2 * HOUR].map((now) => pausedUntil(CHECKOUT, controls, now));
  assert.deepEqual(at, [0, NOW + MINUTE, NOW + HOUR]);
});

test('the time that a monitor was paused is counted once, within the bounds, however many pauses there were', () => {
  const controls = [
    controlFor(),
    controlFor({ target: 'tag:payments', fromEpochMs: NOW + 30 * MINUTE, untilEpochMs: NOW + 2 * HOUR }),
    controlFor({ target: 'monitor:search', fromEpochMs: NOW, untilEpochMs: NOW + 9 * HOUR }),
    controlFor({ kind: 'silence', target: 'all', untilEpochMs: NOW + 9 * HOUR }),
  ];
  const minutes = (from: number, to: number) => pausedMs(CHECKOUT, NOW + from, NOW + to, controls) / MINUTE;
  assert.deepEqual(
    [minutes(-HOUR, 5 * HOUR), minutes(10 * MINUTE, 40 * MINUTE), minutes(3 * HOUR, 4 * HOUR), minutes(HOUR, HOUR)],
    [120, 30, 0, 0],
  );
});

test('only what is in force and meant for the monitor is shown for it', () => {
  const controls = [
    controlFor(),
    controlFor({ target: 'monitor:search' }),
    controlFor({ kind: 'silence', fromEpochMs: NOW + 1 }),
  ];
  assert.deepEqual(controlsOf(CHECKOUT, NOW, controls), [controlFor()]);
});

test('records of home and standby are read together, and the newer one counts', async (t) => {
  const client = await startTable(t);
  const deployment = { home: 'us-east-1', standby: 'eu-west-1' };
  const query = async (input: QueryCommandInput) => (await client.send(new QueryCommand(input))).Items ?? [];
  const paused = controlFor({ reason: 'moving house' });
  const resumed = endedControl(paused, 'grace@desk', NOW + MINUTE);
  await client.send(new PutItemCommand(controlPut(TABLE, 'us-east-1', paused)));
  await client.send(new PutItemCommand(controlPut(TABLE, 'eu-west-1', resumed)));
  await client.send(new PutItemCommand(controlPut(TABLE, 'ap-southeast-2', controlFor({ target: 'all' }))));
  assert.deepEqual(await readControls(query, TABLE, deployment), [resumed]);
  assert.deepEqual(await readControls(query, TABLE, { ...deployment, standby: null }), [paused]);
});

test('an older record does not replace a newer one', async (t) => {
  const client = await startTable(t);
  await client.send(new PutItemCommand(controlPut(TABLE, 'us-east-1', controlFor({ atEpochMs: NOW + 1 }))));
  await assert.rejects(client.send(new PutItemCommand(controlPut(TABLE, 'us-east-1', controlFor()))), {
    name: 'ConditionalCheckFailedException',
  });
});

for (const [what, json] of [
  ['no JSON', '{'],
  ['nothing', undefined],
  ['an unknown kind', JSON.stringify({ ...controlFor(), kind: 'mute' })],
  ['no end', JSON.stringify({ ...controlFor(), untilEpochMs: null })],
  ['an unknown target', JSON.stringify({ ...controlFor(), target: 'region:eu-west-1' })],
] as const) {
  test(`an item with ${what} controls nothing`, () => {
    assert.equal(controlOf(json === undefined ? {} : { json: { S: json } }), null);
  });
}
