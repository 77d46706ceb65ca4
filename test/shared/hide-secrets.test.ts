import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hideBeginnings, hideSecrets } from '../../shared/hide-secrets.ts';

const SECRET = 'Hunter2/é<"&\'+=p w?x';

const codes = (text: string, write: (code: number) => string) =>
  text.replace(/[^\w ]/g, (character) => write(character.charCodeAt(0)));
const hex = (code: number, length: number) => code.toString(16).padStart(length, '0');

const SPELLINGS: Readonly<Record<string, string>> = {
  'in small letters': SECRET.toLowerCase(),
  'in capitals': SECRET.toUpperCase(),
  'percent-encoded in small letters': encodeURIComponent(SECRET).replace(/%../g, (byte) => byte.toLowerCase()),
  'percent-encoded, each byte of it': [...Buffer.from(SECRET)].map((byte) => `%${hex(byte, 2)}`).join(''),
  'percent-encoded twice': encodeURIComponent(encodeURIComponent(SECRET)),
  'in hex': Buffer.from(SECRET).toString('hex'),
  'in hex, in capitals': Buffer.from(SECRET).toString('hex').toUpperCase(),
  'in JSON that escapes slashes': JSON.stringify(SECRET).slice(1, -1).replaceAll('/', '\\/'),
  'in JSON that escapes all but ASCII letters': codes(SECRET, (code) => `\\u${hex(code, 4)}`),
  'in a script': codes(SECRET, (code) => `\\x${hex(code, 2)}`),
  'in HTML, by names': SECRET.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;'),
  'in HTML, by numbers': codes(SECRET, (code) => `&#${code};`),
  'in HTML, by hex numbers': codes(SECRET, (code) => `&#x${hex(code, 2).toUpperCase()};`),
};
for (const [spelling, written] of Object.entries(SPELLINGS)) {
  test(`a secret is hidden ${spelling}`, () => {
    assert.equal(hideSecrets([SECRET])(`it is ${written}, is it`), 'it is [secret], is it');
  });
}

test('a secret is hidden in JSON in JSON', () => {
  const twice = JSON.stringify(JSON.stringify({ token: SECRET }));
  assert.equal(hideSecrets([SECRET])(twice), '"{"token":"[secret]"}"');
});

for (const before of ['', 'a', 'ab', 'Bearer ']) {
  for (const encoding of ['base64', 'base64url'] as const) {
    test(`a secret is hidden in the ${encoding} of a text in which ${before.length} characters stand before it`, () => {
      const said = hideSecrets([SECRET])(Buffer.from(`${before}${SECRET} and more`).toString(encoding));
      const bytes = Buffer.concat(said.split('[secret]').map((part) => Buffer.from(part, 'base64')));
      assert.match(said, /\[secret\]/);
      assert.doesNotMatch(bytes.toString('latin1'), /nter2|w\?/);
    });
  }
}

test('the beginning of a secret at the end of a text is hidden, from four characters on', () => {
  const hide = hideBeginnings(['Hunter2', 'hung']);
  assert.equal(hide('you said hunTER'), 'you said [secret]');
  assert.equal(hide('you said hun'), 'you said hun');
  assert.equal(hide('hunter is who said it'), 'hunter is who said it');
});

test('no more of a text is changed than has to be', () => {
  const text = 'got "100%25 &amp; \\u003c" for hunter2, e.g. 61 of a';
  assert.equal(hideSecrets(['hunter2', 'abc'])(text), 'got "100%25 &amp; \\u003c" for [secret], e.g. 61 of a');
});

test('any secret is hidden in any text, whatever its letters become in lower case', () => {
  const unit = fc.oneof(
    fc.constantFrom('İ', 'Σ', 'ß', 'É', 'a', '%', '\\'),
    fc.string({ unit: 'grapheme', maxLength: 1 }),
  );
  const secret = fc.string({ unit, minLength: 8, maxLength: 20 });
  const around = fc.string({ unit, maxLength: 10 });
  fc.assert(
    fc.property(around, secret, around, (before, value, after) => {
      assert.ok(!hideSecrets([value])(`${before}${value}${after}`).includes(value));
    }),
  );
});
