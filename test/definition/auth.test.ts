import assert from 'node:assert/strict';
import { test } from 'node:test';
import { monitorOf, placesOf } from './definitions.ts';

const URL = 'https://a.dev';
const BASIC = { user: 'probe', password: '${secret:p}' };
const OAUTH2 = { tokenUrl: 'https://login.a.dev/token', clientId: 'parallax', clientSecret: '${secret:c}' };
const SIGV4 = { service: 'execute-api' };
const KEYS = { accessKeyId: '${secret:id}', secretAccessKey: '${secret:key}' };
const withAuth = (auth: object, more: object = {}) => ({ request: { url: URL, auth, ...more } });

test('basic and oauth2 are resolved, with their secrets in place', () => {
  assert.deepEqual(monitorOf(withAuth({ basic: BASIC })).request.auth, { kind: 'basic', ...BASIC });
  assert.deepEqual(monitorOf(withAuth({ oauth2: OAUTH2 })).request.auth, { kind: 'oauth2', ...OAUTH2, scope: null });
});

test('sigv4 is resolved: as the prober’s own role, or with keys', () => {
  const none = { region: null, accessKeyId: null, secretAccessKey: null, sessionToken: null };
  assert.deepEqual(monitorOf(withAuth({ sigv4: SIGV4 })).request.auth, { kind: 'sigv4', ...SIGV4, ...none });
  const given = { ...SIGV4, ...KEYS, region: 'eu-west-1', sessionToken: '${secret:session}' };
  assert.deepEqual(monitorOf(withAuth({ sigv4: given })).request.auth, { kind: 'sigv4', ...given });
});

const PROBLEMS: readonly [string, object, object, string[]][] = [
  ['no way', {}, {}, ['error $.request.auth']],
  ['two ways', { basic: BASIC, oauth2: OAUTH2 }, {}, ['error $.request.auth']],
  ['an unknown way', { basc: BASIC }, {}, ['error $.request.auth.basc']],
  ['a header beside it', { basic: BASIC }, { headers: { Authorization: '${secret:a}' } }, ['error $.request.auth']],
  ['a user with a colon', { basic: { ...BASIC, user: 'a:b' } }, {}, ['error $.request.auth.basic.user']],
  ['a password in clear', { basic: { ...BASIC, password: 'x' } }, {}, ['warning $.request.auth.basic.password']],
  [
    'a client secret in clear',
    { oauth2: { ...OAUTH2, clientSecret: 'x' } },
    {},
    ['warning $.request.auth.oauth2.clientSecret'],
  ],
  ['no service', { sigv4: {} }, {}, ['error $.request.auth.sigv4.service']],
  ['a service that is none', { sigv4: { service: 'API Gateway' } }, {}, ['error $.request.auth.sigv4.service']],
  ['a region that is none', { sigv4: { ...SIGV4, region: 'europe' } }, {}, ['error $.request.auth.sigv4.region']],
  [
    'a key without its secret',
    { sigv4: { ...SIGV4, accessKeyId: KEYS.accessKeyId } },
    {},
    ['error $.request.auth.sigv4.accessKeyId'],
  ],
  [
    'a session token without keys',
    { sigv4: { ...SIGV4, sessionToken: '${secret:s}' } },
    {},
    ['error $.request.auth.sigv4.sessionToken'],
  ],
  [
    'a secret key in clear',
    { sigv4: { ...SIGV4, ...KEYS, secretAccessKey: 'x' } },
    {},
    ['warning $.request.auth.sigv4.secretAccessKey'],
  ],
  [
    'a token url that is none',
    { oauth2: { ...OAUTH2, tokenUrl: '/token' } },
    {},
    ['error $.request.auth.oauth2.tokenUrl'],
  ],
];
for (const [what, auth, more, places] of PROBLEMS) {
  test(`${what} is told`, () => assert.deepEqual(placesOf({ monitor: withAuth(auth, more) }), places));
}
