import assert from 'node:assert/strict';
import { test } from 'node:test';
import { monitorOf, placesOf } from './definitions.ts';

const asking = (expect: object | undefined, request: object = { http2: true }) => ({
  request: { url: 'https://a.dev', ...request },
  expect,
});

test('http2 and the protocol that is expected are resolved, and neither is there by default', () => {
  const { request, expect } = monitorOf(asking({ protocol: 'h2' }));
  assert.deepEqual([request.http2, expect.protocol], [true, [{ op: 'equals', value: 'h2' }]]);
  const plain = monitorOf(asking(undefined, { http2: false }));
  assert.deepEqual([plain.request.http2, plain.expect.protocol], [undefined, undefined]);
});

const PROBLEMS: readonly [string, object, string[]][] = [
  ['a protocol that is none', asking({ protocol: 'HTTP/2' }), ['error $.expect.protocol']],
  ['HTTP/2 that is expected and not offered', asking({ protocol: 'h2' }, {}), ['error $.expect.protocol']],
  ['HTTP/2 without TLS', asking(undefined, { http2: true, url: 'http://a.dev' }), ['warning $.request.http2']],
  ['http2 that is no boolean', asking(undefined, { http2: 'yes' }), ['error $.request.http2']],
];
for (const [what, monitor, places] of PROBLEMS) {
  test(`${what} is told`, () => assert.deepEqual(placesOf({ monitor }), places));
}

test('one of several protocols can be expected', () => {
  assert.deepEqual(placesOf({ monitor: asking({ protocol: { oneOf: ['h2', 'http/1.1'] } }) }), []);
});
