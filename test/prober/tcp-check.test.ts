import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Result } from '../../shared/result.ts';
import { refusingPort, serveTcp, serveTls } from '../servers/loopback.ts';
import { checkWritten, clockWithDeadline } from './build.ts';

const PING = { send: 'PING\r\n' };
const PONG = { received: { contains: 'PONG' } };

function check(port: number, tcp: object = {}, expect: object = {}): Promise<Result> {
  return checkWritten({ type: 'tcp', tcp: { host: '127.0.0.1', port, ...tcp }, expect });
}

/** Answers the first bytes, and stays. */
function answering(t: TestContext, answer: string): Promise<number> {
  return serveTcp(t, (socket) => socket.once('data', () => socket.write(answer)));
}

test('a port that accepts passes, with the phases that happened', async (t) => {
  const result = await check(await serveTcp(t, () => {}));
  assert.equal(result.outcome, 'passed');
  assert.equal(result.address, '127.0.0.1');
  assert.ok(result.phases.connectMs !== null && result.totalMs !== null);
  const { dnsMs, tlsMs, firstByteMs, downloadMs } = result.phases;
  assert.deepEqual([dnsMs, tlsMs, firstByteMs, downloadMs, result.bodyBytes], [null, null, null, null, null]);
});

test('a port that refuses fails in connect', async (t) => {
  const result = await check(await refusingPort(t));
  assert.deepEqual([result.outcome, result.reason, result.failedPhase], ['failed', 'connect', 'connect']);
});

test('an address that is not allowed is not connected to', async (t) => {
  const port = await serveTcp(t, () => assert.fail('was connected to'));
  const addressPolicy = { allowPrivate: false, forbiddenEndpoints: [] };
  const result = await checkWritten({ type: 'tcp', tcp: { host: '127.0.0.1', port } }, { prober: { addressPolicy } });
  assert.equal(result.reason, 'blocked-address');
});

test('an answer that is expected passes, first byte and download apart', async (t) => {
  const result = await check(await answering(t, '+PONG\r\n'), PING, PONG);
  assert.equal(result.detail, null);
  assert.equal(result.outcome, 'passed');
  assert.equal(result.bodyBytes, 7);
  assert.ok(result.phases.firstByteMs !== null && result.phases.downloadMs !== null);
});

test('a greeting needs nothing to be sent', async (t) => {
  const port = await serveTcp(t, (socket) => socket.write('SSH-2.0-OpenSSH_9.9\r\n'));
  assert.equal((await check(port, {}, { received: { matches: '^SSH-2\\.' } })).outcome, 'passed');
});

test('bytes are sent and expected in hex', async (t) => {
  const asked: Buffer[] = [];
  const port = await serveTcp(t, (socket) =>
    socket.once('data', (chunk) => {
      asked.push(chunk);
      socket.write(Buffer.from([0x00, 0xff, 0x80, 0x0a]));
    }),
  );
  const tcp = { encoding: 'hex', send: '00000008 04D2162F' };
  for (const received of ['00FF 800a', { contains: 'ff80' }, { oneOf: ['00', '00ff800a'] }, { matches: '^00 .. 80' }]) {
    assert.equal((await check(port, tcp, { received })).detail, null);
  }
  assert.deepEqual(asked[0], Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]));
});

test('bytes that are not as expected are shown in hex, and half a byte is none', async (t) => {
  const port = await serveTcp(t, (socket) => socket.end(Buffer.from([0x0f, 0xf0])));
  const { reason, detail } = await check(port, { encoding: 'hex' }, { received: { contains: 'ff' } });
  assert.deepEqual([reason, detail], ['expectation', 'what was received expected to contain "ff", got "0f f0"']);
});

test('an answer in pieces is put together', async (t) => {
  const port = await serveTcp(t, async (socket) => {
    socket.setNoDelay(true);
    await once(socket, 'data');
    for (const piece of ['+P', 'O', Buffer.from('NG ✓').subarray(0, 4), Buffer.from('NG ✓').subarray(4)]) {
      socket.write(piece);
      await new Promise(setImmediate);
    }
  });
  assert.equal((await check(port, PING, { received: '+PONG ✓' })).outcome, 'passed');
});

test('what is looked for after much else is found', async (t) => {
  const port = await answering(t, `${'x'.repeat(60_000)}PONG`);
  assert.equal((await check(port, PING, PONG)).outcome, 'passed');
});

