import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveFiles } from '../../shared/definition/resolve-files.ts';
import type { Monitor } from '../../shared/monitor.ts';
import { secretTexts } from '../../shared/target.ts';

// Kinds of monitors beside http: what they become, and what is wrong with them.

function resolve(written: object) {
  return resolveFiles(null, [{ file: 'a.json', text: JSON.stringify({ id: 'a', ...written }) }], {});
}

function monitorOf(written: object): Monitor {
  const resolved = resolve(written);
  assert.ok(resolved.ok, JSON.stringify(resolved));
  const [monitor] = resolved.deployment.monitors;
  assert.ok(monitor !== undefined);
  return monitor;
}

/** `error $.tcp.port`, with its remedy. */
function problemsOf(written: object): readonly (readonly [string, string])[] {
  const resolved = resolve(written);
  const problems = resolved.ok ? resolved.warnings : resolved.problems;
  return problems.map((problem) => [`${problem.severity} ${problem.path}`, problem.remedy ?? '']);
}

const TCP = { type: 'tcp', tcp: { host: 'db.acme.dev', port: 5432 } };
const TLS = { type: 'tls', tls: { host: 'acme.dev' } };
const DNS = { type: 'dns', dns: { name: 'acme.dev' } };
const WEBSOCKET = { type: 'websocket', websocket: { url: 'wss://acme.dev/ws' } };
const GRPC = { type: 'grpc', grpc: { url: 'https://grpc.acme.dev' } };

const COMPLETE: readonly [object, object][] = [
  [
    TCP,
    {
      type: 'tcp',
      tcp: { host: 'db.acme.dev', port: 5432, tls: null, send: null },
      expect: { responseTimeMs: [], received: [], certificateValidForMs: null },
    },
  ],
  [
    TLS,
    {
      type: 'tls',
      tls: { host: 'acme.dev', port: 443, serverName: 'acme.dev', start: 'at-once' },
      expect: { responseTimeMs: [], protocol: [], names: [], issuer: [], certificateValidForMs: null },
    },
  ],
  [
    DNS,
    {
      type: 'dns',
      dns: { name: 'acme.dev', record: 'A', resolver: null },
      expect: { responseTimeMs: [], answers: [{ op: 'exists', value: true }] },
    },
  ],
  [
    WEBSOCKET,
    {
      type: 'websocket',
      websocket: { url: 'wss://acme.dev/ws', headers: {}, protocols: [], send: null, maxMessageBytes: 1_048_576 },
      expect: { responseTimeMs: [], headers: [], json: [], protocol: [], message: [], certificateValidForMs: null },
    },
  ],
  [
    GRPC,
    {
      type: 'grpc',
      grpc: {
        url: 'https://grpc.acme.dev',
        call: { kind: 'health', service: '' },
        metadata: {},
        maxMessageBytes: 1_048_576,
      },
      expect: {
        responseTimeMs: [],
        status: [{ op: 'equals', value: 'OK' }],
        health: [{ op: 'equals', value: 'SERVING' }],
        certificateValidForMs: null,
      },
    },
  ],
];

for (const [written, own] of COMPLETE) {
  test(`the shortest monitor of ${JSON.stringify(written)} is complete`, () => {
    const monitor = monitorOf(written);
    const { type, expect } = monitor;
    const parts = Object.entries(monitor).filter(([key]) => key === type);
    assert.deepEqual({ type, ...Object.fromEntries(parts), expect }, own);
  });
}

const RESOLVED: readonly [string, object, (monitor: Monitor) => unknown, unknown][] = [
  [
    'a port may be text, as a variable leaves it',
    { ...TCP, tcp: { ...TCP.tcp, port: '25' } },
    (m) => m.type === 'tcp' && m.tcp.port,
    25,
  ],
  [
    'startTls says when TLS begins',
    { ...TCP, tcp: { ...TCP.tcp, startTls: 'smtp' } },
    (m) => m.type === 'tcp' && m.tcp.tls,
    'smtp',
  ],
  [
    'startTls brings its usual port',
    { ...TLS, tls: { host: 'acme.dev', startTls: 'imap' } },
    (m) => m.type === 'tls' && m.tls.port,
    143,
  ],
  [
    'a resolver has its port',
    { ...DNS, dns: { ...DNS.dns, resolver: '[2001:db8::1]:5353' } },
    (m) => m.type === 'dns' && m.dns.resolver,
    { ip: '2001:db8::1', port: 5353 },
  ],
  [
    'a resolver without a port is asked at 53',
    { ...DNS, dns: { ...DNS.dns, resolver: '1.1.1.1' } },
    (m) => m.type === 'dns' && m.dns.resolver,
    { ip: '1.1.1.1', port: 53 },
  ],
  [
    'answers are expected as they are compared',
    { ...DNS, dns: { name: 'acme.dev.', record: 'MX' }, expect: { answers: ['20 B.acme.dev.', '10 a.acme.dev'] } },
    (m) => m.type === 'dns' && m.expect.answers,
    [{ op: 'equals', value: ['10 a.acme.dev', '20 b.acme.dev'] }],
  ],
  [
    'a method is called instead of the health check',
    { ...GRPC, grpc: { ...GRPC.grpc, method: 'a.B/C' } },
    (m) => m.type === 'grpc' && [m.grpc.call, m.expect.health],
    [{ kind: 'unary', method: 'a.B/C', messageBase64: '' }, []],
  ],
  [
    'a call that must fail has no health',
    { ...GRPC, expect: { status: 'UNIMPLEMENTED' } },
    (m) => m.type === 'grpc' && m.expect.health,
    [],
  ],
];

