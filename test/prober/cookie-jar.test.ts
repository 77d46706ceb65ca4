import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CookieJar } from '../../functions/prober/cookie-jar.ts';

const NOW_MS = Date.UTC(2026, 5, 1);
const FROM = 'https://www.acme.dev/shop/cart';

/** What goes to `to` after `from` has set these, some time later. */
function sent(setCookies: readonly string[], to: string, { from = FROM, laterMs = 0 } = {}): string | null {
  const jar = new CookieJar();
  jar.keep(new URL(from), setCookies, NOW_MS);
  return jar.header(new URL(to), NOW_MS + laterMs);
}

const CASES: readonly [string, string, string, string | null][] = [
  ['goes back to its host and folder', 'a=1', 'https://www.acme.dev/shop/pay', 'a=1'],
  ['does not go to another folder', 'a=1', 'https://www.acme.dev/about', null],
  ['of a folder does not go to one that only begins like it', 'a=1; path=/shop', 'https://www.acme.dev/shopping', null],
  ['goes to its path and below', 'a=1; Path=/', 'https://www.acme.dev/about', 'a=1'],
  ['of a host does not go to hosts below it', 'a=1; path=/', 'https://eu.www.acme.dev/', null],
  ['of a domain goes to hosts below it', 'a=1; path=/; domain=.acme.dev', 'https://api.acme.dev/', 'a=1'],
  [
    'of a domain does not go to one that only ends like it',
    'a=1; path=/; domain=acme.dev',
    'https://notacme.dev/',
    null,
  ],
  ['for a neighbour is not taken', 'a=1; path=/; domain=other.dev', 'https://other.dev/', null],
  ['for a top-level domain is not taken', 'a=1; path=/; domain=dev', 'https://www.acme.dev/', null],
  ['that is secure goes over https', 'a=1; path=/; Secure', 'https://www.acme.dev/', 'a=1'],
  ['that is secure does not go over http', 'a=1; path=/; Secure', 'http://www.acme.dev/', null],
  ['without a name is not taken', '=1; path=/', 'https://www.acme.dev/', null],
  ['that has expired is not taken', 'a=1; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT', FROM, null],
  ['keeps what its value has of =', 'a=b=c; path=/', FROM, 'a=b=c'],
  ['with a line break in it is not taken', 'a=1\r\nx: y; path=/', FROM, null],
  ['that is huge is not taken', `a=${'x'.repeat(5_000)}; path=/`, FROM, null],
];

for (const [what, setCookie, to, expected] of CASES) {
  test(`a cookie ${what}`, () => assert.equal(sent([setCookie], to), expected));
}

test('a cookie ends when its age says so, whatever its date', () => {
  const cookie = ['a=1; max-age=60; expires=Thu, 01 Jan 1970 00:00:00 GMT'];
  assert.equal(sent(cookie, FROM, { laterMs: 59_999 }), 'a=1');
  assert.equal(sent(cookie, FROM, { laterMs: 60_000 }), null);
});

test('a secure cookie is not taken over http', () => {
  assert.equal(sent(['a=1; path=/; secure'], FROM, { from: 'http://www.acme.dev/' }), null);
});

test('a host that is an address has nothing below it', () => {
  assert.equal(sent(['a=1; path=/; domain=0.0.1'], 'http://127.0.0.1/', { from: 'http://127.0.0.1/' }), null);
});

test('a cookie of the same name, domain and path replaces the one before', () => {
  assert.equal(sent(['a=1', 'a=2'], FROM), 'a=2');
});

test('a cookie that expires at once takes the one before away', () => {
  assert.equal(sent(['a=1', 'a=; max-age=0'], FROM), null);
});

test('longer paths come first', () => {
  assert.equal(sent(['a=1; path=/', 'b=2; path=/shop'], FROM), 'b=2; a=1');
});

test('a flood of cookies is bounded', () => {
  const flood = Array.from({ length: 1_000 }, (_, index) => `c${index}=${'x'.repeat(1_000)}; path=/`);
  assert.ok((sent(flood, FROM) ?? '').length <= 8_192);
});
