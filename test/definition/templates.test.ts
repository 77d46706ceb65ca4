import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { secretNames } from '../../shared/definition/templates.ts';
import { deploymentOf, placesOf, problemOf, problemsOf } from './definitions.ts';

const withBody = (body: string) => ({ request: { url: 'https://a.dev', method: 'POST', body } });

function bodyOf(body: string, env: Record<string, string> = {}): string | null | undefined {
  const [monitor] = deploymentOf({ monitor: withBody(body), env }).monitors;
  return monitor?.type === 'http' ? monitor.request.body : undefined;
}

test('a variable is filled in wherever it stands in a text', () => {
  assert.equal(bodyOf('a ${env:x} b ${env:y-1.z}', { x: '1', 'y-1.z': '2' }), 'a 1 b 2');
});

test('a default stands in for a missing and for an empty variable', () => {
  assert.equal(bodyOf('${env:x:-a:-b} ${env:y:-}${env:z:-c}', { z: '' }), 'a:-b c');
});

test('what a variable holds is not read again', () => {
  assert.equal(bodyOf('${env:x}', { x: '${env:y} $& ${' }), '${env:y} $& ${');
});

test('two dollars write a plain ${', () => {
  assert.equal(bodyOf('$${env:x} $$ $ {'), '${env:x} $$ $ {');
});

test('a secret stays, for the prober', () => {
  assert.equal(bodyOf('${secret:checkout-token}'), '${secret:checkout-token}');
  assert.deepEqual(secretNames('${secret:b} ${secret:a} ${secret:b}'), ['b', 'a']);
});

test('a secret can be one key of a JSON secret', () => {
  assert.equal(bodyOf('${secret:db#Pass_word.1}'), '${secret:db#Pass_word.1}');
  assert.deepEqual(secretNames('${secret:db#user} ${secret:db}'), ['db#user', 'db']);
});

test('parallax.json takes variables too', () => {
  assert.equal(
    deploymentOf({ config: { home: '${env:HOME_REGION}' }, env: { HOME_REGION: 'eu-west-1' } }).home,
    'eu-west-1',
  );
});

test('a missing variable is one problem, which says how to give it', () => {
  const problem = problemOf({ monitor: { request: { url: '${env:base}/x' } } });
  assert.equal(problem.path, '$.request.url');
  assert.match(problem.message, /base is not set/);
  assert.match(problem.remedy ?? '', /--env base=value.*\$\{env:base:-default\}/);
});

test('inherited properties of an object are no variables', () => {
  assert.match(problemOf({ monitor: withBody('${env:constructor}') }).message, /is not set/);
});

for (const [what, text, remedy] of [
  ['an unknown kind', '${foo}', /\$\$\{/],
  ['a misspelt kind', '${secrt:a}', /\$\{secret:a\}/],
  ['an open brace', 'a ${env:x', /Close it/],
  ['a name that is none', '${env:1x}', /Correct the name/],
  ['a secret with capitals', '${secret:Token}', /Correct the name/],
  ['a secret with an empty key', '${secret:token#}', /Correct the name/],
  ['a key of a key', '${secret:token#a#b}', /Correct the name/],
  ['one inside another', '${env:x:-${env:y}}', /plain text/],
  ['an escaped secret', '$${secret:a}', /another way/],
  ['half a surrogate pair', 'a\ud800', /whole character/],
] as const) {
  test(`${what} is an error with its remedy`, () => {
    const problem = problemOf({ monitor: withBody(text) });
    assert.deepEqual([problem.severity, problem.path], ['error', '$.request.body']);
    assert.match(problem.remedy ?? '', remedy);
  });
}

test('a secret may stand in url, header values, body and json only', () => {
  const request = {
    url: 'https://a.dev/${secret:a}',
    method: 'POST',
    headers: { cookie: '${secret:a}' },
    json: { b: ['${secret:a}'] },
  };
  assert.deepEqual(placesOf({ monitor: { request } }), []);
  assert.deepEqual(placesOf({ monitor: { name: '${secret:a}', tags: ['${secret:a}'] } }), [
    'error $.name',
    'error $.tags[0]',
  ]);
  assert.deepEqual(placesOf({ config: { notify: [{ email: '${secret:a}' }] } }), ['error $.notify[0].email']);
});

test('a url may be a secret, or hold one anywhere', () => {
  for (const url of ['${secret:base}/x', 'https://a.dev/?key=${secret:k}', 'https://${secret:u}:${secret:p}@a.dev/']) {
    assert.deepEqual(placesOf({ monitor: { request: { url } } }), [], url);
  }
});

test('no text throws, whatever it holds', () => {
  const piece = fc.constantFrom('$', '{', '}', 'env:', 'secret:', ':-', 'a', '-', ' ', '\ud800', '\n');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      for (const problem of problemsOf({ monitor: withBody(pieces.join('')) }))
        assert.equal(problem.path, '$.request.body');
    }),
  );
});
