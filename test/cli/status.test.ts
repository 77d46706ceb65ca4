import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { createStatusVerb } from '../../cli/status.ts';
import { UsageError } from '../../cli/verb.ts';
import type { StatusResponse } from '../../shared/api-types.ts';
import { controlPut, newControl } from '../../shared/control.ts';
import { batchPut } from '../../shared/table.ts';
import { TABLE } from '../engine/table.ts';
import { failureOf, resultOf } from '../shared/build.ts';
import { deployment, HOUR, MINUTE, NOW, startAccount } from './connections.ts';
import { fakeIo } from './process.ts';

/** Every monitor's last result from every region; `failing` ones fail everywhere. */
async function deployed(t: TestContext, { failing = [], gone = [] }: { failing?: string[]; gone?: string[] } = {}) {
  const account = await startAccount(t, gone);
  for (const region of deployment.regions) {
    const results = deployment.monitors.map(({ id }) => {
      const of = { monitorId: id, slotEpochMs: NOW - MINUTE };
      return failing.includes(id) ? failureOf(of) : resultOf(of);
    });
    const put = batchPut(TABLE, { region, startEpochMs: NOW - MINUTE, shard: 0, results }, deployment.retention);
    await account.client.send(new PutItemCommand(put));
  }
  return {
    ...account,
    run: async (argv: readonly string[], io = fakeIo(), wait = async () => {}) => {
      const verb = createStatusVerb({ open: account.open, now: () => NOW, wait });
      return { code: await verb.run(argv, io), ...io.said };
    },
  };
}

test('everything up is a yes', async (t) => {
  const { run } = await deployed(t);
  const { code, out } = await run([]);
  assert.equal(code, 0);
  assert.match(out, /checkout +all +up/);
});

test('a monitor that is down is a no', async (t) => {
  const { run } = await deployed(t, { failing: ['search'] });
  const { code, out } = await run([]);
  assert.equal(code, 1);
  assert.match(out, /search +all +down/);
});

test('without results nothing is up', async (t) => {
  const { open } = await startAccount(t);
  const io = fakeIo();
  assert.equal(await createStatusVerb({ open, now: () => NOW, wait: async () => {} }).run([], io), 1);
  assert.match(io.said.out, /checkout +all +unknown/);
});

test('a paused monitor is shown, and is no part of the answer', async (t) => {
  const { run, client } = await deployed(t, { failing: ['search'] });
  const pause = newControl({ kind: 'pause', target: 'monitor:search', reason: null, by: 'ada@desk' }, HOUR, null, NOW);
  await client.send(new PutItemCommand(controlPut(TABLE, 'eu-west-1', pause)));
  const { code, out } = await run([]);
  assert.equal(code, 0);
  assert.match(out, /search +all +paused .* paused until 13:00/);
});

test('--json is what the API answers', async (t) => {
  const { run, client } = await deployed(t);
  const silence = newControl({ kind: 'silence', target: 'all', reason: 'move', by: 'ada@desk' }, HOUR, null, NOW);
  await client.send(new PutItemCommand(controlPut(TABLE, 'us-east-1', silence)));
  const status: StatusResponse = JSON.parse((await run(['--json', '--range', '15m'])).out);
  assert.equal(status.rangeMs, 15 * MINUTE);
  assert.deepEqual(status.monitors[0]?.controls, [
    { kind: 'silence', target: 'all', untilEpochMs: NOW + HOUR, reason: 'move', by: 'ada@desk' },
  ]);
});

test('while home does not answer, standby’s replica does', async (t) => {
  const { run } = await deployed(t, { gone: ['us-east-1'] });
  const { code, err } = await run([]);
  assert.equal(code, 0);
  assert.match(err, /us-east-1 does not answer .*; going on in eu-west-1/);
});

test('a range that the API does not take is a call that cannot be understood', async (t) => {
  const { run } = await deployed(t);
  await assert.rejects(
    run(['--range', 'soon']),
    (error) => error instanceof UsageError && /--range=soon/.test(error.message),
  );
});

test('watching shows again and again until it is stopped, one line of JSON each time', async (t) => {
  const { run } = await deployed(t);
  const stop = new AbortController();
  let waits = 0;
  const wait = async () => {
    waits += 1;
    if (waits === 3) stop.abort();
  };
  const { code, out } = await run(['--watch', '--json'], fakeIo({ signal: stop.signal }), wait);
  assert.equal(code, 0);
  const names = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).name);
  assert.deepEqual(names, [deployment.name, deployment.name, deployment.name]);
});

test('watching goes on when nobody answers', async (t) => {
  const { run } = await deployed(t, { gone: ['us-east-1', 'eu-west-1'] });
  const stop = new AbortController();
  const { code, err } = await run(['--watch'], fakeIo({ signal: stop.signal }), async () => stop.abort());
  assert.equal(code, 0);
  assert.match(err, /No answer \(.*\); trying again\.\n$/);
});
