import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deploymentOf, placesOf } from './definitions.ts';

function attemptsOf(written: object): number | undefined {
  return deploymentOf({ monitor: { request: undefined, ...written } }).monitors[0]?.attempts;
}

const http = (method: string, more: object = {}) => ({ request: { url: 'https://a.dev', method, ...more } });
const step = (method: string) => ({ request: { url: 'https://a.dev', method } });

for (const [what, written, attempts] of [
  // What RFC 9110 calls idempotent, and what it does not.
  ...['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'].map((method) => [method, http(method), 2] as const),
  ...['POST', 'PATCH'].map((method) => [method, http(method), 1] as const),
  ['a request without a method', { request: { url: 'https://a.dev' } }, 2],
  ['a GET with a body', http('GET', { body: 'a' }), 2],
  ['a connection', { type: 'tcp', tcp: { host: 'a.dev', port: 25 } }, 2],
  ['a connection that only listens', { type: 'tcp', tcp: { host: 'a.dev', port: 25 }, expect: { received: 'a' } }, 2],
  ['a connection that sends', { type: 'tcp', tcp: { host: 'a.dev', port: 25, send: 'QUIT' } }, 1],
  ['a certificate', { type: 'tls', tls: { host: 'a.dev' } }, 2],
  ['a question for a name', { type: 'dns', dns: { name: 'a.dev' } }, 2],
  ['an upgrade', { type: 'websocket', websocket: { url: 'wss://a.dev' } }, 2],
  ['an upgrade that sends', { type: 'websocket', websocket: { url: 'wss://a.dev', send: 'a' } }, 1],
  ['a gRPC health check', { type: 'grpc', grpc: { url: 'https://a.dev' } }, 2],
  ['a gRPC method', { type: 'grpc', grpc: { url: 'https://a.dev', method: 'a.B/C' } }, 1],
  ['a flow, whatever its steps do', { type: 'flow', steps: [step('GET')] }, 1],
] as const) {
  test(`${what} is tried ${attempts === 1 ? 'once' : 'twice'} where nothing is said`, () => {
    assert.equal(attemptsOf(written), attempts);
  });
}

for (const [what, written] of [
  ['a POST', http('POST')],
  ['a flow', { type: 'flow', steps: [step('POST')] }],
  ['a GET', http('GET')],
] as const) {
  test(`${what} is tried as often as it says`, () => {
    assert.deepEqual(
      [1, 3, 5].map((attempts) => attemptsOf({ ...written, attempts })),
      [1, 3, 5],
    );
  });
}

for (const attempts of [0, 6, 1.5, '2']) {
  test(`${JSON.stringify(attempts)} attempts are an error`, () => {
    assert.deepEqual(placesOf({ monitor: { attempts } }), ['error $.attempts']);
  });
}
