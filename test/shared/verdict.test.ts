import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Result } from '../../shared/result.ts';
import { verdictOf } from '../../shared/verdict.ts';
import { failureOf, monitorOf, REGIONS, resultOf } from './build.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const up = resultOf({ slotEpochMs: NOW - 60_000 });
const down = failureOf({ slotEpochMs: NOW - 60_000 });
const ours = resultOf({ slotEpochMs: NOW - 60_000, outcome: 'inconclusive', detail: 'no network' });
const stale = resultOf({ slotEpochMs: NOW - 10 * 60_000 });

for (const [name, results, verdict, because] of [
  ['all pass', [up, up, up], 'up', null],
  [
    'one fails: the region is named',
    [down, up, up],
    'degraded',
    /failing from ap-southeast-2 \(expected status 200, got 503\)$/,
  ],
  ['two fail', [down, down, up], 'down', /ap-southeast-2.*eu-west-1/],
  ['one fails, the others are silent', [down, undefined, undefined], 'degraded', /unknown from eu-west-1.*us-east-1/],
  ['none has reported', [undefined, undefined, undefined], 'unknown', /no recent result/],
  ['all are old', [stale, stale, stale], 'unknown', /no recent result/],
  ['ours only', [ours, ours, ours], 'unknown', /no network/],
  ['one passes, the others are ours', [up, ours, ours], 'up', /unknown from/],
] as const satisfies [string, (Result | undefined)[], string, RegExp | null][]) {
  test(`${name}: ${verdict}`, () => {
    const latest = new Map(
      REGIONS.flatMap((region, i) => (results[i] === undefined ? [] : [[region, results[i]] as const])),
    );
    const found = verdictOf(monitorOf(), latest, NOW);
    assert.equal(found.verdict, verdict);
    if (because === null) assert.equal(found.because, null);
    else assert.match(found.because ?? '', because);
  });
}
