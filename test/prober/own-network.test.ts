import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOwnNetwork, regionalControls, withoutOwnFaults } from '../../functions/prober/own-network.ts';
import { UNPACED } from '../../functions/prober/pacer.ts';
import { refusingPort, serveHttp } from '../servers/loopback.ts';
import { failureOf, resultOf } from '../shared/build.ts';
import { prober } from './build.ts';
import { FakeClock } from './fake-clock.ts';

const BROKEN = { works: async () => false };
const WORKING = { works: async () => true };
const UNREACHED = failureOf({ reason: 'connect', failedPhase: 'connect', status: null, detail: 'connection refused' });

test('one control target that answers, whatever it says, is enough', async (t) => {
  const good = await serveHttp(t, (_, response) => response.writeHead(500).end());
  const bad = await refusingPort(t);
  const network = createOwnNetwork(prober(), [urlOf(bad), urlOf(good)], UNPACED);
  assert.equal(await network.works(), true);
});

test('a network in which none answers does not work', async (t) => {
  const bad = await refusingPort(t);
  assert.equal(await createOwnNetwork(prober(), [urlOf(bad), urlOf(bad)], UNPACED).works(), false);
});

test('without control targets nobody is asked', async () => {
  assert.equal(await createOwnNetwork(prober(), [], UNPACED).works(), true);
});

test('checks that fail together ask together, and later ones anew', async (t) => {
  let asked = 0;
  const port = await serveHttp(t, (_, response) => {
    asked += 1;
    response.end();
  });
  const clock = new FakeClock(0);
  const network = createOwnNetwork(prober({ clock }), [urlOf(port)], UNPACED);
  await Promise.all([network.works(), network.works(), network.works()]);
  assert.equal(asked, 1);
  clock.stall(6_000);
  await network.works();
  assert.equal(asked, 2);
});

test('control targets may lie in a private network, and never at a metadata service', async (t) => {
  const port = await serveHttp(t, (_, response) => response.end());
  const guarded = prober({ addressPolicy: { allowPrivate: false, forbiddenEndpoints: [] } });
  assert.equal(await createOwnNetwork(guarded, [urlOf(port)], UNPACED).works(), true);
  assert.equal(await createOwnNetwork(guarded, ['http://169.254.169.254/'], UNPACED).works(), false);
});

test('what cannot be reached from a broken network is inconclusive, and keeps what was found', async () => {
  const { outcome, reason, blame, detail } = await withoutOwnFaults(UNREACHED, BROKEN);
  assert.deepEqual([outcome, reason, blame], ['inconclusive', 'prober', 'prober']);
  assert.match(detail ?? '', /no control target answers either.*connection refused$/);
});

for (const [what, result, network] of [
  ['what cannot be reached from a working network', UNREACHED, WORKING],
  ['a wrong answer that came all the same', failureOf(), BROKEN],
  ['what passed', resultOf(), BROKEN],
] as const) {
  test(`${what} stays as it is`, async () => {
    assert.equal(await withoutOwnFaults(result, network), result);
  });
}

test('each partition has a domain of its own', () => {
  assert.deepEqual(
    ['eu-west-1', 'cn-north-1', 'us-gov-west-1', 'eusc-de-east-1'].map((region) => regionalControls(region)[0]),
    [
      'https://dynamodb.eu-west-1.amazonaws.com/ping',
      'https://dynamodb.cn-north-1.amazonaws.com.cn/ping',
      'https://dynamodb.us-gov-west-1.amazonaws.com/ping',
      'https://dynamodb.eusc-de-east-1.amazonaws.eu/ping',
    ],
  );
});

function urlOf(port: number): string {
  return `http://127.0.0.1:${port}/`;
}
