import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RegionPulse, regionSubject, SILENT_POLICY, silenceChanges } from '../../functions/aggregator/silence.ts';
import { openedIncident } from '../../shared/incident.ts';
import { MINUTE_MS } from '../../shared/schedule.ts';

const REGION = 'us-east-1';
const LAST = Date.UTC(2026, 0, 5, 12);
const open = openedIncident(
  regionSubject(REGION),
  { id: SILENT_POLICY, severity: 'warning' },
  LAST,
  LAST + 4 * MINUTE_MS,
);

/** What happens to the open incident of a silent region when this is known of its prober. */
function changesFor(pulse: Partial<RegionPulse>): string[] {
  const known = { region: REGION, lastSlotEpochMs: LAST, isExpected: true, silent: null, ...pulse };
  return silenceChanges([known], (subject) => (subject === open.subject ? open : null)).map(({ kind }) => kind);
}

test('a silent region reports again with its next slot', () => {
  assert.deepEqual(changesFor({ lastSlotEpochMs: LAST + MINUTE_MS }), ['resolved']);
});

test('an aggregator that has only just come back does not say that a silent region reports again', () => {
  assert.deepEqual(changesFor({ lastSlotEpochMs: LAST }), []);
});

test('a region that nothing is expected of any more is not called silent any longer', () => {
  assert.deepEqual(changesFor({ isExpected: false }), ['resolved']);
});
