import assert from 'node:assert/strict';
import { it } from 'node:test';
import { functionSize } from '../../shared/plan/sizes.ts';
import { deploymentWith, monitorsOf } from './build.ts';

const REGION = 'us-east-1';

it('a prober has a whole vCPU, however many monitors there are', () => {
  for (const count of [1, 4_000]) {
    assert.equal(functionSize(deploymentWith(monitorsOf(count)), 'prober', REGION).memoryMb, 1_769);
  }
});

it('a prober’s time is that of its longest shard, not of all monitors', () => {
  const timeoutOf = (count: number) => functionSize(deploymentWith(monitorsOf(count)), 'prober', REGION).timeoutMs;
  assert.ok(timeoutOf(4_000) - timeoutOf(400) <= 2_000, `${timeoutOf(4_000)}`);
});

it('sub-minute monitors add the minute to a prober’s time', () => {
  const timeoutOf = (everyMs: number) =>
    functionSize(deploymentWith(monitorsOf(1, { everyMs })), 'prober', REGION).timeoutMs;
  assert.equal(timeoutOf(30_000) - timeoutOf(60_000), 60_000);
});

it('an aggregator gets memory for the results that it holds, within Lambda’s bounds', () => {
  const memoryOf = (count: number, everyMs = 60_000) =>
    functionSize(deploymentWith(monitorsOf(count, { everyMs })), 'aggregator', REGION).memoryMb;
  assert.equal(memoryOf(1), 1_024);
  assert.ok(memoryOf(20_000) > 1_024);
  assert.equal(memoryOf(20_000, 5_000), 10_240);
});

it('what the deployment sets goes before what follows, and only that', () => {
  const deployment = deploymentWith(monitorsOf(1), { functions: { api: { memoryMb: 512 } } });
  assert.deepEqual(functionSize(deployment, 'api', REGION), { memoryMb: 512, timeoutMs: 15_000 });
  assert.equal(functionSize(deployment, 'aggregator', REGION).memoryMb, 1_024);
});
