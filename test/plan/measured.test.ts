import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { itemBytes } from '../../bench/item-bytes.ts';
import { measureRun } from '../../bench/probe-run.ts';
import { measureTableUse } from '../../bench/table-use.ts';
import type { Deployment } from '../../shared/monitor.ts';
import { MINUTES_PER_MONTH } from '../../shared/plan/assumed.ts';
import * as assumed from '../../shared/plan/measured.ts';
import { tableUse } from '../../shared/plan/table-use.ts';
import { policyOf } from '../shared/build.ts';
import { deploymentWith, monitorsOf } from './build.ts';

const measured = itemBytes();

describe('what the plan takes a check to need', () => {
  it('is what the encoders of batches produce', () => {
    close(measured.BATCH_BYTES, assumed.BATCH_BYTES, 0.02);
    close(measured.RESULT_BYTES, assumed.RESULT_BYTES, 0.02);
    close(measured.RESULT_METRIC_BYTES, assumed.RESULT_METRIC_BYTES, 0.02);
    close(measured.RESULT_STEP_BYTES, assumed.RESULT_STEP_BYTES, 0.02);
  });

  it('is what the encoder of windows produces', () => {
    close(measured.WINDOWS_BYTES, assumed.WINDOWS_BYTES, 0.02);
    for (const [name, points] of [
      ['WINDOW_BYTES', assumed.WINDOW_BYTES],
      ['WINDOW_METRIC_BYTES', assumed.WINDOW_METRIC_BYTES],
    ] as const) {
      assert.equal(points.length, measured[name].length);
      for (const [index, [checks, bytes]] of points.entries()) {
        assert.equal(measured[name][index]?.[0], checks);
        close(Number(measured[name][index]?.[1]), bytes, 0.02);
      }
    }
  });

  it('is what the prober sends to a target, and logs', async () => {
    const { passed, bytesOutPerCheck, logBytes } = await measureRun(10);
    assert.equal(passed, 10);
    close(bytesOutPerCheck, assumed.CHECK_REQUEST_BYTES, 0.05);
    close(logBytes, assumed.RUN_LOG_BYTES, 0.1);
  });
});

/** On a five-minute boundary, so that whole windows close. */
const START = Date.UTC(2026, 0, 5, 23, 15);
/** Runs that have a full stretch behind them. */
const SETTLED_AFTER_RUNS = 20;

for (const [what, deployment, minutes] of [
  ['twenty monitors a minute', deploymentWith(monitorsOf(20), { standby: null }), 40],
  ['a few, several times a minute', deploymentWith(monitorsOf(5, { everyMs: 15_000 }), { standby: null }), 40],
  [
    'several shards, with policies over different times',
    deploymentWith(
      monitorsOf(450, {
        regions: ['us-east-1'],
        policies: [policyOf(), policyOf({ id: 'slow', overMs: 600_000, confirm: 3 })],
      }),
      { standby: null, regions: ['us-east-1'] },
    ),
    30,
  ],
] as const satisfies readonly (readonly [string, Deployment, number])[]) {
  describe(`for ${what}, the plan expects of the table what DynamoDB’s stand-in counts`, () => {
    const counted = measureTableUse(deployment, START, minutes);
    const planned = tableUse(deployment);

    it('in checks', async () => {
      close((await counted).checks / minutes, planned.checksPerMonth / MINUTES_PER_MONTH, 0.001);
    });

    for (const [kind, plannedKind] of [
      ['batch', 'batches'],
      ['progress', 'progress'],
    ] as const) {
      it(`in write units of ${plannedKind}`, async () => {
        const units = (await counted).writes.get(kind)?.units ?? 0;
        close(units / minutes, planned.writeUnits[plannedKind] / MINUTES_PER_MONTH, 0.03);
      });
    }

    it('in write units of a five-minute window', async () => {
      const { units = 0, requests = 0 } = (await counted).writes.get('window 5m') ?? {};
      const windows = (MINUTES_PER_MONTH / 5) * deployment.regions.length;
      close(units / requests, planned.writeUnits['5m'] / windows, 0.05);
    });

    it('in read units of a run of the aggregator', async () => {
      const settled = (await counted).readUnitsOfRuns.slice(SETTLED_AFTER_RUNS);
      close(settled.reduce((sum, units) => sum + units, 0) / settled.length, planned.readUnitsPerRun, 0.15);
    });
  });
}

function close(actual: number, expected: number, tolerance: number): void {
  const off = Math.abs(actual - expected) / expected;
  assert.ok(off <= tolerance, `${actual} is ${(off * 100).toFixed(1)} % off the plan's ${expected}`);
}