for (const [what, written, look, expected] of RESOLVED) {
  test(what, () => assert.deepEqual(look(monitorOf(written)), expected));
}

const WRONG: readonly [string, object, string, RegExp][] = [
  ['an unknown type', { type: 'tpc', tcp: TCP.tcp }, 'error $.type', /"tcp"/],
  ['a type that is left out', { tcp: TCP.tcp }, 'error $', /Add "type": "tcp"/],
  [
    'a property of another type',
    { ...TCP, request: { url: 'https://a.dev' } },
    'error $.request',
    /is for http monitors, and this is a tcp monitor/,
  ],
  [
    'an expectation of other types',
    { ...TCP, expect: { header: {} } },
    'error $.expect.header',
    /"header" is for http and websocket monitors/,
  ],
  ['a misspelled property', { ...TCP, tcp: { ...TCP.tcp, prot: 1 } }, 'error $.tcp.prot', /"port"/],
  [
    'a URL for a host',
    { ...TCP, tcp: { host: 'https://u:p@acme.dev/', port: 1 } },
    'error $.tcp.host',
    /only the host: "acme\.dev"/,
  ],
  ['a host with its port', { ...TCP, tcp: { host: 'acme.dev:5432', port: 1 } }, 'error $.tcp.host', /5432 is its port/],
  ['brackets around an address', { ...TCP, tcp: { host: '[::1]', port: 1 } }, 'error $.tcp.host', /"::1"/],
  ['a port beyond the last', { ...TCP, tcp: { host: 'acme.dev', port: 65536 } }, 'error $.tcp.port', /1 to 65535/],
  [
    'TLS in two ways',
    { ...TCP, tcp: { ...TCP.tcp, tls: true, startTls: 'smtp' } },
    'error $.tcp.startTls',
    /Keep "tls"/,
  ],
  [
    'a certificate without TLS',
    { ...TCP, expect: { certificate: { validFor: '14d' } } },
    'error $.expect.certificate',
    /"tls": true/,
  ],
  ['an answer that is never waited for', { ...TCP, tcp: { ...TCP.tcp, send: 'a' } }, 'warning $.tcp.send', /received/],
  [
    'hex that is none',
    { ...TCP, tcp: { ...TCP.tcp, encoding: 'hex', send: '0g' }, expect: { received: '00' } },
    'error $.tcp.send',
    /Correct it/,
  ],
  [
    'a secret in hex',
    { ...TCP, tcp: { ...TCP.tcp, encoding: 'hex', send: '${secret:a}' }, expect: { received: '00' } },
    'error $.tcp.send',
    /Correct it/,
  ],
  [
    'text where hex is received',
    { ...TCP, tcp: { ...TCP.tcp, encoding: 'hex' }, expect: { received: { contains: 'PONG' } } },
    'error $.expect.received',
    /Correct it/,
  ],
  [
    'a length of what is hex',
    { ...TCP, tcp: { ...TCP.tcp, encoding: 'hex' }, expect: { received: { length: 4 } } },
    'error $.expect.received.length',
    /matches/,
  ],
  ['what has not come yet', { ...TCP, expect: { received: { not: 'a' } } }, 'error $.expect.received.not', /./],
  ['a host for examples', { ...TLS, tls: { host: 'acme.example' } }, 'warning $.tls.host', /real one/],
  ['an unknown version', { ...TLS, expect: { protocol: 'TLSv1.1' } }, 'error $.expect.protocol', /./],
  [
    'no version left',
    { ...TLS, expect: { protocol: { oneOf: ['TLSv1.3'], not: 'TLSv1.3' } } },
    'error $.expect.protocol',
    /Correct/,
  ],
  ['an address that is looked up', { ...DNS, dns: { name: '1.1.1.1' } }, 'error $.dns.name', /Write a name/],
  ['an unknown record', { ...DNS, dns: { name: 'a.dev', record: 'AAA' } }, 'error $.dns.record', /"AAAA"/],
  [
    'a resolver by name',
    { ...DNS, dns: { name: 'a.dev', resolver: 'dns.google' } },
    'error $.dns.resolver',
    /IP address/,
  ],
  [
    'a number in quotes',
    { request: { url: 'https://a.dev' }, expect: { status: '200' } },
    'error $.expect.status',
    /number without quotes/,
  ],
  [
    'a list of numbers',
    { request: { url: 'https://a.dev' }, expect: { status: [200, 204] } },
    'error $.expect.status',
    /"oneOf"/,
  ],
  [
    'a misspelled word of a condition',
    { ...GRPC, expect: { health: 'serving' } },
    'error $.expect.health',
    /"SERVING"/,
  ],
  [
    'a certificate of DNS',
    { ...DNS, expect: { certificate: { validFor: '14d' } } },
    'error $.expect.certificate',
    /is for http, tcp, .* and /,
  ],
  [
    'http for a WebSocket',
    { ...WEBSOCKET, websocket: { url: 'https://a.dev' } },
    'error $.websocket.url',
    /wss:\/\/ or ws:/,
  ],
  [
    'a header of the upgrade',
    { ...WEBSOCKET, websocket: { ...WEBSOCKET.websocket, headers: { 'Sec-WebSocket-Key': 'a' } } },
    'error $.websocket.headers["Sec-WebSocket-Key"]',
    /Remove/,
  ],
  [
    'a subprotocol with a space',
    { ...WEBSOCKET, websocket: { ...WEBSOCKET.websocket, protocols: ['a b'] } },
    'error $.websocket.protocols[0]',
    /letters/,
  ],
  [
    'a certificate of ws',
    { ...WEBSOCKET, websocket: { url: 'ws://a.dev' }, expect: { certificate: { validFor: '14d' } } },
    'error $.expect.certificate',
    /wss:/,
  ],
  ['a path in a gRPC url', { ...GRPC, grpc: { url: 'https://a.dev/x' } }, 'error $.grpc.url', /"method"/],
  [
    'a health of a method',
    { ...GRPC, grpc: { ...GRPC.grpc, method: 'a.B/C' }, expect: { health: 'SERVING' } },
    'error $.expect.health',
    /Remove/,
  ],
  [
    'a service and a method',
    { ...GRPC, grpc: { ...GRPC.grpc, service: 'a.B', method: 'a.B/C' } },
    'error $.grpc.service',
    /remove "method"/,
  ],
  [
    'a message without a method',
    { ...GRPC, grpc: { ...GRPC.grpc, message: 'CAE=' } },
    'error $.grpc.message',
    /Add "method"/,
  ],
  [
    'a message that is not Base64',
    { ...GRPC, grpc: { ...GRPC.grpc, method: 'a.B/C', message: '{}' } },
    'error $.grpc.message',
    /Base64/,
  ],
  ['a method without a service', { ...GRPC, grpc: { ...GRPC.grpc, method: 'Ping' } }, 'error $.grpc.method', /in full/],
  ['a status that gRPC has not', { ...GRPC, expect: { status: 'SERVING' } }, 'error $.expect.status', /./],
  [
    'credentials in clear',
    { ...GRPC, grpc: { ...GRPC.grpc, metadata: { authorization: 'Bearer a' } } },
    'warning $.grpc.metadata.authorization',
    /\$\{secret:name\}/,
  ],
];

