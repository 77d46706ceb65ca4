import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Result } from '../../shared/result.ts';
import { data, serveZone, type ZoneAnswer } from '../servers/zone.ts';
import { checkWritten, clockWithDeadline } from './build.ts';

const NAME = 'acme.test';

async function check(
  t: TestContext,
  record: string,
  answer: ZoneAnswer | undefined,
  expect: object = {},
): Promise<Result> {
  const port = await serveZone(t, answer === undefined ? {} : { [`${record} ${NAME}`]: answer });
  return checkWritten({ type: 'dns', dns: { name: NAME, record, resolver: `127.0.0.1:${port}` }, expect });
}

const TWO = [data.address('192.0.2.2'), data.address('192.0.2.1')];

const CANONICAL: readonly [string, readonly Buffer[], readonly string[]][] = [
  ['A', TWO, ['192.0.2.1', '192.0.2.2']],
  ['AAAA', [data.address('2001:db8::1')], ['2001:0DB8:0:0::1']],
  ['CNAME', [data.name('WWW.acme.test')], ['www.acme.test.']],
  ['NS', [data.name('ns2.acme.test'), data.name('ns1.acme.test')], ['ns1.acme.test', 'ns2.acme.test']],
  ['MX', [data.mx(20, 'b.acme.test'), data.mx(10, 'A.acme.test')], ['10 a.acme.test', '20  B.acme.test.']],
  ['TXT', [data.txt('v=spf1 ', 'Include:x -all')], ['v=spf1 Include:x -all']],
  ['SRV', [data.srv(10, 5, 5060, 'sip.acme.test')], ['10 5 5060 sip.acme.test']],
  ['CAA', [data.caa(0, 'issue', 'letsencrypt.org')], ['0 issue "letsencrypt.org"']],
];

for (const [record, answer, answers] of CANONICAL) {
  test(`${record} answers are expected in any order, and in any way of writing the same`, async (t) => {
    const { detail } = await check(t, record, answer, { answers: [...answers].reverse() });
    assert.equal(detail, null);
  });
}

test('an answer passes, and all of its time is in dns', async (t) => {
  const result = await check(t, 'A', TWO);
  assert.equal(result.outcome, 'passed');
  assert.equal(result.address, '127.0.0.1');
  assert.ok(result.phases.dnsMs !== null && result.totalMs !== null);
  const { connectMs, tlsMs, firstByteMs, downloadMs } = result.phases;
  assert.deepEqual([connectMs, tlsMs, firstByteMs, downloadMs], [null, null, null, null]);
});

const EXPECTED: readonly [string, object, string | null][] = [
  ['one of them', { contains: '192.0.2.2' }, null],
  ['a wrong one', { contains: '192.0.2.9' }, 'to contain "192.0.2.9", got ["192.0.2.1","192.0.2.2"]'],
  ['fewer than there are', ['192.0.2.1'], '["192.0.2.1"], got ["192.0.2.1","192.0.2.2"]'],
  ['how many there are', { length: { above: 1 } }, null],
  ['more than there are', { length: 3 }, 'length 3, got ["192.0.2.1","192.0.2.2"]'],
  ['none where there are some', { exists: false }, 'not to be there, got ["192.0.2.1","192.0.2.2"]'],
];

for (const [what, answers, detail] of EXPECTED) {
  test(`${what} ${detail === null ? 'passes' : 'fails the expectation'}`, async (t) => {
    const result = await check(t, 'A', TWO, { answers });
    if (detail === null) assert.equal(result.detail, null);
    else assert.deepEqual([result.reason, result.detail], ['expectation', `the answers expected ${detail}`]);
  });
}

const NONE: readonly [string, ZoneAnswer | undefined, string][] = [
  ['a name that does not exist', undefined, 'there is no name acme.test'],
  ['a name without such a record', [], 'acme.test has no A record'],
];

for (const [what, answer, detail] of NONE) {
  test(`${what} fails as dns`, async (t) => {
    const result = await check(t, 'A', answer);
    assert.deepEqual(
      [result.outcome, result.reason, result.failedPhase, result.detail],
      ['failed', 'dns', 'dns', detail],
    );
    assert.notEqual(result.phases.dnsMs, null);
  });

  test(`${what} passes where there must be none`, async (t) => {
    assert.equal((await check(t, 'A', answer, { answers: { exists: false } })).detail, null);
  });
}

