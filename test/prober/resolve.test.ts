import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createResolver } from '../../functions/prober/resolve.ts';
import { refusingPort, serveHttp } from '../servers/loopback.ts';
import { type NameAnswer, type NameServer, serveNames } from '../servers/name-server.ts';
import { checkOf } from './build.ts';

test('asks for IPv4 first, and for nothing more where there is one', async (t) => {
  const { resolve, names } = await resolverOf(t, { 'api.test': ['192.0.2.1', '192.0.2.2', '2001:db8::1'] });
  assert.deepEqual([...(await resolve('api.test'))].sort(), ['192.0.2.1', '192.0.2.2']);
  assert.deepEqual(names.questions, ['A api.test']);
});

test('asks for IPv6 where there is no IPv4', async (t) => {
  const { resolve } = await resolverOf(t, { 'api.test': ['2001:db8::1'] });
  assert.deepEqual(await resolve('api.test'), ['2001:db8::1']);
});

test('leaves a name without a dot to the system', async () => {
  const resolve = createResolver({ servers: ['127.0.0.1:9'], lookup: async (host) => [`looked up ${host}`] });
  assert.deepEqual(await resolve('intranet'), ['looked up intranet']);
});

test('finds what only the hosts file knows', async (t) => {
  const { resolve } = await resolverOf(t, {}, async () => ['127.0.0.1']);
  assert.deepEqual(await resolve('only.hosts.test'), ['127.0.0.1']);
});

const FAILURES: readonly [NameAnswer | undefined, string][] = [
  [undefined, 'no such name resolving api.test'],
  [[], 'the name has no A or AAAA record resolving api.test'],
  ['SERVFAIL', 'the name servers answered SERVFAIL resolving api.test'],
];
for (const [answer, detail] of FAILURES) {
  test(`a check says: ${detail}`, async (t) => {
    const { resolve } = await resolverOf(t, answer === undefined ? {} : { 'api.test': answer });
    const result = await checkOf({ url: 'http://api.test/', prober: { resolveName: resolve } });
    assert.deepEqual(
      [result.outcome, result.reason, result.failedPhase, result.detail, result.phases.dnsMs],
      ['failed', 'dns', 'dns', detail, null],
    );
  });
}

test('without a name server to reach, the check is inconclusive', async () => {
  const resolveName = createResolver({ servers: ['127.0.0.1:9'] });
  const result = await checkOf({ url: 'http://api.test/', prober: { resolveName } });
  assert.deepEqual([result.outcome, result.reason, result.failedPhase], ['inconclusive', 'prober', 'dns']);
});

test('a name that resolves to a private address is not connected to', async () => {
  const result = await checkOf({
    url: 'http://api.test/',
    prober: { resolveName: async () => ['10.0.0.1'], addressPolicy: { allowPrivate: false, forbiddenEndpoints: [] } },
  });
  assert.deepEqual([result.outcome, result.reason], ['failed', 'blocked-address']);
  assert.equal(
    result.detail,
    'api.test resolves to 10.0.0.1, a private address, which only "allowPrivateAddresses" in parallax.json allows',
  );
});

test('of several addresses, those that are allowed are connected to', async () => {
  const opened: string[] = [];
  await checkOf({
    url: 'http://api.test/',
    prober: {
      resolveName: async () => ['169.254.169.254', '192.0.2.1'],
      openSocket: (address) => {
        opened.push(address);
        throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
      },
    },
  });
  assert.deepEqual(opened, ['192.0.2.1']);
});

test('the next address is tried where one refuses', async (t) => {
  const port = await serveHttp(t, (_, response) => response.end());
  // Nobody listens on 127.0.0.2 with the server's port.
  const resolveName = async () => ['127.0.0.2', '127.0.0.1'];
  const result = await checkOf({ url: `http://api.test:${port}/`, prober: { resolveName } });
  assert.deepEqual([result.outcome, result.address], ['passed', '127.0.0.1']);
});

test('no more than six addresses are tried', async (t) => {
  const port = await refusingPort(t);
  let opened = 0;
  await checkOf({
    url: `http://api.test:${port}/`,
    prober: {
      resolveName: async () => Array.from({ length: 100 }, (_, index) => `192.0.2.${index}`),
      openSocket: () => {
        opened += 1;
        throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
      },
    },
  });
  assert.equal(opened, 6);
});

async function resolverOf(
  t: TestContext,
  answers: Readonly<Record<string, NameAnswer>>,
  lookup = async (): Promise<readonly string[]> => {
    throw Object.assign(new Error('not found'), { code: 'ENOTFOUND' });
  },
): Promise<{ readonly resolve: ReturnType<typeof createResolver>; readonly names: NameServer }> {
  const names = await serveNames(t, answers);
  return { resolve: createResolver({ servers: [names.address], lookup }), names };
}
