import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { byMonitorThenSlot, decodeBatch, encodeBatch } from '../../shared/batch-codec.ts';
import { CodecError } from '../../shared/bytes.ts';
import {
  type Batch,
  BLAMES,
  isFlake,
  OUTCOMES,
  PHASES,
  REASONS,
  type Result,
  type StepResult,
} from '../../shared/result.ts';
import { failureOf, resultOf } from './build.ts';

const START = Date.UTC(2026, 0, 5, 12);

const milliseconds = fc.integer({ min: 0, max: 60_000_000 }).map((us) => us / 1_000);
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const phases = fc.record(
  {
    dnsMs: orNull(milliseconds),
    connectMs: orNull(milliseconds),
    tlsMs: orNull(milliseconds),
    firstByteMs: orNull(milliseconds),
    downloadMs: orNull(milliseconds),
  },
  { noNullPrototype: true },
);
const step: fc.Arbitrary<StepResult> = fc
  .record({
    name: fc.stringMatching(/^[a-z]{1,6}$/),
    isCleanup: fc.boolean(),
    outcome: fc.constantFrom(...OUTCOMES),
    reason: orNull(fc.constantFrom(...REASONS)),
    failedPhase: orNull(fc.constantFrom(...PHASES)),
    totalMs: orNull(milliseconds),
    phases,
    status: orNull(fc.integer({ min: 100, max: 599 })),
  })
  .map((made) => (made.outcome === 'passed' ? { ...made, reason: null, failedPhase: null } : { ...made }));
const results: fc.Arbitrary<Result> = fc
  .record({
    monitorId: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/),
    slotEpochMs: fc.integer({ min: 0, max: 14 }).map((s) => START + s * 1_000),
    outcome: fc.constantFrom(...OUTCOMES),
    reason: fc.constantFrom(...REASONS),
    failedPhase: orNull(fc.constantFrom(...PHASES)),
    detail: fc.string({ maxLength: 60, unit: 'grapheme' }),
    blame: orNull(fc.constantFrom(...BLAMES)),
    lateMs: fc.integer({ min: 0, max: 120_000 }),
    stallMs: fc.integer({ min: 0, max: 60_000 }),
    totalMs: orNull(milliseconds),
    phases,
    status: orNull(fc.integer({ min: 100, max: 599 })),
    attempts: fc.integer({ min: 0, max: 3 }),
    redirects: fc.integer({ min: 0, max: 10 }),
    bodyBytes: orNull(fc.nat(10_000_000)),
    address: orNull(fc.ipV4()),
    certificateDaysLeft: orNull(fc.integer({ min: -5_000, max: 40_000 }).map((tenths) => tenths / 10)),
    metrics: fc.dictionary(
      fc.stringMatching(/^[a-z]{1,6}$/),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0),
      { maxKeys: 3, noNullPrototype: true },
    ),
  })
  .chain((r) => fc.option(fc.array(step, { maxLength: 6 })).map((steps) => (steps === null ? r : { ...r, steps })))
  .map((r) =>
    r.outcome !== 'passed'
      ? { ...r }
      : {
          ...r,
          reason: null,
          failedPhase: null,
          ...(isFlake(r) ? {} : { detail: null, blame: null, address: null }),
        },
  );

test('a batch survives its encoding, results in canonical order', () => {
  fc.assert(
    fc.property(fc.array(results, { maxLength: 30 }), (list) => {
      const batch: Batch = { region: 'eu-west-1', startEpochMs: START, shard: 3, results: list };
      const read = decodeBatch(encodeBatch(batch));
      assert.deepEqual(read, { ...batch, results: [...list].sort(byMonitorThenSlot) });
    }),
  );
});

