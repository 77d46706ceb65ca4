import assert from 'node:assert/strict';
import { test } from 'node:test';
import { monitorOf, placesOf } from './definitions.ts';

const URL = 'https://a.dev';
const BASIC = { user: 'probe', password: '${secret:p}' };
const OAUTH2 = { tokenUrl: 'https://login.a.dev/token', clientId: 'parallax', clientSecret: '${secret:c}' };
const withAuth = (auth: object, more: object = {}) => ({ request: { url: URL, auth, ...more } });

test('basic and oauth2 are resolved, with their secrets in place', () => {
  assert.deepEqual(monitorOf(withAuth({ basic: BASIC })).request.auth, { kind: 'basic', ...BASIC });
  assert.deepEqual(monitorOf(withAuth({ oauth2: OAUTH2 })).request.auth, { kind: 'oauth2', ...OAUTH2, scope: null });
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
