import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { PAUSE } from '../../cli/pause.ts';
import type { ControlWords } from '../../cli/put-control.ts';
import { controlVerb } from '../../cli/put-control.ts';
import { createResumeVerb } from '../../cli/resume.ts';
import { SILENCE } from '../../cli/silence.ts';
import { UsageError } from '../../cli/verb.ts';
import { type Control, controlPut, effectiveControls, isPaused } from '../../shared/control.ts';
import { HOUR, MINUTE, NOW, startAccount } from './connections.ts';
import { fakeIo } from './process.ts';

const CHECKOUT = { id: 'checkout', tags: ['payments'] };
const SEARCH = { id: 'search', tags: [] };

async function desk(t: TestContext, gone: readonly string[] = []) {
  const account = await startAccount(t, gone);
  let now = NOW;
  const run = async (verb: ReturnType<typeof createResumeVerb>, argv: readonly string[]) => {
    const io = fakeIo();
    return { code: await verb.run(argv, io), ...io.said };
  };
  const put =
    (words: ControlWords) =>
    (...argv: string[]) =>
      run(
        controlVerb(words, account.open, () => now),
        argv,
      );
  return {
    ...account,
    later: (ms: number) => {
      now += ms;
    },
    pause: put(PAUSE),
    silence: put(SILENCE),
    resume: (...argv: string[]) =>
      run(
        createResumeVerb(account.open, () => now),
        argv,
      ),
  };
}

test('a pause is stored with its end, its reason and who wrote it', async (t) => {
  const { pause, controls } = await desk(t);
  const { code, out, err } = await pause('checkout', '--for', '2h', '--reason', 'new database');
  assert.equal(code, 0);
  assert.equal(
    out,
    'Paused checkout until 2026-01-05 14:00:00 UTC (2h), by arn:aws:sts::123456789012:assumed-role/Admin/ada: new database\n',
  );
  assert.match(err, /1 monitor is not checked .*\nEnd it earlier: npx parallax resume checkout\n/);
  assert.deepEqual(await controls(), [
    {
      kind: 'pause',
      target: 'monitor:checkout',
      fromEpochMs: NOW,
      untilEpochMs: NOW + 2 * HOUR,
      reason: 'new database',
      by: 'arn:aws:sts::123456789012:assumed-role/Admin/ada',
      atEpochMs: NOW,
      endedEarly: null,
    },
  ]);
});

test('without --for it ends after an hour', async (t) => {
  const { silence, controls } = await desk(t);
  await silence('tag:payments');
  const [control] = await controls();
  assert.deepEqual([control?.kind, control?.target, control?.untilEpochMs], ['silence', 'tag:payments', NOW + HOUR]);
});

test('--json gives the record that was stored', async (t) => {
  const { pause, controls } = await desk(t);
  const { out } = await pause('all', '--json');
  assert.deepEqual([JSON.parse(out)], await controls());
});

for (const [argv, expected] of [
  [['chekout'], /There is no monitor "chekout"\. Did you mean checkout\?/],
  [['tag:payment'], /No monitor has the tag "payment"\. Did you mean tag:payments\?/],
  [['payments'], /"payments" is a tag\. Write tag:payments/],
  [['something-else'], /There is no monitor "something-else"\. There are checkout, search\./],
  [['checkout', '--for', '31d'], /--for 31d is not a duration from 1m to 30d/],
  [['checkout', '--for', '30s'], /--for 30s is not/],
  [['checkout', '--for', 'soon'], /--for soon is not/],
  [['checkout', '--reason', 'x'.repeat(201)], /--reason has 201 characters/],
  [[], /pause takes one monitor/],
] as const) {
  test(`pause ${argv.join(' ').slice(0, 30)} stores nothing and says why`, async (t) => {
    const { pause, controls } = await desk(t);
    await assert.rejects(pause(...argv), (error) => error instanceof UsageError && expected.test(error.message));
    assert.deepEqual(await controls(), []);
  });
}

test('resume ends a pause that begins with the next minute', async (t) => {
  const { client, resume, controls } = await desk(t);
  const pause: Control = {
    kind: 'pause',
    target: 'monitor:checkout',
    fromEpochMs: NOW + MINUTE,
    untilEpochMs: NOW + HOUR,
    reason: 'spend cap of $1.00 an hour reached',
    by: "Parallax's aggregator in us-east-1",
    atEpochMs: NOW - MINUTE,
    spendCap: { dollars: 1, per: 'hour' },
    endedEarly: null,
  };
  await client.send(new PutItemCommand(controlPut('parallax-test', 'us-east-1', pause)));
  assert.equal((await resume('checkout')).code, 0);
  assert.equal(isPaused(CHECKOUT, NOW + 2 * MINUTE, effectiveControls(await controls())), false);
});

