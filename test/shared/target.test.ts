import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Monitor } from '../../shared/monitor.ts';
import { hostOf, secretTexts, targetOf } from '../../shared/target.ts';
import { monitorOf } from './build.ts';

const { type: _type, request, expect: _expect, ...base } = monitorOf();
const time = { responseTimeMs: [] };
const secured = { ...time, certificateValidForMs: null };
const tcp = { host: 'db.acme.example', port: 5432, tls: null, send: null };
const tls = { host: 'acme.example', port: 443, serverName: 'acme.example', start: 'at-once' } as const;
const dns = { name: 'acme.example', record: 'A', resolver: null } as const;
const websocket = { url: 'wss://acme.example/ws', headers: {}, protocols: [], send: null, maxMessageBytes: 1 };
const grpc = { url: 'https://acme.example:443', metadata: {}, maxMessageBytes: 1 };

const ofTcp = (over: object): Monitor => ({
  ...base,
  type: 'tcp',
  tcp: { ...tcp, ...over },
  expect: { ...secured, received: [] },
});
const ofTls = (over: object): Monitor => ({
  ...base,
  type: 'tls',
  tls: { ...tls, ...over },
  expect: { ...secured, protocol: [], names: [], issuer: [] },
});
const ofDns = (over: object): Monitor => ({
  ...base,
  type: 'dns',
  dns: { ...dns, ...over },
  expect: { ...time, answers: [] },
});
const ofWebSocket = (over: object): Monitor => ({
  ...base,
  type: 'websocket',
  websocket: { ...websocket, ...over },
  expect: { ...secured, headers: [], json: [], protocol: [], message: [] },
});
const ofGrpc = (over: object): Monitor => ({
  ...base,
  type: 'grpc',
  grpc: { ...grpc, call: { kind: 'health', service: '' }, ...over },
  expect: { ...secured, status: [], health: [] },
});

const step = { name: 'a', request, expect: _expect, capture: [], metrics: [] };
const ofFlow = (over: object): Monitor => ({
  ...base,
  type: 'flow',
  steps: [step],
  cleanup: [],
  expect: time,
  ...over,
});

const TARGETS: readonly [Monitor, string][] = [
  [monitorOf(), 'GET https://api.acme.example/checkout'],
  [ofTcp({}), 'tcp db.acme.example:5432'],
  [ofTcp({ host: '2001:db8::1', tls: 'postgres' }), 'tcp [2001:db8::1]:5432 (postgres STARTTLS)'],
  [ofTcp({ tls: 'at-once' }), 'tcp db.acme.example:5432 (TLS)'],
  [ofTls({}), 'tls acme.example:443'],
  [
    ofTls({ serverName: 'www.acme.example', start: 'smtp', port: 25 }),
    'tls acme.example:25 (as www.acme.example, smtp STARTTLS)',
  ],
  [ofDns({}), 'dns A acme.example'],
  [ofDns({ resolver: { ip: '1.1.1.1', port: 53 } }), 'dns A acme.example @1.1.1.1'],
  [ofDns({ resolver: { ip: '::1', port: 5353 } }), 'dns A acme.example @[::1]:5353'],
  [ofWebSocket({}), 'websocket wss://acme.example/ws'],
  [ofGrpc({}), 'grpc https://acme.example:443 health'],
  [ofGrpc({ call: { kind: 'health', service: 'acme.Cart' } }), 'grpc https://acme.example:443 health of acme.Cart'],
  [ofFlow({}), 'flow of 1 step, first GET https://api.acme.example/checkout'],
  [ofFlow({ steps: [step, step] }), 'flow of 2 steps, first GET https://api.acme.example/checkout'],
  [
    ofGrpc({ call: { kind: 'unary', method: 'acme.Cart/Get', messageBase64: '' } }),
    'grpc https://acme.example:443 acme.Cart/Get',
  ],
];

for (const [monitor, target] of TARGETS) {
  test(`a target reads as ${target}`, () => assert.equal(targetOf(monitor), target));
}

const SECRET = '${secret:token}';
const WITH_SECRET: readonly [string, Monitor][] = [
  ['the url of a request', monitorOf({ request: { ...request, url: SECRET } })],
  ['a header of a request', monitorOf({ request: { ...request, headers: { a: SECRET } } })],
  ['the body of a request', monitorOf({ request: { ...request, body: SECRET } })],
  ['what tcp sends', ofTcp({ send: SECRET })],
  ['the url of a websocket', ofWebSocket({ url: SECRET })],
  ['a header of a websocket', ofWebSocket({ headers: { a: SECRET } })],
  ['what a websocket sends', ofWebSocket({ send: SECRET })],
  ['a step of a flow', ofFlow({ steps: [step, { ...step, request: { ...request, body: SECRET } }] })],
  ['the clean-up of a flow', ofFlow({ cleanup: [{ ...step, request: { ...request, url: SECRET } }] })],
  ['grpc metadata', ofGrpc({ metadata: { a: SECRET } })],
];

for (const [where, monitor] of WITH_SECRET) {
  test(`${where} may hold a secret`, () => assert.ok(secretTexts(monitor).includes(SECRET)));
}

const HOSTS: readonly [Monitor, string][] = [
  [
    monitorOf({ request: { ...request, url: 'https://user:${secret:a/b}@API.acme.example:8443/x@y:1?z#f' } }),
    'api.acme.example',
  ],
  [monitorOf({ request: { ...request, url: 'https://[2001:db8::1]:8443/' } }), '[2001:db8::1]'],
  [monitorOf({ request: { ...request, url: 'https://${secret:host}/' } }), '${secret:host}'],
  [ofTcp({}), 'db.acme.example'],
  [ofTls({ serverName: 'other.example' }), 'acme.example'],
  [ofDns({}), 'acme.example'],
  [ofDns({ resolver: { ip: '192.0.2.1', port: 53 } }), '192.0.2.1'],
  [ofWebSocket({}), 'acme.example'],
  [ofGrpc({}), 'acme.example'],
  [ofFlow({}), 'api.acme.example'],
];

for (const [monitor, host] of HOSTS) {
  test(`${targetOf(monitor)} reaches out to ${host}`, () => assert.equal(hostOf(monitor), host));
}