test('what ends in small pieces after much else is found', async (t) => {
  const port = await serveTcp(t, (socket) => {
    socket.setNoDelay(true);
    socket.write('x'.repeat(20_000));
    socket.once('data', () => {
      for (const piece of 'PONG') setImmediate(() => socket.write(piece));
    });
  });
  assert.equal((await check(port, PING, PONG)).outcome, 'passed');
});

test('a wrong answer, then the end, fails the expectation', async (t) => {
  const port = await serveTcp(t, (socket) => socket.once('data', () => socket.end('-ERR\r\n')));
  const result = await check(port, PING, PONG);
  assert.deepEqual([result.outcome, result.reason], ['failed', 'expectation']);
  assert.equal(result.detail, 'what was received expected to contain "PONG", got "-ERR\\r\\n"');
});

test('an end without a word fails the expectation', async (t) => {
  const port = await serveTcp(t, (socket) => socket.once('data', () => socket.end()));
  const { reason, detail } = await check(port, PING, PONG);
  assert.equal(reason, 'expectation');
  assert.equal(detail, 'what was received expected to contain "PONG", but the server closed without a word');
});

test('a reset while waiting is a broken protocol', async (t) => {
  const port = await serveTcp(t, (socket) => socket.once('data', () => socket.resetAndDestroy()));
  const { reason, failedPhase } = await check(port, PING, PONG);
  assert.deepEqual([reason, failedPhase], ['protocol', 'firstByte']);
});

test('more than a bound is too large', async (t) => {
  const port = await answering(t, 'x'.repeat(200_000));
  assert.equal((await check(port, PING, PONG)).reason, 'too-large');
});

test('a server that keeps silent times out while waiting for the first byte', async (t) => {
  const { result } = await struck(t, () => {}, PING, PONG);
  assert.deepEqual([result.reason, result.failedPhase], ['timeout', 'firstByte']);
});

test('a wrong answer, then silence, times out and says what came', async (t) => {
  const { result } = await struck(t, (socket) => socket.write('-ERR no\r\n'), PING, PONG);
  assert.deepEqual([result.reason, result.failedPhase], ['timeout', 'download']);
  assert.match(result.detail ?? '', /so far "-ERR no/);
});

test('a secret is sent, and not shown where it comes back', async (t) => {
  const port = await serveTcp(t, (socket) => socket.once('data', (data) => socket.end(`no: ${data}`)));
  const { detail } = await checkWritten(
    { type: 'tcp', tcp: { host: '127.0.0.1', port, send: 'AUTH ${secret:token}' }, expect: PONG },
    { secrets: { token: { value: 'hunter2' } } },
  );
  assert.match(detail ?? '', /got "no: AUTH \[secret\]"/);
});

test('a secret that is missing makes the check inconclusive', async () => {
  const { outcome, detail } = await checkWritten(
    { type: 'tcp', tcp: { host: '127.0.0.1', port: 9, send: '${secret:token}' }, expect: PONG },
    { secrets: { token: { missing: 'no such secret' } } },
  );
  assert.deepEqual([outcome, detail], ['inconclusive', 'no such secret']);
});

test('TLS from the first byte has its phase and its certificate', async (t) => {
  const port = await serveTls(t, 'good', (socket) => socket.once('data', () => socket.end('PONG')));
  const result = await check(port, { ...PING, tls: true }, { ...PONG, certificate: { validFor: '1d' } });
  assert.equal(result.detail, null);
  assert.ok(result.phases.tlsMs !== null && result.certificateDaysLeft !== null);
});

test('nothing is sent to a peer that has not proved who it is', async (t) => {
  const port = await serveTls(t, 'wrong-host', (socket) =>
    socket.once('data', () => assert.fail('was sent something')),
  );
  assert.equal((await check(port, { ...PING, tls: true }, PONG)).reason, 'tls');
});

test('a response time that is not as expected fails', async (t) => {
  const { detail } = await check(await serveTcp(t, () => {}), {}, { responseTime: { above: '19s' } });
  assert.match(detail ?? '', /^expected a response time above 19000 ms, took/);
});

/** The deadline strikes once the server has done its part. */
async function struck(t: TestContext, serve: (socket: Socket) => void, tcp: object, expect: object) {
  const served = Promise.withResolvers<void>();
  const port = await serveTcp(t, (socket) => {
    socket.once('data', () => {
      serve(socket);
      setTimeout(served.resolve, 50);
    });
  });
  const { clock, strike } = clockWithDeadline();
  const running = checkWritten(
    { type: 'tcp', tcp: { host: '127.0.0.1', port, ...tcp }, expect },
    { prober: { clock } },
  );
  await served.promise;
  strike();
  return { result: await running };
}