const REFUSED: readonly [string, number, RegExp][] = [
  ['SERVFAIL', 2, /SERVFAIL asking the name server 127\.0\.0\.1:\d+ for A acme\.test/],
  ['REFUSED', 5, /refused to answer/],
  ['FORMERR', 1, /could not read the question/],
];

for (const [what, code, detail] of REFUSED) {
  test(`${what} fails as dns, also where there must be no answer`, async (t) => {
    const result = await check(t, 'A', { code }, { answers: { exists: false } });
    assert.deepEqual([result.outcome, result.reason], ['failed', 'dns']);
    assert.match(result.detail ?? '', detail);
  });
}

test('a malformed answer fails as dns', async (t) => {
  const raw = Buffer.concat([
    Buffer.from([0x81, 0x80, 0, 1, 0, 9, 0, 0, 0, 0]),
    Buffer.from('\x04acme\x04test\0\0\x01\0\x01'),
  ]);
  const result = await check(t, 'A', { raw });
  assert.deepEqual([result.outcome, result.reason, result.failedPhase], ['failed', 'dns', 'dns']);
});

test('a name server that is not there fails as dns', async () => {
  const result = await checkWritten({ type: 'dns', dns: { name: NAME, resolver: '127.0.0.1:9' } });
  assert.deepEqual([result.outcome, result.reason], ['failed', 'dns']);
});

test('a name server that keeps silent times out in dns', async (t) => {
  const asked = Promise.withResolvers<void>();
  const port = await serveZone(t, { [`A ${NAME}`]: 'silent' }, asked.resolve);
  const { clock, strike } = clockWithDeadline();
  const running = checkWritten(
    { type: 'dns', dns: { name: NAME, resolver: `127.0.0.1:${port}` } },
    { prober: { clock } },
  );
  await asked.promise;
  strike();
  const { reason, failedPhase } = await running;
  assert.deepEqual([reason, failedPhase], ['timeout', 'dns']);
});

test('a name server at an address that is not allowed is not asked', async (t) => {
  const port = await serveZone(t, {}, () => assert.fail('was asked'));
  const addressPolicy = { allowPrivate: false, forbiddenEndpoints: [] };
  const { reason, detail } = await checkWritten(
    { type: 'dns', dns: { name: NAME, resolver: `127.0.0.1:${port}` } },
    { prober: { addressPolicy } },
  );
  assert.equal(reason, 'blocked-address');
  assert.match(detail ?? '', /^the name server 127\.0\.0\.1 is a loopback address/);
});

test('without a resolver the system’s name servers are asked, whatever address they have', async (t) => {
  const port = await serveZone(t, { [`A ${NAME}`]: TWO });
  const { outcome, detail, address, phases } = await checkWritten(
    { type: 'dns', dns: { name: NAME }, expect: { answers: ['192.0.2.1', '192.0.2.2'] } },
    {
      prober: {
        nameServers: [`127.0.0.1:${port}`],
        addressPolicy: { allowPrivate: false, forbiddenEndpoints: [] },
      },
    },
  );
  assert.deepEqual([outcome, detail, address], ['passed', null, null]);
  assert.notEqual(phases.dnsMs, null);
});

test('a name that the system’s name servers do not know fails as dns', async (t) => {
  const port = await serveZone(t, {});
  const { outcome, reason, detail } = await checkWritten(
    { type: 'dns', dns: { name: NAME } },
    { prober: { nameServers: [`127.0.0.1:${port}`] } },
  );
  assert.deepEqual([outcome, reason, detail], ['failed', 'dns', `there is no name ${NAME}`]);
});

test('the system’s name servers that are not there are our own fault', async () => {
  const { outcome, reason, blame, detail } = await checkWritten(
    { type: 'dns', dns: { name: NAME } },
    { prober: { nameServers: ['127.0.0.1:9'] } },
  );
  assert.deepEqual([outcome, reason, blame], ['inconclusive', 'prober', 'prober']);
  assert.match(detail ?? '', /asking the name servers for A acme\.test: its own name servers cannot be reached$/);
});

test('a response time that is not as expected fails', async (t) => {
  const { detail } = await check(t, 'A', TWO, { responseTime: { above: '19s' } });
  assert.match(detail ?? '', /^expected a response time above 19000 ms/);
});
