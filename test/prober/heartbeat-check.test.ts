import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkHeartbeat, type JobKnowledge } from '../../functions/prober/heartbeat-check.ts';
import type { HeartbeatRecord } from '../../shared/heartbeat.ts';
import type { Result } from '../../shared/result.ts';
import { secretsUsedBy } from '../../shared/secret-store.ts';
import { heartbeatOf } from '../shared/build.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Times of day of 5 January 2026. */
const at = (hours: number, minutes = 0, seconds = 0) =>
  Date.UTC(2026, 0, 5) + hours * HOUR + minutes * MINUTE + seconds * 1_000;

const NOTHING: HeartbeatRecord = {
  lastSuccess: null,
  earlierSuccess: null,
  lastFailure: null,
  runningSinceEpochMs: null,
};

function succeeded(endedAtEpochMs: number, startedAtEpochMs: number | null = null): HeartbeatRecord {
  return { ...NOTHING, lastSuccess: { endedAtEpochMs, startedAtEpochMs } };
}

interface Case {
  readonly slot: number;
  readonly knows: JobKnowledge | HeartbeatRecord;
  /** Of a run, in milliseconds. */
  readonly limitMs?: number;
  readonly pausedMs?: number;
}

/** Judges a job that is due every hour with ten minutes of grace. */
function judged({ slot, knows, limitMs, pausedMs = 0 }: Case): Result {
  const limits = limitMs === undefined ? [] : [{ op: 'below', value: limitMs } as const];
  return checkHeartbeat({
    monitor: heartbeatOf({ expect: { responseTimeMs: limits } }),
    slotEpochMs: slot,
    lateMs: 0,
    knowledge: 'lastSuccess' in knows ? { record: knows } : knows,
    pausedMs: () => pausedMs,
  });
}

function verdictOf(stated: Case): string {
  const { outcome, reason } = judged(stated);
  return reason === null ? outcome : `${outcome} ${reason}`;
}

describe('a job that calls when it succeeds', () => {
  const knows = succeeded(at(2));
  for (const [slot, verdict] of [
    [at(2), 'passed'],
    [at(3, 10), 'passed'],
    [at(3, 11), 'failed missed'],
    [at(20), 'failed missed'],
  ] as const) {
    it(`is ${verdict} at ${new Date(slot).toISOString().slice(11, 16)}`, () => {
      assert.equal(verdictOf({ slot, knows }), verdict);
    });
  }

  it('passes the slot that it called after, since it had called when that was judged', () => {
    assert.equal(verdictOf({ slot: at(2), knows: succeeded(at(2, 0, 30)) }), 'passed');
  });

  it('is told with when it last succeeded, when it was due, and how late it is', () => {
    assert.equal(
      judged({ slot: at(3, 11), knows }).detail,
      'the last success came at 2026-01-05 02:00:00 UTC, and the next was due by 2026-01-05 03:10:00 UTC, 1m ago (every 1h, grace 10m)',
    );
  });

  it('is not late for the time that it was paused', () => {
    assert.equal(verdictOf({ slot: at(4), knows, pausedMs: HOUR }), 'passed');
    assert.equal(verdictOf({ slot: at(4, 11), knows, pausedMs: HOUR }), 'failed missed');
  });

  it('that is missing is the job’s fault', () => {
    assert.equal(judged({ slot: at(20), knows }).blame, 'target');
  });
});

describe('a job that says it failed', () => {
  const failure = { ...succeeded(at(2)), lastFailure: { atEpochMs: at(3), message: 'disk full' } };

  it('has failed at once, and until it succeeds', () => {
    assert.equal(verdictOf({ slot: at(3), knows: failure }), 'failed job-failed');
    assert.equal(verdictOf({ slot: at(20), knows: failure }), 'failed job-failed');
    const again = { ...failure, lastSuccess: { endedAtEpochMs: at(3, 5), startedAtEpochMs: null } };
    assert.equal(verdictOf({ slot: at(3, 6), knows: again }), 'passed');
  });

  it('is told with its message, and whether it has begun again', () => {
    const { detail } = judged({ slot: at(3, 30), knows: { ...failure, runningSinceEpochMs: at(3, 20) } });
    assert.equal(
      detail,
      'the job said at 2026-01-05 03:00:00 UTC that it failed (running again since 2026-01-05 03:20:00 UTC): disk full',
    );
  });

  it('keeps within a detail’s bounds', () => {
    const message = '😀'.repeat(90);
    const lastFailure = { atEpochMs: at(3), message };
    const { detail } = judged({ slot: at(3), knows: { ...failure, lastFailure, runningSinceEpochMs: at(3, 1) } });
    assert.ok((detail?.length ?? 0) <= 300 && detail?.isWellFormed());
  });
});

