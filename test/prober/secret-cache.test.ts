import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cachedSecrets, type Stored } from '../../functions/prober/secret-cache.ts';
import { MINUTE_MS } from '../../shared/schedule.ts';

test('remembers a value for five minutes', async () => {
  const { source, asked, pass } = store({ token: { value: 'x' } });
  await source.read(['token']);
  pass(5 * MINUTE_MS - 1);
  await source.read(['token']);
  assert.equal(asked.length, 1);
  pass(1);
  await source.read(['token']);
  assert.equal(asked.length, 2);
});

test('takes up a changed value once the old one has aged', async () => {
  const { source, stored, pass } = store({ token: { value: 'old' } });
  await source.read(['token']);
  stored['token'] = { value: 'new' };
  assert.deepEqual((await source.read(['token'])).get('token'), { value: 'old' });
  pass(5 * MINUTE_MS);
  assert.deepEqual((await source.read(['token'])).get('token'), { value: 'new' });
});

test('asks again for what was missing', async () => {
  const { source, stored } = store({ token: { absent: 'it is not there' } });
  assert.deepEqual((await source.read(['token'])).get('token'), { missing: 'it is not there' });
  stored['token'] = { value: 'now there' };
  assert.deepEqual((await source.read(['token'])).get('token'), { value: 'now there' });
});

test('a store that does not say leaves what was read before, however old', async () => {
  const { source, stored, pass } = store({ token: { value: 'x' } });
  await source.read(['token']);
  pass(60 * MINUTE_MS);
  stored['token'] = { unread: 'the store is down' };
  assert.deepEqual((await source.read(['token'])).get('token'), { value: 'x' });
});

test('a store that does not say leaves what was never read missing', async () => {
  const { source } = store({ token: { unread: 'the store is down' } });
  assert.deepEqual((await source.read(['token'])).get('token'), { missing: 'the store is down' });
});

test('a secret that was taken away is missing, once the old value has aged', async () => {
  const { source, stored, pass } = store({ token: { value: 'x' } });
  await source.read(['token']);
  pass(5 * MINUTE_MS);
  stored['token'] = { absent: 'it is not there' };
  assert.deepEqual((await source.read(['token'])).get('token'), { missing: 'it is not there' });
});

test('a secret is read once, however many of its keys are used', async () => {
  const { source, asked } = store({ db: { value: '{"user":"probe","password":"hunter2","port":5432,"tls":true}' } });
  const read = await source.read(['db#user', 'db#password', 'db#port', 'db#tls', 'db']);
  assert.deepEqual(asked, [['db']]);
  assert.deepEqual(
    ['db#user', 'db#password', 'db#port', 'db#tls'].map((reference) => read.get(reference)),
    [{ value: 'probe' }, { value: 'hunter2' }, { value: '5432' }, { value: 'true' }],
  );
  assert.deepEqual(read.get('db'), { value: '{"user":"probe","password":"hunter2","port":5432,"tls":true}' });
});

for (const [what, value, missing] of [
  [
    'a text that is no JSON',
    'hunter2',
    'secret "db" is no JSON object, so it has no key "password": store {"password": "…"} as the place of db, or leave "#password" out',
  ],
  [
    'a list',
    '["hunter2"]',
    'secret "db" is no JSON object, so it has no key "password": store {"password": "…"} as the place of db, or leave "#password" out',
  ],
  ['another key', '{"pw":"hunter2"}', 'secret "db" has no key "password": add it to the place of db'],
  [
    'an object for it',
    '{"password":{"hunter2":1}}',
    'the key "password" of secret "db" is neither a text nor a number: correct it in the place of db',
  ],
  [
    'null for it',
    '{"password":null,"x":"hunter2"}',
    'the key "password" of secret "db" is neither a text nor a number: correct it in the place of db',
  ],
] as const) {
  test(`a key is missing from ${what}, with a sentence that says nothing of the secret`, async () => {
    const { source } = store({ db: { value } });
    assert.deepEqual((await source.read(['db#password'])).get('db#password'), { missing });
  });
}

test('what every object inherits is no key of a secret', async () => {
  const { source } = store({ db: { value: '{}' } });
  assert.ok('missing' in ((await source.read(['db#constructor'])).get('db#constructor') ?? {}));
});

/** A store of these secrets, and a clock that stands still. */
function store(stored: Record<string, Stored>) {
  const asked: (readonly string[])[] = [];
  let nowMs = 0;
  const reader = {
    async read(names: readonly string[]) {
      asked.push(names);
      return new Map(names.map((name): [string, Stored] => [name, stored[name] ?? { absent: 'none' }]));
    },
    placeOf: (name: string) => `the place of ${name}`,
  };
  const clock = { epochMs: () => nowMs, monotonicMs: () => nowMs, after: () => () => {} };
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { source: cachedSecrets(reader, clock), asked, stored, pass };
}