for (const [what, written, place, remedy] of WRONG) {
  test(`${what} is found`, () => {
    const problems = problemsOf(written);
    assert.deepEqual(
      problems.map(([where]) => where),
      [place],
      JSON.stringify(problems),
    );
    assert.match(problems[0]?.[1] ?? '', remedy);
  });
}

test('all problems of a kind are told at once', () => {
  const places = problemsOf({ type: 'tcp', tcp: { host: 'a b', port: 0 }, every: '7s', expect: { body: 'x' } }).map(
    ([where]) => where,
  );
  assert.deepEqual(places, ['error $.tcp.host', 'error $.tcp.port', 'error $.every', 'error $.expect.body']);
});

const SECRET = '${secret:token}';
const PLACES: readonly [string, object][] = [
  ['tcp.send', { ...TCP, tcp: { ...TCP.tcp, send: SECRET }, expect: { received: 'a' } }],
  ['websocket.url', { ...WEBSOCKET, websocket: { url: `wss://acme.dev/?t=${SECRET}` } }],
  ['websocket.headers', { ...WEBSOCKET, websocket: { ...WEBSOCKET.websocket, headers: { a: SECRET } } }],
  ['websocket.send', { ...WEBSOCKET, websocket: { ...WEBSOCKET.websocket, send: SECRET } }],
  ['grpc.metadata', { ...GRPC, grpc: { ...GRPC.grpc, metadata: { a: SECRET } } }],
];

for (const [place, written] of PLACES) {
  test(`a secret may stand in ${place}, and the prober knows`, () => {
    assert.ok(secretTexts(monitorOf(written)).some((text) => text.includes(SECRET)));
  });
}

test('a secret may not stand where the prober does not fill it in', () => {
  const [problem] = problemsOf({ ...TCP, tcp: { ...TCP.tcp, host: SECRET } });
  assert.deepEqual(problem?.[0], 'error $.tcp.host');
});
