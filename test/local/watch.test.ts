import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Screen } from '../../local/screen.ts';
import { watch } from '../../local/watch.ts';
import type { StatusResponse } from '../../shared/api-types.ts';
import { ManualClock } from './manual-clock.ts';

function status(hasResult: boolean): StatusResponse {
  const latency = { n: 0, p50Ms: null, p95Ms: null, p99Ms: null, maxMs: null };
  const counts = { passed: 0, failed: 0, inconclusive: 0, availability: null, latency, errors: {}, metrics: {} };
  const window = { ...counts, certificateDaysLeft: null };
  const latest = {
    slotEpochMs: 0,
    outcome: 'passed',
    reason: null,
    failedPhase: null,
    detail: null,
    status: 200,
    totalMs: 20,
    traceId: '',
  } as const;
  const region = { ...window, region: 'us-east-1', latest: hasResult ? latest : null };
  const monitor = { id: 'm', name: 'm', tags: [], verdict: 'up', because: null, slo: null } as const;
  const monitors = [{ ...monitor, regions: [region], overall: window, openIncidents: [] }];
  return { name: 'acme', asOfEpochMs: 0, rangeMs: 900_000, regions: [], monitors };
}

interface Watched {
  readonly clock: ManualClock;
  readonly shown: string[];
  readonly warned: string[];
  readonly stop: () => void;
}

function start(fetchStatus: () => Promise<StatusResponse>): Watched {
  const clock = new ManualClock(1_000_000);
  const shown: string[] = [];
  const warned: string[] = [];
  const screen: Screen = {
    paint: (_, text) => text,
    columns: () => 100,
    rows: () => 50,
    say: () => {},
    warn: (text) => warned.push(text),
    show: (lines) => shown.push(lines.join('\n')),
    end: () => {},
  };
  const stop = watch({ fetchStatus, clock, screen, showEveryMs: 15_000, footer: () => ['footer'] });
  return { clock, shown, warned, stop };
}

/** Lets answers arrive between the steps of the clock. */
async function pass(clock: ManualClock, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    await setImmediate();
    clock.advance(1_000);
  }
  await setImmediate();
}

describe('watch', () => {
  it('shows the first result at once, and then from time to time', async () => {
    const watched = start(async () => status(true));
    await pass(watched.clock, 20);
    assert.equal(watched.shown.length, 2);
  });

  it('shows how things stand before long, even without a result', async () => {
    const watched = start(async () => status(false));
    await pass(watched.clock, 11);
    const early = watched.shown.length;
    await pass(watched.clock, 2);
    assert.deepEqual([early, watched.shown.length], [0, 1]);
  });

  it('puts the footer below', async () => {
    const watched = start(async () => status(true));
    await pass(watched.clock, 1);
    assert.match(watched.shown.join(), /footer$/);
  });

  it('says that the API does not answer, and goes on', async () => {
    let broken = true;
    const watched = start(async () => {
      if (broken) throw new Error('refused');
      return status(true);
    });
    await pass(watched.clock, 15);
    broken = false;
    await pass(watched.clock, 2);
    assert.match(watched.warned.join(), /does not answer: Error: refused/);
    assert.equal(watched.shown.length, 1);
  });

  it('shows nothing more once stopped, not even an answer that was under way', async () => {
    const watched = start(async () => status(true));
    watched.stop();
    await pass(watched.clock, 20);
    assert.deepEqual(watched.shown, []);
  });
});
