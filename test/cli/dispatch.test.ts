import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dispatch, type VerbTable } from '../../cli/dispatch.ts';
import { UsageError, type Verb } from '../../cli/verb.ts';
import { fakeIo } from './process.ts';

function verb(name: string, run: Verb['run'] = async () => 0): Verb {
  return { name, summary: `what ${name} does`, usage: `Usage: npx parallax ${name}`, run };
}

const VERBS: VerbTable = {
  validate: async () =>
    verb('validate', async (argv, io) => {
      io.stdout(argv.join(' '));
      return 1;
    }),
  check: async () =>
    verb('check', async () => {
      throw new UsageError('Name a file.');
    }),
  broken: async () =>
    verb('broken', async () => {
      throw new TypeError('out of luck');
    }),
};

async function run(...argv: string[]) {
  const io = fakeIo();
  return { code: await dispatch(argv, VERBS, io), ...io.said };
}

test('a verb gets what follows it, and its answer is the exit code', async () => {
  assert.deepEqual(await run('validate', 'a.json', '--json'), { code: 1, out: 'a.json --json', err: '' });
});

test('--help lists the verbs on stdout', async () => {
  const { code, out } = await run('--help');
  assert.equal(code, 0);
  assert.match(out, /validate {2}what validate does/);
});

test('no verb is a call that cannot be understood', async () => {
  const { code, out, err } = await run();
  assert.deepEqual([code, out], [2, '']);
  assert.match(err, /Usage: npx parallax <verb>/);
});

test('a verb explains itself, however it is asked', async () => {
  for (const argv of [
    ['check', '--help'],
    ['check', 'a.json', '-h'],
    ['help', 'check'],
  ]) {
    assert.deepEqual(await run(...argv), { code: 0, out: 'Usage: npx parallax check\n', err: '' });
  }
});

test('what follows -- is no flag', async () => {
  assert.equal((await run('validate', '--', '--help')).out, '-- --help');
});

test('a misspelt verb is answered with the nearest', async () => {
  const { code, err } = await run('valdiate');
  assert.equal(code, 2);
  assert.match(err, /no verb "valdiate"\. Did you mean `parallax validate`\?/);
});

test('inherited properties of an object are no verbs', async () => {
  assert.equal((await run('constructor')).code, 2);
});

test('a call that a verb does not understand points to its help', async () => {
  assert.deepEqual(await run('check'), {
    code: 2,
    out: '',
    err: 'parallax check: Name a file.\nSee `npx parallax check --help`.\n',
  });
});

test('a defect is told with its stack', async () => {
  const { code, err } = await run('broken');
  assert.equal(code, 2);
  assert.match(err, /parallax broken: TypeError: out of luck\n +at /);
});
