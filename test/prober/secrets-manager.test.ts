import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GetSecretValueCommand, GetSecretValueCommandOutput } from '@aws-sdk/client-secrets-manager';
import { createSecretsManagerSecrets } from '../../functions/prober/secrets-manager.ts';
import { MINUTE_MS } from '../../shared/schedule.ts';

test('reads each name from the deployment’s own path, and gives one key of it', async () => {
  const { source, asked } = store({ 'parallax/acme/db': '{"password":"hunter2"}', 'parallax/acme/token': 'abc' });
  const read = await source.read(['token', 'db#password']);
  assert.deepEqual(
    [...read],
    [
      ['token', { value: 'abc' }],
      ['db#password', { value: 'hunter2' }],
    ],
  );
  assert.deepEqual(asked.sort(), ['parallax/acme/db', 'parallax/acme/token']);
});

test('has at most ten calls under way', async () => {
  const { source, asked, most } = store({});
  await source.read(Array.from({ length: 35 }, (_, index) => `s${index}`));
  assert.deepEqual([asked.length, most()], [35, 10]);
});

test('says of a missing one where to store it, and gives the others', async () => {
  const { source } = store({ 'parallax/acme/there': 'x' });
  const read = await source.read(['there', 'gone']);
  assert.deepEqual(read.get('there'), { value: 'x' });
  assert.deepEqual(read.get('gone'), {
    missing: 'secret "gone" does not exist: store it as the Secrets Manager secret parallax/acme/gone in eu-west-1',
  });
});

test('a binary secret has no text to send', async () => {
  const { source } = store({ 'parallax/acme/token': null });
  assert.deepEqual((await source.read(['token'])).get('token'), {
    missing: 'secret "token" is binary: store a text as the Secrets Manager secret parallax/acme/token in eu-west-1',
  });
});

test('one that is marked for deletion is missing, also where it was read before', async () => {
  const { source, fail, pass } = store({ 'parallax/acme/token': 'x' });
  await source.read(['token']);
  pass(6 * MINUTE_MS);
  fail('InvalidRequestException');
  assert.deepEqual((await source.read(['token'])).get('token'), {
    missing:
      'secret "token" is marked for deletion or has no value: restore the Secrets Manager secret parallax/acme/token in eu-west-1',
  });
});

for (const error of ['InternalServiceError', 'AccessDeniedException', 'TimeoutError']) {
  test(`${error} leaves what was read before, and of others says what to look at, not what the service said`, async () => {
    const { source, fail, pass } = store({ 'parallax/acme/token': 'x' });
    await source.read(['token']);
    pass(60 * MINUTE_MS);
    fail(error);
    const read = await source.read(['token', 'other']);
    assert.deepEqual(read.get('token'), { value: 'x' });
    assert.deepEqual(read.get('other'), {
      missing: `secret "other" could not be read from Secrets Manager (${error}): look at the Secrets Manager secret parallax/acme/other in eu-west-1 and at the prober's permissions`,
    });
  });
}

/** A Secrets Manager of these secrets, null being a binary one, and a clock that stands still. */
function store(secrets: Readonly<Record<string, string | null>>) {
  const asked: string[] = [];
  let nowMs = 0;
  let underWay = 0;
  let most = 0;
  let failure: string | null = null;
  const client = {
    async send(command: GetSecretValueCommand): Promise<GetSecretValueCommandOutput> {
      const id = command.input.SecretId ?? '';
      asked.push(id);
      underWay += 1;
      most = Math.max(most, underWay);
      await Promise.resolve();
      underWay -= 1;
      const found = secrets[id];
      const error = failure ?? (found === undefined ? 'ResourceNotFoundException' : null);
      if (error !== null) throw Object.assign(new Error('something with hunter2 in it'), { name: error });
      return { $metadata: {}, ...(found !== null && found !== undefined && { SecretString: found }) };
    },
  };
  const clock = { epochMs: () => nowMs, monotonicMs: () => nowMs, after: () => () => {} };
  return {
    source: createSecretsManagerSecrets(client, clock, 'acme', 'eu-west-1'),
    asked,
    most: () => most,
    fail: (name: string) => {
      failure = name;
    },
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}
