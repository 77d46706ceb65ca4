import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import { type TestContext, test } from 'node:test';
import { decodeBatch, encodeBatch } from '../../shared/batch-codec.ts';
import { DAY_MS } from '../../shared/schedule.ts';
import { type Certificate, serveHttp, serveHttps } from '../servers/loopback.ts';
import { checkOf } from './build.ts';

const PROBLEMS: Readonly<Record<Exclude<Certificate, 'good'>, string>> = {
  expired: 'the certificate expired on 2021-01-01',
  'not-yet-valid': 'the certificate is not valid before 2120-01-01',
  'wrong-host': 'the certificate is not for localhost but for elsewhere.test',
  'unknown-authority':
    'the certificate comes from an unknown authority, or an intermediate is missing (issuer Stranger Authority)',
  'self-signed': 'the certificate is self-signed',
};

for (const [certificate, detail] of Object.entries(PROBLEMS) as [Certificate, string][]) {
  test(`${certificate}: fails in the tls phase and says why`, async (t) => {
    const port = await serveHttps(t, certificate, (_, response) => response.end());
    const result = await checkOf({ url: `https://localhost:${port}/` });
    assert.deepEqual(
      [result.outcome, result.reason, result.failedPhase, result.detail],
      ['failed', 'tls', 'tls', detail],
    );
  });
}

test('nothing is written to a peer that has not proved who it is', async (t) => {
  const paths: (string | undefined)[] = [];
  const port = await serveHttps(t, 'wrong-host', (request, response) => {
    paths.push(request.url);
    response.end();
  });
  await checkOf({ url: `https://localhost:${port}/unproved`, request: { headers: { authorization: 'Bearer x' } } });
  // The server serves in order: had the first request been written, it would have been seen before this one.
  const resolveName = async () => ['127.0.0.1'];
  await checkOf({ url: `https://elsewhere.test:${port}/proved`, prober: { resolveName } });
  assert.deepEqual(paths, ['/proved']);
});

test('the handshake of a bad certificate has a duration all the same', async (t) => {
  const port = await serveHttps(t, 'expired', (_, response) => response.end());
  const { phases } = await checkOf({ url: `https://localhost:${port}/` });
  assert.notEqual(phases.tlsMs, null);
  assert.equal(phases.firstByteMs, null);
});

test('days left are negative for an expired certificate', async (t) => {
  const port = await serveHttps(t, 'expired', (_, response) => response.end());
  const { certificateDaysLeft } = await checkOf({ url: `https://localhost:${port}/` });
  assert.ok(certificateDaysLeft !== null && certificateDaysLeft < -1_000, `${certificateDaysLeft}`);
});

test('a certificate for an address is valid for that address', async (t) => {
  const port = await serveHttps(t, 'good', (_, response) => response.end());
  assert.equal((await checkOf({ url: `https://127.0.0.1:${port}/` })).outcome, 'passed');
});

test('a certificate that is valid for less than expected fails the expectation', async (t) => {
  const port = await serveHttps(t, 'good', (_, response) => response.end());
  const result = await checkOf({
    url: `https://localhost:${port}/`,
    expect: { certificateValidForMs: 100_000 * DAY_MS },
  });
  assert.deepEqual([result.reason, result.failedPhase], ['expectation', null]);
  assert.match(
    result.detail ?? '',
    /^expected the certificate to be valid for 100000 days, but it expires in \d+ days$/,
  );
});

test('plain http fails an expectation on the certificate', async (t) => {
  const port = await serveHttp(t, (_, response) => response.end());
  const result = await checkOf({ url: `http://localhost:${port}/`, expect: { certificateValidForMs: DAY_MS } });
  assert.equal(result.detail, 'expected a certificate, but the answer came over plain http');
});

test('a certificate whose date is none fails, and can be stored with the region’s other results', async (t) => {
  const port = await serveWithoutDate(t);
  const result = await checkOf({ url: `https://localhost:${port}/` });
  assert.deepEqual([result.outcome, result.reason, result.certificateDaysLeft], ['failed', 'tls', null]);
  const batch = { region: 'eu-west-1', startEpochMs: result.slotEpochMs, shard: 0, results: [result] };
  assert.equal(decodeBatch(encodeBatch(batch)).results.length, 1);
});

/** The self-signed certificate, the end of its validity overwritten in place: nobody checks the signature of such a one. */
async function serveWithoutDate(t: TestContext): Promise<number> {
  const pem = (file: string) => readFileSync(new URL(`../servers/certificates/${file}`, import.meta.url));
  const der = Buffer.from(new X509Certificate(pem('self-signed.pem')).raw);
  const utcTime = der.indexOf(Buffer.from([0x17, 13]));
  const validTo = utcTime + 15;
  der.fill('x', validTo + 2, validTo + 2 + (der[validTo + 1] ?? 0));
  const cert = `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
  const server = createHttpsServer({ cert, key: pem('self-signed.key.pem') }, (_, response) => response.end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}