describe('a job that says it begins', () => {
  it('is due as always where its time is not limited', () => {
    const knows = { ...succeeded(at(2)), runningSinceEpochMs: at(3) };
    assert.equal(verdictOf({ slot: at(3, 10), knows }), 'passed');
    assert.equal(verdictOf({ slot: at(3, 11), knows }), 'failed missed');
    assert.match(
      judged({ slot: at(3, 11), knows }).detail ?? '',
      /; a run began at 2026-01-05 03:00:00 UTC and has not/,
    );
  });

  it('has its limit to end, from a start in time', () => {
    const knows = { ...succeeded(at(2)), runningSinceEpochMs: at(3) };
    assert.equal(verdictOf({ slot: at(5), knows, limitMs: 2 * HOUR }), 'passed');
    assert.equal(verdictOf({ slot: at(5, 1), knows, limitMs: 2 * HOUR }), 'failed missed');
  });

  it('is missed before it is due, where it runs for longer than its limit', () => {
    const knows = { ...succeeded(at(2)), runningSinceEpochMs: at(2, 30) };
    assert.equal(verdictOf({ slot: at(2, 46), knows, limitMs: 15 * MINUTE }), 'failed missed');
    assert.match(
      judged({ slot: at(2, 46), knows, limitMs: 15 * MINUTE }).detail ?? '',
      /^a run began at 2026-01-05 02:30:00 UTC and has not ended after 16m, expected within 15m; the last success came at /,
    );
  });

  it('is missed until it succeeds, where it begins too late', () => {
    const knows = { ...succeeded(at(2)), runningSinceEpochMs: at(3, 30) };
    assert.equal(verdictOf({ slot: at(3, 40), knows, limitMs: 2 * HOUR }), 'failed missed');
  });

  it('is not up before its first success', () => {
    const knows = { ...NOTHING, runningSinceEpochMs: at(2) };
    assert.equal(verdictOf({ slot: at(2, 30), knows }), 'inconclusive awaiting');
    assert.equal(verdictOf({ slot: at(3, 11), knows }), 'failed missed');
    assert.equal(verdictOf({ slot: at(2, 30), knows, limitMs: 20 * MINUTE }), 'failed missed');
  });
});

describe('how long a run took', () => {
  const knows = {
    ...succeeded(at(2, 1, 30), at(2, 1)),
    earlierSuccess: { endedAtEpochMs: at(2, 0, 30), startedAtEpochMs: at(2) },
  };

  it('is the time of the one slot that follows its end', () => {
    const times = [at(2), at(2, 1), at(2, 2), at(2, 3)].map((slot) => judged({ slot, knows }).totalMs);
    assert.deepEqual(times, [null, 30_000, 30_000, null]);
  });

  it('counts in the next slot, where the table may not have had it when the first was judged', () => {
    const close = succeeded(at(2, 0, 59), at(2));
    assert.deepEqual(
      [at(2, 1), at(2, 2)].map((slot) => judged({ slot, knows: close }).totalMs),
      [null, 59_000],
    );
  });

  it('is not known without a start', () => {
    assert.equal(judged({ slot: at(2, 1), knows: succeeded(at(2, 0, 30)) }).totalMs, null);
  });

  it('fails the job from its limit on, until a run is shorter', () => {
    const limitMs = 30_000;
    assert.equal(verdictOf({ slot: at(2, 2), knows, limitMs: limitMs + 1 }), 'passed');
    const { outcome, reason, totalMs, detail } = judged({ slot: at(2, 2), knows, limitMs });
    assert.deepEqual([outcome, reason, totalMs], ['failed', 'expectation', 30_000]);
    assert.equal(
      detail,
      'expected a run to take less than 30s, the one that ended at 2026-01-05 02:01:30 UTC took 30s',
    );
  });
});

describe('a job that has never called', () => {
  const knows = { awaitedSinceEpochMs: at(2) };

  it('is awaited, with how to call, until that is late', () => {
    assert.equal(verdictOf({ slot: at(3, 10), knows }), 'inconclusive awaiting');
    assert.equal(
      judged({ slot: at(2), knows }).detail,
      "awaiting the first heartbeat since 2026-01-05 02:00:00 UTC: have the job call /heartbeat/nightly of the receiver's URL, with its token",
    );
  });

  it('is then missed, and still neither up nor down', () => {
    assert.equal(verdictOf({ slot: at(3, 11), knows }), 'inconclusive missed');
    assert.match(judged({ slot: at(3, 11), knows }).detail ?? '', /^no heartbeat has ever come; the first was due by /);
  });
});

it('what cannot be read is our own fault', () => {
  const { outcome, reason, blame, detail } = judged({ slot: at(20), knows: { unreadable: 'the table is away' } });
  assert.deepEqual([outcome, reason, blame, detail], ['inconclusive', 'prober', 'prober', 'the table is away']);
});

it('the token’s secret is one that the monitor uses, so that doctor and the prober look for it', () => {
  assert.deepEqual(secretsUsedBy([heartbeatOf()]), ['nightly']);
});
