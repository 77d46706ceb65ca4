import assert from 'node:assert/strict';
import { test } from 'node:test';
import { START_TLS } from '../../shared/monitor.ts';
import type { Result } from '../../shared/result.ts';
import { type Certificate, refusingPort, serveTcp, serveTls } from '../servers/loopback.ts';
import { serveStartTls } from '../servers/start-tls.ts';
import { checkWritten, clockWithDeadline } from './build.ts';

function check(port: number, expect: object = {}, tls: object = {}): Promise<Result> {
  return checkWritten({ type: 'tls', tls: { host: '127.0.0.1', port, ...tls }, expect });
}

test('a valid certificate passes, with its days and the phases up to TLS', async (t) => {
  const result = await check(await serveTls(t, 'good', () => {}));
  assert.equal(result.detail, null);
  assert.equal(result.outcome, 'passed');
  assert.ok((result.certificateDaysLeft ?? 0) > 0);
  const { connectMs, tlsMs, firstByteMs, downloadMs } = result.phases;
  assert.ok(connectMs !== null && tlsMs !== null);
  assert.deepEqual([firstByteMs, downloadMs, result.status], [null, null, null]);
});

const INVALID: readonly [Certificate, RegExp][] = [
  ['expired', /expired on/],
  ['not-yet-valid', /not valid before/],
  ['wrong-host', /not for 127\.0\.0\.1 but for/],
  ['unknown-authority', /unknown authority/],
  ['self-signed', /self-signed/],
];

for (const [certificate, detail] of INVALID) {
  test(`a certificate that is ${certificate} fails in TLS, with its days where it has some`, async (t) => {
    const result = await check(await serveTls(t, certificate, () => {}));
    assert.deepEqual([result.outcome, result.reason, result.failedPhase], ['failed', 'tls', 'tls']);
    assert.match(result.detail ?? '', detail);
    assert.notEqual(result.certificateDaysLeft, null);
  });
}

const EXPECTED: readonly [string, object, RegExp | null][] = [
  ['a name that is there', { names: { contains: 'LOCALHOST' } }, null],
  ['a name that is not there', { names: { contains: 'www.acme.example' } }, /names expected to contain "www\.acme/],
  ['all of its names in any order', { names: ['localhost', 'good.test', '127.0.0.1'] }, null],
  ['fewer names than it has', { names: ['localhost'] }, /names expected \["localhost"\], got \["127\.0\.0\.1",/],
  ['the version agreed on', { protocol: 'TLSv1.3' }, null],
  ['another version', { protocol: { not: 'TLSv1.3' } }, /TLS version expected anything but "TLSv1\.3"/],
  ['its issuer', { issuer: { matches: '.' } }, null],
  ['another issuer', { issuer: "Let's Encrypt" }, /issuer expected "Let's Encrypt", got "/],
  ['more days than it has', { certificate: { validFor: '3650d' } }, null],
  ['a response time', { responseTime: { above: '19s' } }, /response time above 19000 ms/],
];

for (const [what, expect, detail] of EXPECTED) {
  test(`${what} ${detail === null ? 'passes' : 'fails the expectation'}`, async (t) => {
    const result = await check(await serveTls(t, 'good', () => {}), expect);
    if (detail === null) assert.equal(result.detail, null);
    else assert.match(`${result.reason}: ${result.detail}`, new RegExp(`^expectation: .*${detail.source}`));
  });
}

test('a server name is what the certificate must be for', async (t) => {
  const port = await serveTls(t, 'good', () => {});
  assert.equal((await check(port, {}, { serverName: 'localhost' })).detail, null);
  const { reason, detail } = await check(port, {}, { serverName: 'www.acme.example' });
  assert.equal(reason, 'tls');
  assert.match(detail ?? '', /not for www\.acme\.example but for/);
});

test('a port that refuses fails in connect', async (t) => {
  assert.equal((await check(await refusingPort(t))).reason, 'connect');
});

test('a server without TLS fails in TLS', async (t) => {
  const port = await serveTcp(t, (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
  const { reason, detail } = await check(port);
  assert.equal(reason, 'tls');
  assert.match(detail ?? '', /does not speak TLS/);
});

test('a reset in the handshake fails in TLS', async (t) => {
  const port = await serveTcp(t, (socket) => socket.once('data', () => socket.resetAndDestroy()));
  const { reason, failedPhase } = await check(port);
  assert.deepEqual([reason, failedPhase], ['tls', 'tls']);
});

test('a handshake without an answer times out in TLS', async (t) => {
  const asked = Promise.withResolvers<void>();
  const port = await serveTcp(t, (socket) => socket.once('data', () => asked.resolve()));
  const { clock, strike } = clockWithDeadline();
  const running = checkWritten({ type: 'tls', tls: { host: '127.0.0.1', port } }, { prober: { clock } });
  await asked.promise;
  strike();
  const { reason, failedPhase } = await running;
  assert.deepEqual([reason, failedPhase], ['timeout', 'tls']);
});

for (const startTls of START_TLS) {
  test(`${startTls} is asked for TLS, and its certificate looked at`, async (t) => {
    const result = await check(await serveStartTls(t, startTls, 'good'), {}, { startTls });
    assert.equal(result.detail, null);
    assert.ok(result.phases.tlsMs !== null && result.certificateDaysLeft !== null);
  });

  test(`${startTls} that says something else fails as a protocol`, async (t) => {
    const port = await serveTcp(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const { reason, failedPhase, detail } = await check(port, {}, { startTls });
    assert.deepEqual([reason, failedPhase], ['protocol', 'tls']);
    assert.match(detail ?? '', /^expected .* before TLS over \w+, but got "HTTP/);
  });

  test(`${startTls} that closes at once fails as a protocol`, async (t) => {
    const port = await serveTcp(t, (socket) => socket.end());
    const { reason, detail } = await check(port, {}, { startTls });
    assert.equal(reason, 'protocol');
    assert.match(detail ?? '', /the server closed the connection$/);
  });
}

test('a certificate behind STARTTLS is held to the same', async (t) => {
  const { reason } = await check(await serveStartTls(t, 'smtp', 'expired'), {}, { startTls: 'smtp' });
  assert.equal(reason, 'tls');
});

test('what is said in plain text after the agreement to TLS is not taken for the server’s', async (t) => {
  const port = await serveTcp(t, (socket) => socket.write('+OK ready\r\n+OK begin TLS\r\n+OK injected\r\n'));
  const { reason, detail } = await check(port, {}, { startTls: 'pop3' });
  assert.equal(reason, 'protocol');
  assert.match(detail ?? '', /expected nothing more before TLS over pop3, but got "\+OK injected/);
});

test('a greeting without an end is bounded', async (t) => {
  const port = await serveTcp(t, (socket) => socket.write('220-x\r\n'.repeat(20_000)));
  const { reason, detail } = await check(port, {}, { startTls: 'smtp' });
  assert.equal(reason, 'protocol');
  assert.match(detail ?? '', /expected a greeting \(220\)/);
});

test('what is sent over tcp after STARTTLS is answered over TLS', async (t) => {
  const port = await serveStartTls(t, 'smtp', 'good', (socket) =>
    socket.on('data', (data) => socket.write(`250 ${data}`)),
  );
  const result = await checkWritten({
    type: 'tcp',
    tcp: { host: '127.0.0.1', port, startTls: 'smtp', send: 'NOOP\r\n' },
    expect: { received: { matches: '^250 NOOP' } },
  });
  assert.equal(result.detail, null);
  assert.ok(result.phases.tlsMs !== null && result.phases.firstByteMs !== null);
});
