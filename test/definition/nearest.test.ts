import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AWS_REGIONS, partitionOf } from '../../shared/definition/aws-regions.ts';
import { editDistance, nearest } from '../../shared/definition/nearest.ts';

test('a slip of the fingers finds the word that was meant', () => {
  const words = ['every', 'expect', 'request', 'status', 'timeout'];
  for (const [slip, meant] of [
    ['evry', 'every'],
    ['EVERY', 'every'],
    ['exepct', 'expect'],
    ['requests', 'request'],
    ['timout', 'timeout'],
  ]) {
    assert.equal(nearest(slip ?? '', words), meant);
  }
});

test('a word that is like none finds none', () => {
  for (const word of ['', 'x', 'frequency', 'z'.repeat(10_000)]) assert.equal(nearest(word, ['every', 'expect']), null);
});

test('a region with a typo finds the region', () => {
  assert.equal(nearest('eu-wst-1', AWS_REGIONS), 'eu-west-1');
  assert.equal(nearest('ap-southeast2', AWS_REGIONS), 'ap-southeast-2');
});

test('the distance is a distance', () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      const distance = editDistance(a, b);
      assert.equal(distance, editDistance(b, a));
      assert.equal(distance === 0, a === b);
      assert.ok(distance >= Math.abs(a.length - b.length) && distance <= Math.max(a.length, b.length));
    }),
  );
});

test('every region that the CDK knows, but for secret ones, is known with its partition', async () => {
  const { RegionInfo } = await import('aws-cdk-lib/region-info');
  const open = RegionInfo.regions.filter((region) => !region.partition?.startsWith('aws-iso'));
  assert.ok(open.length > 30);
  assert.deepEqual(
    open.map((region) => [region.name, partitionOf(region.name)]),
    open.map((region) => [region.name, region.partition]),
  );
});
