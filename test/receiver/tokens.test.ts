import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { fromParameterStore, fromSecretsManager, type ReadSecrets } from '../../functions/receiver/secret-values.ts';
import { createTokens } from '../../functions/receiver/tokens.ts';
import type { HeartbeatMonitor } from '../../shared/monitor.ts';
import { heartbeatOf } from '../shared/build.ts';

const MINUTE = 60_000;

function job(id: string, token: string): HeartbeatMonitor {
  return heartbeatOf({ id, heartbeat: { token } });
}

/** Secrets that can change, and fail to be read. */
class Vault {
  readonly reads: (readonly string[])[] = [];
  readonly logged: string[] = [];
  secrets: Readonly<Record<string, string>> = {};
  error: string | null = null;
  nowEpochMs = 0;

  readonly read: ReadSecrets = async (names) => {
    this.reads.push(names);
    const found = names.flatMap((name) => {
      const value = this.secrets[name];
      return value === undefined || this.error !== null ? [] : [[name, value] as const];
    });
    return { values: new Map(found), error: this.error };
  };

  tokens(jobs: readonly HeartbeatMonitor[]) {
    return createTokens(
      this.read,
      jobs,
      () => this.nowEpochMs,
      (line) => this.logged.push(line),
    );
  }
}

test('all tokens are read together, and kept for five minutes', async () => {
  const vault = new Vault();
  vault.secrets = { a: '1', b: '2' };
  const tokens = vault.tokens([job('x', '${secret:a}'), job('y', '${secret:b}'), job('z', 'plain')]);
  const expected = new Map([
    ['x', '1'],
    ['y', '2'],
    ['z', 'plain'],
  ]);
  assert.deepEqual(await tokens(), { known: expected, complete: true });
  vault.nowEpochMs = 5 * MINUTE - 1;
  await tokens();
  assert.deepEqual(vault.reads, [['a', 'b']]);
  vault.secrets = { a: 'new', b: '2' };
  vault.nowEpochMs = 5 * MINUTE;
  assert.equal((await tokens()).known.get('x'), 'new');
});

test('a key of a JSON secret is that key’s value', async () => {
  const vault = new Vault();
  vault.secrets = { jobs: '{"backup":"s3cret","pin":12}', text: 'no json' };
  const { known, complete } = await vault.tokens([
    job('x', '${secret:jobs#backup}'),
    job('y', 'a-${secret:jobs#pin}'),
    job('z', '${secret:text#backup}'),
  ])();
  assert.deepEqual(
    [[...known], complete],
    [
      [
        ['x', 's3cret'],
        ['y', 'a-12'],
      ],
      false,
    ],
  );
});

test('a line break at a secret’s end is none of the token, and a secret of nothing else is missing', async () => {
  const vault = new Vault();
  vault.secrets = { a: 't0ken\n', b: ' \n' };
  const { known, complete } = await vault.tokens([job('x', '${secret:a}'), job('y', '${secret:b}')])();
  assert.deepEqual([[...known], complete], [[['x', 't0ken']], false]);
});

test('while secrets cannot be read, those that were read before still serve', async () => {
  const vault = new Vault();
  vault.secrets = { a: '1' };
  const tokens = vault.tokens([job('x', '${secret:a}')]);
  await tokens();
  vault.error = 'ThrottlingException';
  vault.nowEpochMs = 6 * MINUTE;
  assert.deepEqual(await tokens(), { known: new Map([['x', '1']]), complete: true });
  assert.deepEqual(vault.logged, ['{"event":"tokens-not-read","missing":[],"error":"ThrottlingException"}']);
});

test('a secret that is gone lets nobody in any longer', async () => {
  const vault = new Vault();
  vault.secrets = { a: '1' };
  const tokens = vault.tokens([job('x', '${secret:a}')]);
  await tokens();
  vault.secrets = {};
  vault.nowEpochMs = 6 * MINUTE;
  assert.deepEqual(await tokens(), { known: new Map(), complete: false });
});

test('a secret that is missing is looked for again after ten seconds, however many calls come', async () => {
  const vault = new Vault();
  const tokens = vault.tokens([job('x', '${secret:a}')]);
  for (let call = 0; call < 20; call += 1) assert.equal((await tokens()).complete, false);
  assert.equal(vault.reads.length, 1);
  vault.secrets = { a: '1' };
  vault.nowEpochMs = 10_000;
  assert.equal((await tokens()).complete, true);
});

test('Parameter Store is asked for ten names at a time, decrypted, by their paths', async () => {
  const asked: (readonly string[])[] = [];
  const client: Pick<SSMClient, 'send'> = {
    send: async ({ input }: GetParametersCommand) => {
      asked.push(input.Names ?? []);
      assert.equal(input.WithDecryption, true);
      return { $metadata: {}, Parameters: (input.Names ?? []).map((Name) => ({ Name, Value: Name.slice(-2) })) };
    },
  };
  const names = Array.from({ length: 12 }, (_, n) => `s-${n + 10}`);
  const { values, error } = await fromParameterStore(client, 'acme')(names);
  assert.deepEqual([values.get('s-21'), values.size, error], ['21', 12, null]);
  assert.deepEqual(
    asked.map(({ length }) => length),
    [10, 2],
  );
  assert.equal(asked[0]?.[0], '/parallax/acme/s-10');
});

test('Secrets Manager is asked for each by its id; one that fails takes no other with it', async () => {
  const client: Pick<SecretsManagerClient, 'send'> = {
    send: async ({ input }: GetSecretValueCommand) => {
      if (input.SecretId === 'parallax/acme/b') throw Object.assign(new Error('b is s3cret'), { name: 'NotFound' });
      return { $metadata: {}, SecretString: `of ${input.SecretId}` };
    },
  };
  const { values, error } = await fromSecretsManager(client, 'acme')(['a', 'b']);
  assert.deepEqual([[...values], error], [[['a', 'of parallax/acme/a']], 'NotFound']);
});
