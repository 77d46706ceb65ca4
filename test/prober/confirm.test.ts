import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Prober } from '../../functions/prober/attempt.ts';
import { type Confirmed, confirm, type Tried } from '../../functions/prober/confirm.ts';
import { type Failure, failed, inconclusive } from '../../functions/prober/failure.ts';
import { UNPACED } from '../../functions/prober/pacer.ts';
import { Trace } from '../../functions/prober/trace.ts';
import { isTrusted } from '../../shared/result.ts';
import { type MonitorCase, monitor, prober } from './build.ts';
import { FakeClock } from './fake-clock.ts';

const REFUSED = failed('connect', 'connect', 'connection refused connecting to 192.0.2.1:443');
const TIMEOUT = failed('timeout', 'firstByte', 'no answer within 20 s');
const TOO_SLOW = failed('expectation', null, 'expected a response time below 100 ms, took 130 ms');
const UNAVAILABLE = failed('status', null, 'expected status 200, got 503');
const NOT_FOUND = failed('status', null, 'expected status 200, got 404');
const WRONG = failed('expectation', null, 'body expected "ok", got "error"');

describe('an attempt that failed', () => {
  test('and passes when tried again is passed, and a flake that keeps what came first', async () => {
    const { confirmed } = await confirming({ attempts: 2 }, [{ failure: UNAVAILABLE, status: 503 }, {}]);
    assert.equal(confirmed.tried.found.failure, null);
    assert.deepEqual([confirmed.attempts, confirmed.flake?.failure], [2, UNAVAILABLE]);
  });

  test('and fails again stays what it was at first', async () => {
    const later = failed('timeout', 'connect', 'no answer within 150 ms');
    const { confirmed } = await confirming({ attempts: 3 }, [
      { failure: REFUSED },
      { failure: later },
      { failure: later },
    ]);
    assert.deepEqual([confirmed.tried.found.failure, confirmed.attempts, confirmed.flake], [REFUSED, 3, null]);
  });

  for (const [what, failure, status] of [
    ['an answer that is wrong', WRONG, 200],
    ['a status below 500', NOT_FOUND, 404],
    ['an address that is not allowed', failed('blocked-address', null, 'a loopback address'), null],
    ['a body beyond its bound', failed('too-large', 'download', 'the body is larger than 10 bytes'), 200],
    ['a fault of ours', inconclusive('too many open sockets'), null],
  ] as const) {
    test(`by ${what} is not tried again`, async () => {
      const { tries } = await confirming({ attempts: 3 }, [{ failure, status }]);
      assert.equal(tries.length, 1);
    });
  }

  test('is not tried again where one attempt is all that is allowed', async () => {
    const { tries } = await confirming({ attempts: 1 }, [{ failure: REFUSED }]);
    assert.equal(tries.length, 1);
  });

  test('is not tried again when its deadline leaves too little for an answer', async () => {
    const { tries } = await confirming({ attempts: 2, timeoutMs: 1_000 }, [{ failure: REFUSED, tookMs: 850 }]);
    assert.equal(tries.length, 1);
  });

  test('leaves the next attempt what is left of the deadline', async () => {
    const { tries } = await confirming({ attempts: 2, timeoutMs: 1_000 }, [{ failure: REFUSED, tookMs: 300 }, {}]);
    assert.deepEqual(
      tries.map(({ timeoutMs }) => timeoutMs),
      [1_000, 700],
    );
  });
});

describe('the address', () => {
  test('is the same for an attempt that confirms, and another one for the last', async () => {
    const { tries } = await confirming({ attempts: 2 }, [
      { failure: REFUSED, resolves: ['192.0.2.1', '192.0.2.2'] },
      { failure: REFUSED },
      { failure: REFUSED },
    ]);
    assert.deepEqual(
      tries.map(({ address }) => address),
      ['192.0.2.1', '192.0.2.1', '192.0.2.2'],
    );
  });

  test('is to blame when only another one works', async () => {
    const { confirmed } = await confirming({ attempts: 2 }, [
      { failure: UNAVAILABLE, status: 503, resolves: ['192.0.2.1', '192.0.2.2'] },
      { failure: UNAVAILABLE, status: 503 },
      {},
    ]);
    assert.deepEqual([confirmed.blame, confirmed.attempts, confirmed.address], ['address', 3, '192.0.2.2']);
  });

  test('is tried alone when the name has no other', async () => {
    const { tries, confirmed } = await confirming({ attempts: 2 }, [{ failure: REFUSED }, { failure: REFUSED }]);
    assert.deepEqual([tries.length, confirmed.blame], [2, 'target']);
  });
});

