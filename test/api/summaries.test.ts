import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latestOf } from '../../functions/api/summaries.ts';
import { NO_PHASES, type StepResult } from '../../shared/result.ts';
import { failureOf, resultOf } from '../shared/build.ts';

test('the newest result of a flow tells its steps, that of others has none to tell', () => {
  const pay: StepResult = {
    name: 'pay',
    isCleanup: false,
    outcome: 'failed',
    reason: 'status',
    failedPhase: null,
    totalMs: 12,
    phases: { ...NO_PHASES, connectMs: 2, firstByteMs: 9 },
    status: 500,
  };
  assert.deepEqual(latestOf(failureOf({ steps: [pay] }), 'eu-west-1').steps, [pay]);
  assert.equal('steps' in latestOf(resultOf(), 'eu-west-1'), false);
});
