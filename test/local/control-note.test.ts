import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderComparison } from '../../local/comparison.ts';
import { controlNote } from '../../local/control-note.ts';
import type { ControlStatus, StatusResponse, WindowSummary } from '../../shared/api-types.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const HOUR = 3_600_000;
const NOTHING: WindowSummary = {
  passed: 0,
  failed: 0,
  inconclusive: 0,
  availability: null,
  latency: { n: 0, p50Ms: null, p95Ms: null, p99Ms: null, maxMs: null },
  errors: {},
  metrics: {},
  certificateDaysLeft: null,
};

function control(over: Partial<ControlStatus> = {}): ControlStatus {
  return { kind: 'pause', target: 'all', untilEpochMs: NOW + HOUR, reason: null, by: 'ada@desk', ...over };
}

function comparison(controls: readonly ControlStatus[]): string[] {
  const latest = {
    slotEpochMs: NOW,
    outcome: 'failed',
    reason: 'status',
    failedPhase: null,
    detail: 'got 503',
    status: 503,
    totalMs: 20,
    traceId: '0'.repeat(32),
  } as const;
  const status: StatusResponse = {
    name: 'acme',
    asOfEpochMs: NOW,
    rangeMs: HOUR,
    regions: [],
    monitors: [
      {
        id: 'checkout',
        name: 'checkout',
        tags: [],
        verdict: 'down',
        because: 'failing from us-east-1',
        regions: [{ ...NOTHING, region: 'us-east-1', latest }],
        overall: NOTHING,
        openIncidents: [],
        slo: null,
        controls,
      },
    ],
  };
  return renderComparison(status, { columns: 120 }).slice(3, 5);
}

test('a paused monitor has no verdict, and its last results are not shown as if they were new', () => {
  const [head, region] = comparison([control({ reason: 'new database' })]);
  assert.match(head ?? '', /^checkout +all +paused .* paused until 13:00: new database$/);
  assert.match(region ?? '', /us-east-1 .* not checked$/);
});

test('a silenced monitor keeps its verdict, and why', () => {
  const [head, region] = comparison([control({ kind: 'silence' })]);
  assert.match(head ?? '', /^checkout +all +down .* silenced until 13:00; failing from us-east-1$/);
  assert.match(region ?? '', /FAILED status: got 503$/);
});

test('of several pauses the one that holds longest is named', () => {
  assert.equal(controlNote([control(), control({ untilEpochMs: NOW + 2 * HOUR })], NOW), 'paused until 14:00');
});

test('an end that is not within a day has its date', () => {
  assert.equal(controlNote([control({ untilEpochMs: NOW + 24 * HOUR })], NOW), 'paused until 2026-01-06 12:00');
});

test('what a reason says to the terminal is not obeyed', () => {
  assert.equal(controlNote([control({ reason: 'x\u001b[2J\ny' })], NOW), 'paused until 13:00: x y');
});