describe('a process that stood still', () => {
  test('looks once more, and does not count that', async () => {
    const { confirmed } = await confirming({ attempts: 2 }, [{ stallMs: 80 }, {}]);
    assert.deepEqual([confirmed.attempts, confirmed.tried.stallMs, confirmed.flake], [1, 0, null]);
  });

  test('within its tolerance looks once', async () => {
    const { tries } = await confirming({ attempts: 2 }, [{ stallMs: 50, tookMs: 1_000 }]);
    assert.equal(tries.length, 1);
  });

  test('twice is marked by the shorter stall', async () => {
    const { confirmed } = await confirming({ attempts: 2 }, [{ stallMs: 80 }, { stallMs: 30 }]);
    assert.deepEqual([confirmed.tried.stallMs, confirmed.tried.found.failure], [30, null]);
  });

  test('does not excuse a status', async () => {
    const { confirmed } = await confirming({ attempts: 2 }, [{ failure: UNAVAILABLE, status: 503, stallMs: 80 }, {}]);
    assert.deepEqual([confirmed.attempts, confirmed.flake?.failure], [2, UNAVAILABLE]);
  });

  for (const failure of [TIMEOUT, TOO_SLOW]) {
    test(`makes ${failure.reason} inconclusive when it cannot be repeated`, async () => {
      const { confirmed } = await confirming({ attempts: 1 }, [{ failure, stallMs: 2_000 }]);
      assert.deepEqual([confirmed.tried.found.failure?.outcome, confirmed.blame], ['inconclusive', 'prober']);
    });
  }

  test('finds a failure all the same when it looks again', async () => {
    const { confirmed } = await confirming({ attempts: 1, timeoutMs: 5_000 }, [{ failure: WRONG, stallMs: 80 }]);
    assert.equal(confirmed.tried.found.failure, WRONG);
  });
});

for (const [failure, blame] of [
  [failed('dns', 'dns', 'no such name'), 'dns'],
  [failed('timeout', 'dns', 'no answer'), 'dns'],
  [REFUSED, 'target'],
  [failed('connect', 'connect', 'network unreachable connecting to 192.0.2.1:443'), 'path'],
  [failed('timeout', 'connect', 'no answer'), 'path'],
  [failed('tls', 'tls', 'the certificate is self-signed'), 'tls'],
  [TIMEOUT, 'target'],
  [UNAVAILABLE, 'target'],
  [WRONG, 'target'],
  [failed('blocked-address', null, 'a loopback address'), null],
  [inconclusive('too many open sockets'), 'prober'],
] as const) {
  test(`"${failure.detail}" in ${failure.failedPhase} blames ${blame}`, async () => {
    const { confirmed } = await confirming({ attempts: 1 }, [{ failure }]);
    assert.equal(confirmed.blame, blame);
  });
}

const failures = [REFUSED, TIMEOUT, TOO_SLOW, UNAVAILABLE, NOT_FOUND, WRONG, inconclusive('no memory')];
const attempts = fc.record({
  failure: fc.option(fc.constantFrom(...failures), { nil: null }),
  stallMs: fc.constantFrom(0, 3, 40, 3_000),
  tookMs: fc.constantFrom(1, 100, 4_000),
});

test('whatever happens, a failure is failed, a flake or ours, and no deadline is exceeded', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(attempts, { minLength: 8, maxLength: 8 }),
      fc.integer({ min: 1, max: 5 }),
      async (each, allowed) => {
        const { confirmed, tries } = await confirming({ attempts: allowed, timeoutMs: 9_000 }, each);
        const last = confirmed.tried.found.failure;
        const clearly = tries.find(
          ({ is }) => is.failure !== null && isTrusted({ stallMs: is.stallMs ?? 0, totalMs: is.tookMs ?? 0 }),
        );
        if (clearly !== undefined && last === null) assert.ok(confirmed.flake !== null && confirmed.attempts > 1);
        assert.equal(confirmed.flake !== null, confirmed.attempts > 1 && last === null);
        // The attempts, one repeated for a stall, one at another address.
        assert.ok(tries.length <= allowed + 2);
        for (const { atMs, timeoutMs } of tries) assert.ok(atMs + timeoutMs <= 9_000);
      },
    ),
  );
});

interface Told {
  readonly failure?: Failure | null;
  readonly status?: number | null;
  readonly stallMs?: number;
  readonly tookMs?: number;
  readonly resolves?: readonly string[];
}

/** A check of example.test whose attempts come out as told, the first first. */
async function confirming(stated: MonitorCase, told: readonly Told[]) {
  const clock = new FakeClock(0);
  const left = [...told];
  const tries: { readonly atMs: number; readonly timeoutMs: number; readonly address: string; readonly is: Told }[] =
    [];
  let addresses: readonly string[] = ['192.0.2.1'];
  const base = prober({ clock, resolveName: async () => addresses, openSocket: () => new Socket() });
  const attempt = async (observed: Prober, timeoutMs: number): Promise<Tried> => {
    const is = left.shift();
    assert.ok(is !== undefined, 'one attempt too many');
    addresses = is.resolves ?? addresses;
    const [address = ''] = await observed.resolveName('example.test');
    observed
      .openSocket(address, 1)
      .on('error', () => {})
      .destroy();
    tries.push({ atMs: clock.monotonicMs(), timeoutMs, address, is });
    const trace = new Trace(clock);
    trace.enter('connect');
    clock.stall(is.tookMs ?? 10);
    trace.status = is.status ?? null;
    trace.end();
    return { found: { failure: is.failure ?? null, metrics: {} }, trace, stallMs: is.stallMs ?? 0 };
  };
  const confirmed: Confirmed = await confirm(base, monitor(stated), UNPACED, attempt);
  return { confirmed, tries };
}