test('bytes that were stored before flows told their steps are read as they were meant', () => {
  const stored =
    '010965752d776573742d31c0cfeeca060003086c6f67696e2d6d73093139322e302e322e312a7374657020322022706179223a20657870656374656420737461747573203230312c20676f7420353030020008636865636b6f7574005c1a00a08d06904e8898058827c80180040100d0860300066f7264657273009d013a0007a08d06904e8898058827f703800402000500030201';
  const list = [
    resultOf({ monitorId: 'checkout', metrics: { 'login-ms': 12.5 } }),
    failureOf({
      monitorId: 'orders',
      stallMs: 7,
      attempts: 2,
      detail: 'step 2 "pay": expected status 201, got 500',
    }),
  ];
  const batch: Batch = { region: 'eu-west-1', startEpochMs: START, shard: 0, results: list };
  assert.deepEqual(decodeBatch(Buffer.from(stored, 'hex')), batch);
  assert.equal(Buffer.from(encodeBatch(batch)).toString('hex'), stored);
});

test('a flow of five steps takes at most 160 bytes', () => {
  const made = { isCleanup: false, outcome: 'passed', reason: null, failedPhase: null, status: 200 } as const;
  const { totalMs, phases } = resultOf();
  const steps = ['login', 'find', 'add', 'pay', 'log-out'].map((name) => ({ ...made, name, totalMs, phases }));
  const list = Array.from({ length: 20 }, (_, i) => resultOf({ monitorId: `flow-${i}`, steps }));
  const bytes = encodeBatch({ region: 'eu-west-1', startEpochMs: START, shard: 0, results: list });
  assert.ok(bytes.length / 20 <= 160, `${bytes.length / 20} bytes a flow`);
});

test('the same results in another order give the same bytes', () => {
  const list = ['b', 'a', 'c'].map((monitorId) => failureOf({ monitorId, detail: 'refused' }));
  const bytes = (batchResults: readonly Result[]) =>
    Buffer.from(encodeBatch({ region: 'eu-west-1', startEpochMs: START, shard: 0, results: batchResults })).toString(
      'hex',
    );
  assert.equal(bytes(list), bytes([...list].reverse()));
});

test('an outage of 1,200 checks with a sentence each still fits one item', () => {
  const list = Array.from({ length: 1_200 }, (_, i) =>
    failureOf({ monitorId: `monitor-${i}`, detail: `${'x'.repeat(290)} ${i}` }),
  );
  const bytes = encodeBatch({ region: 'eu-west-1', startEpochMs: START, shard: 0, results: list });
  assert.ok(bytes.length < 390_000, `${bytes.length} bytes`);
  assert.equal(decodeBatch(bytes).results.filter((r) => r.reason === 'status').length, 1_200);
});

test('a passed check takes at most 31 bytes', () => {
  const list = Array.from({ length: 100 }, (_, i) =>
    resultOf({ monitorId: `api-${i}-health`, totalMs: 183.456, certificateDaysLeft: 61.2 }),
  );
  const bytes = encodeBatch({ region: 'ap-southeast-2', startEpochMs: START, shard: 0, results: list });
  assert.ok(bytes.length / 100 <= 31, `${bytes.length / 100} bytes a check`);
});

const FLOW = resultOf({
  monitorId: 'flow',
  steps: [
    { ...resultOf(), name: 'login', isCleanup: false },
    { ...failureOf(), name: 'pay', isCleanup: true },
  ].map(({ name, isCleanup, outcome, reason, failedPhase, totalMs, phases: made, status }) => ({
    name,
    isCleanup,
    outcome,
    reason,
    failedPhase,
    totalMs,
    phases: made,
    status,
  })),
});

test('damaged bytes are a CodecError, whatever they are', () => {
  const good = encodeBatch({
    region: 'eu-west-1',
    startEpochMs: START,
    shard: 0,
    results: [resultOf(), failureOf(), FLOW],
  });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(good.length), (noise, cut) => {
      for (const bytes of [noise, good.slice(0, cut), Uint8Array.from([...good.slice(0, cut), ...noise])]) {
        try {
          decodeBatch(bytes);
        } catch (error) {
          assert.ok(error instanceof CodecError, String(error));
        }
      }
    }),
  );
});
