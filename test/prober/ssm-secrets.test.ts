import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GetParametersCommand, GetParametersCommandOutput } from '@aws-sdk/client-ssm';
import { createSsmSecrets } from '../../functions/prober/ssm-secrets.ts';

test('reads each name from the deployment’s own path', async () => {
  const { source } = store({ '/parallax/acme/token': 'hunter2' });
  assert.deepEqual([...(await source.read(['token']))], [['token', { value: 'hunter2' }]]);
});

test('asks for ten names at a time, with decryption', async () => {
  const { source, asked } = store({});
  await source.read(Array.from({ length: 23 }, (_, index) => `s${index}`));
  assert.deepEqual(
    asked.map((command) => [command.input.Names?.length, command.input.WithDecryption]),
    [
      [10, true],
      [10, true],
      [3, true],
    ],
  );
});

test('says of a missing one where to store it, and gives the others', async () => {
  const { source } = store({ '/parallax/acme/there': 'x' });
  const read = await source.read(['there', 'gone']);
  assert.deepEqual(read.get('there'), { value: 'x' });
  assert.deepEqual(read.get('gone'), {
    missing: 'secret "gone" does not exist: store it as the SecureString /parallax/acme/gone in eu-west-1',
  });
});

test('a store that is down leaves every name missing, and what it said unsaid', async () => {
  const { source, breakDown } = store({});
  breakDown(Object.assign(new Error('something with hunter2 in it'), { name: 'InternalServerError' }));
  const missing = (await source.read(['token'])).get('token');
  assert.ok(missing !== undefined && 'missing' in missing);
  assert.match(missing.missing, /^secret "token" could not be read from Parameter Store \(InternalServerError\)/);
  assert.doesNotMatch(missing.missing, /hunter2/);
});

test('gives one key of a parameter that is JSON', async () => {
  const { source } = store({ '/parallax/acme/db': '{"password":"hunter2"}' });
  assert.deepEqual((await source.read(['db#password'])).get('db#password'), { value: 'hunter2' });
});

/** A Parameter Store of these parameters, and a clock that stands still. */
function store(parameters: Record<string, string>) {
  const asked: GetParametersCommand[] = [];
  let broken: Error | null = null;
  const client = {
    async send(command: GetParametersCommand): Promise<GetParametersCommandOutput> {
      asked.push(command);
      if (broken !== null) throw broken;
      const names = command.input.Names ?? [];
      const found = names.flatMap((Name) => {
        const Value = parameters[Name];
        return Value === undefined ? [] : [{ Name, Value }];
      });
      return { $metadata: {}, Parameters: found };
    },
  };
  const clock = { epochMs: () => 0, monotonicMs: () => 0, after: () => () => {} };
  return {
    source: createSsmSecrets(client, clock, 'acme', 'eu-west-1'),
    asked,
    breakDown: (error: Error) => {
      broken = error;
    },
  };
}
