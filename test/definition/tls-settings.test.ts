import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AUTHORITY, keyPair } from '../servers/loopback.ts';
import { monitorOf, placesOf } from './definitions.ts';

const { cert, key } = keyPair('good');
const SECRET = { certificate: '${secret:certificate}', key: '${secret:key}' };
const at = (more: object, url = 'https://a.dev') => ({ request: { url, ...more } });

test('a client certificate and authorities are resolved, with their secrets in place', () => {
  const { clientCertificate, authorities } = monitorOf(
    at({ clientCertificate: SECRET, authorities: AUTHORITY }),
  ).request;
  assert.deepEqual([clientCertificate, authorities], [SECRET, AUTHORITY]);
});

const PLACE = 'error $.request.clientCertificate';
const PROBLEMS: readonly [string, object, string[]][] = [
  ['a certificate alone', at({ clientCertificate: { certificate: SECRET.certificate } }), [`${PLACE}.key`]],
  ['a certificate that is none', at({ clientCertificate: { ...SECRET, certificate: 'x' } }), [`${PLACE}.certificate`]],
  [
    'a key that is none, and in clear',
    at({ clientCertificate: { ...SECRET, key: 'x' } }),
    [`${PLACE}.key`, 'warning $.request.clientCertificate.key'],
  ],
  [
    'a key in clear',
    at({ clientCertificate: { certificate: cert, key } }),
    ['warning $.request.clientCertificate.key'],
  ],
  [
    'another certificate’s key',
    at({ clientCertificate: { certificate: cert, key: keyPair('expired').key } }),
    [`${PLACE}.key`, 'warning $.request.clientCertificate.key'],
  ],
  ['authorities that are none', at({ authorities: key }), ['error $.request.authorities']],
  [
    'authorities of which the second cannot be read',
    at({ authorities: `${AUTHORITY}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----` }),
    ['error $.request.authorities'],
  ],
  [
    'a URL without TLS',
    at({ clientCertificate: SECRET, authorities: AUTHORITY }, 'http://a.dev'),
    [PLACE, 'error $.request.authorities'],
  ],
  [
    'a port without TLS',
    { request: undefined, type: 'tcp', tcp: { host: 'a.dev', port: 1, authorities: AUTHORITY } },
    ['error $.tcp.authorities'],
  ],
  [
    'what a step captures',
    {
      request: undefined,
      type: 'flow',
      steps: [{ request: { url: 'https://a.dev' }, capture: { pem: { body: '(.*)' } } }, at({ authorities: '${pem}' })],
    },
    ['error $.steps[1].request.authorities'],
  ],
];
for (const [what, monitor, places] of PROBLEMS) {
  test(`${what} is told`, () => assert.deepEqual(placesOf({ monitor }).sort(), places.sort()));
}

for (const kind of ['tcp', 'tls', 'websocket', 'grpc'] as const) {
  test(`${kind} takes both`, () => {
    const where = {
      tcp: { host: 'a.dev', port: 1, tls: true },
      tls: { host: 'a.dev' },
      websocket: { url: 'wss://a.dev' },
      grpc: { url: 'https://a.dev' },
    };
    const monitor = {
      request: undefined,
      type: kind,
      [kind]: { ...where[kind], clientCertificate: SECRET, authorities: '${secret:ca}' },
    };
    assert.deepEqual(placesOf({ monitor }), []);
  });
}
