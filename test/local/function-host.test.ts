import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { FunctionError, type FunctionSettings, type LocalFunction, startFunction } from '../../local/function-host.ts';

function start(t: TestContext, settings: Partial<FunctionSettings> = {}): LocalFunction {
  const started = startFunction({
    name: 'stand-in',
    handler: new URL('./stand-ins/any-function.ts', import.meta.url),
    env: {},
    timeoutMs: 20_000,
    maxConcurrent: 3,
    log: () => {},
    ...settings,
  });
  t.after(() => started.close(0));
  return started;
}

function code(expected: FunctionError['code']): (error: unknown) => boolean {
  return (error) => error instanceof FunctionError && error.code === expected;
}

describe('startFunction', () => {
  it('answers with what the handler returns, as JSON keeps it', async (t) => {
    const result = await start(t).invoke({ do: 'echo', text: 'hi' });
    assert.deepEqual(result, { text: 'hi', calls: 1, functionName: 'stand-in' });
  });

  it('runs in the environment that it is given and no other', async (t) => {
    const env = { AWS_REGION: 'eu-west-1' };
    assert.deepEqual(await start(t, { env }).invoke({ do: 'environment' }), env);
  });

  it('stays warm between runs', async (t) => {
    const fn = start(t);
    await fn.invoke({ do: 'echo' });
    assert.partialDeepStrictEqual(await fn.invoke({ do: 'echo' }), { calls: 2 });
  });

  it('says what a handler threw', async (t) => {
    await assert.rejects(start(t).invoke({ do: 'throw' }), /as ordered/);
  });

  it('goes on in a new thread after one died', async (t) => {
    const fn = start(t);
    await assert.rejects(fn.invoke({ do: 'die' }), code('died'));
    assert.partialDeepStrictEqual(await fn.invoke({ do: 'echo' }), { calls: 1 });
  });

  it('stops a run that takes too long, even one that never yields', async (t) => {
    const fn = start(t, { timeoutMs: 300 });
    await assert.rejects(fn.invoke({ do: 'spin' }), code('timeout'));
  });

  it('fails the runs that shared the thread with one that was stopped', async (t) => {
    const fn = start(t, { timeoutMs: 600 });
    const runs = await Promise.allSettled([fn.invoke({ do: 'hang' }), fn.invoke({ do: 'hang' })]);
    assert.deepEqual(
      runs.map((run) => run.status),
      ['rejected', 'rejected'],
    );
  });

  it('refuses a run beyond its bound', async (t) => {
    const fn = start(t, { maxConcurrent: 1 });
    const first = fn.invoke({ do: 'hang' });
    first.catch(() => {});
    await assert.rejects(fn.invoke({ do: 'echo' }), code('busy'));
  });

  it('says why a handler cannot be loaded', async (t) => {
    const fn = start(t, { handler: new URL('./stand-ins/nothing-here.ts', import.meta.url) });
    await assert.rejects(fn.invoke({}), /nothing-here/);
  });

  it('hands on what the function writes, line by line', async (t) => {
    const lines: string[] = [];
    let run: Promise<unknown> = Promise.resolve();
    await new Promise<void>((resolve) => {
      const fn = start(t, {
        log: (line) => {
          lines.push(line);
          resolve();
        },
      });
      run = fn.invoke({ do: 'log', text: 'a line' });
    });
    await run;
    assert.deepEqual(lines, ['a line']);
  });

  it('lets a run finish before it closes', async (t) => {
    const fn = start(t);
    const run = fn.invoke({ do: 'echo', text: 'last' });
    await fn.close(10_000);
    assert.partialDeepStrictEqual(await run, { text: 'last' });
  });

  it('ends a run that does not finish in time for the close', async (t) => {
    const fn = start(t);
    const run = fn.invoke({ do: 'hang' });
    run.catch(() => {});
    await fn.close(50);
    await assert.rejects(run, code('closed'));
  });

  it('takes nothing more once it closes', async (t) => {
    const fn = start(t);
    await fn.close(0);
    await assert.rejects(fn.invoke({ do: 'echo' }), code('closed'));
  });
});