test('resume ends what was given to the same name, for the slots from then on', async (t) => {
  const { pause, resume, later, controls } = await desk(t);
  await pause('checkout');
  later(10 * MINUTE);
  const { code, out } = await resume('checkout');
  assert.deepEqual(
    [code, out],
    [0, 'Ended the pause of checkout, which would have held until 2026-01-05 13:00:00 UTC.\n'],
  );
  const paused = [9, 10].map(async (minute) => isPaused(CHECKOUT, NOW + minute * MINUTE, await controls()));
  assert.deepEqual(await Promise.all(paused), [true, false]);
});

test('resume says what still holds for it, and answers 1', async (t) => {
  const { pause, silence, resume, later } = await desk(t);
  await pause('tag:payments', '--reason', 'new database');
  await silence('checkout');
  later(MINUTE);
  const { code, out } = await resume('checkout');
  assert.equal(code, 1);
  assert.match(out, /^Ended the silence of checkout/);
  assert.match(out, /Still paused by tag:payments until 2026-01-05 13:00:00 UTC, by arn:\S+: new database\n/);
  assert.match(out, /To end that too: npx parallax resume tag:payments\.\n$/);
});

test('resume all ends everything', async (t) => {
  const { pause, silence, resume, later, controls } = await desk(t);
  await pause('tag:payments');
  await silence('search');
  later(MINUTE);
  assert.equal((await resume('all')).code, 0);
  assert.deepEqual(
    (await controls()).map(({ endedEarly }) => endedEarly?.atEpochMs),
    [NOW + MINUTE, NOW + MINUTE],
  );
});

test('resuming what is not paused changes nothing, and is no failure', async (t) => {
  const { resume, controls } = await desk(t);
  const { code, out } = await resume('search');
  assert.deepEqual([code, out], [0, 'Nothing was paused or silenced by the name search.\n']);
  assert.deepEqual(await controls(), []);
});

test('while home does not answer, a pause is written by standby’s key and holds', async (t) => {
  const { pause, controls } = await desk(t, ['us-east-1']);
  const { code, err } = await pause('all');
  assert.equal(code, 0);
  assert.match(err, /us-east-1 does not answer .*; going on in eu-west-1\.\n/);
  assert.deepEqual(await controls({ home: 'us-east-1', standby: null }), []);
  assert.ok(isPaused(SEARCH, NOW, await controls()));
});

test('--standby writes there at once', async (t) => {
  const { pause, controls } = await desk(t);
  await pause('search', '--standby');
  assert.deepEqual(await controls({ home: 'us-east-1', standby: null }), []);
  assert.equal((await controls()).length, 1);
});

test('a pause that was written in home is ended from standby', async (t) => {
  const { pause, resume, later, controls } = await desk(t);
  await pause('search');
  later(MINUTE);
  await resume('search', '--standby');
  assert.ok(!isPaused(SEARCH, NOW + 2 * MINUTE, await controls()));
});

test('where neither region answers, it could not run, and says so', async (t) => {
  const { pause } = await desk(t, ['us-east-1', 'eu-west-1']);
  const { code, err } = await pause('all');
  assert.equal(code, 2);
  assert.match(err, /parallax pause: AWS does not answer \(.*\)\. Look at the network/);
});

test('resume ends what a spend cap has paused, and a pause beside it stands by itself', async (t) => {
  const { pause, resume, controls, client } = await desk(t);
  const about = { kind: 'pause', target: 'monitor:checkout', reason: 'spend cap', by: 'aggregator' } as const;
  const spendCap = { dollars: 5, per: 'day' } as const;
  const times = { fromEpochMs: NOW - HOUR, untilEpochMs: NOW + 9 * HOUR, atEpochMs: NOW - HOUR, endedEarly: null };
  await client.send(new PutItemCommand(controlPut('parallax-test', 'us-east-1', { ...about, ...times, spendCap })));
  await pause('checkout', '--for', '2h');
  const paused = async (hours: number) => isPaused(CHECKOUT, NOW + hours * HOUR, await controls());
  assert.deepEqual([await paused(1), await paused(3)], [true, true]);
  const { code, out } = await resume('checkout');
  assert.equal(code, 0);
  assert.equal(out.match(/^Ended the pause of checkout/gm)?.length, 2);
  assert.deepEqual([await paused(0), await paused(3)], [false, false]);
});
