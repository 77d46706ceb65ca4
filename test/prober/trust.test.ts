import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { TLSSocket, TlsOptions } from 'node:tls';
import { createTrust } from '../../functions/prober/trust.ts';
import type { HttpRequest } from '../../shared/monitor.ts';
import { answer, framedMessage, serveHttp2 } from '../servers/grpc.ts';
import { AUTHORITY, keyPair, serveBytes, serveHttps, serveTcp, serveTls } from '../servers/loopback.ts';
import { serveWebSocket } from '../servers/websocket.ts';
import { checkOf, checkWritten } from './build.ts';

/** A certificate that signs itself: a client's as good as a server's. */
const OWN = keyPair('self-signed');
const CLIENT = { certificate: '${secret:certificate}', key: '${secret:key}' };
const SECRETS = { certificate: { value: OWN.cert }, key: { value: OWN.key } };
const MUTUAL: TlsOptions = { requestCert: true, rejectUnauthorized: true, ca: OWN.cert };

/** Answers with the fingerprint of whom it sees. */
async function mutual(t: TestContext, settings: TlsOptions = MUTUAL) {
  const seen: (string | undefined)[] = [];
  const port = await serveHttps(
    t,
    'good',
    (request, response) => {
      seen.push((request.socket as TLSSocket).getPeerX509Certificate()?.subject);
      response.end('ok');
    },
    settings,
  );
  return { url: `https://127.0.0.1:${port}/`, seen };
}

const settings = (over: Partial<HttpRequest> = {}) => ({
  request: { clientCertificate: CLIENT, ...over },
  secrets: SECRETS,
});

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a server that asks for a certificate is shown the one of the definition, by ${maxVersion}`, async (t) => {
    const { url, seen } = await mutual(t, { ...MUTUAL, maxVersion });
    const result = await checkOf({ url, ...settings() });
    assert.equal(result.detail, null);
    assert.deepEqual(seen, ['CN=parallax test server']);
  });
}

test('a server that requires a certificate and gets none says so in the tls phase', async (t) => {
  const { url } = await mutual(t);
  const { outcome, reason, failedPhase, detail } = await checkOf({ url });
  assert.deepEqual([outcome, reason, failedPhase], ['failed', 'tls', 'tls']);
  assert.equal(detail, 'the server requires a client certificate, as TLS 1.3 says only after the handshake');
});

test('the same by TLS 1.2, where the alert says less', async (t) => {
  const { url } = await mutual(t, { ...MUTUAL, maxVersion: 'TLSv1.2' });
  const { reason, detail } = await checkOf({ url });
  assert.equal(reason, 'tls');
  assert.match(
    detail ?? '',
    /^the server refused the handshake \(nothing in common, or it requires a client certificate\) in/,
  );
});

test('an alert that rejects the certificate is told as what it is', async (t) => {
  const unknownAuthority = Uint8Array.of(21, 3, 3, 0, 2, 2, 48);
  const port = await serveBytes(t, unknownAuthority);
  const { outcome, reason, failedPhase, detail } = await checkOf({ url: `https://127.0.0.1:${port}/`, ...settings() });
  assert.deepEqual([outcome, reason, failedPhase], ['failed', 'tls', 'tls']);
  assert.match(detail ?? '', /^the server rejected the client certificate \(unknown authority\) in the TLS handshake/);
});

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a server that hangs up on a certificate, by ${maxVersion}, is told to perhaps have rejected it`, async (t) => {
    const { url } = await mutual(t, { ...MUTUAL, ca: AUTHORITY, maxVersion });
    const { outcome, detail } = await checkOf({ url, ...settings() });
    assert.equal(outcome, 'failed');
    assert.match(detail ?? '', /; a server that rejects the client certificate may end like this$/);
  });
}

test('a redirect to another origin is not shown the certificate', async (t) => {
  const other = await mutual(t, { ...MUTUAL, rejectUnauthorized: false });
  const port = await serveHttps(t, 'good', (_, response) => response.writeHead(302, { location: other.url }).end());
  const result = await checkOf({ url: `https://127.0.0.1:${port}/`, ...settings() });
  assert.deepEqual([result.detail, other.seen], [null, [undefined]]);
});

test('authorities of the definition are trusted in place of the usual, for its origin alone', async (t) => {
  const authorities = OWN.cert;
  const ours = await serveHttps(t, 'self-signed', (_, response) => response.end('ok'));
  const usual = await serveHttps(t, 'good', (_, response) => response.end('ok'));
  const onward = await serveHttps(t, 'self-signed', (_, response) =>
    response.writeHead(302, { location: `https://127.0.0.1:${usual}/` }).end(),
  );
  const outcome = async (port: number) =>
    (await checkOf({ url: `https://127.0.0.1:${port}/`, request: { authorities } })).detail;
  assert.deepEqual([await outcome(ours), await outcome(onward)], [null, null]);
  assert.match((await outcome(usual)) ?? '', /unknown authority/);
});

const BAD: readonly [string, Partial<HttpRequest>, Readonly<Record<string, string>>, RegExp][] = [
  ['a certificate that is none', {}, { certificate: 'x' }, /^clientCertificate.certificate has no certificate in PEM/],
  [
    'a certificate that cannot be read',
    {},
    { certificate: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' },
    /^clientCertificate.certificate is a certificate that cannot be read/,
  ],
  ['a key that is none', {}, { key: OWN.cert }, /^clientCertificate.key has no private key in PEM/],
  [
    'an encrypted key',
    {},
    { key: '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----' },
    /^clientCertificate.key is encrypted/,
  ],
  [
    'another certificate’s key',
    {},
    { key: keyPair('good').key },
    /^clientCertificate.key does not belong to the certificate/,
  ],
  ['authorities that are none', { authorities: '${secret:key}' }, {}, /^authorities has no certificate in PEM/],
];
for (const [what, request, values, detail] of BAD) {
  test(`${what} is our fault, and nothing is sent`, async (t) => {
    const { url, seen } = await mutual(t);
    const secrets = {
      ...SECRETS,
      ...Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }])),
    };
    const result = await checkOf({ url, ...settings(request), secrets });
    assert.deepEqual([result.outcome, result.totalMs, seen.length], ['inconclusive', null, 0]);
    assert.match(result.detail ?? '', detail);
  });
}

test('neither certificate nor key comes out when a target echoes them', async (t) => {
  const port = await serveHttps(t, 'good', (_, response) => response.end(JSON.stringify([OWN.key, OWN.cert])));
  const expect = { body: [{ op: 'equals', value: '' }] } as const;
  const { detail } = await checkOf({ url: `https://127.0.0.1:${port}/`, ...settings(), expect });
  assert.equal(detail, 'body expected "", got "[\\"[secret]\\",\\"[secret]\\"]"');
});

test('the same material is prepared once, and what was not used for longest is forgotten first', () => {
  const trust = createTrust();
  const material = (n: number) => ({ authorities: `${OWN.cert}\n# ${n}\n` });
  const first = trust.secureContextOf(material(0));
  for (let n = 1; n < 100; n += 1) trust.secureContextOf(material(n));
  assert.equal(trust.secureContextOf(material(0)), first);
  trust.secureContextOf(material(100));
  assert.equal(trust.secureContextOf(material(0)), first);
  for (let n = 101; n <= 200; n += 1) trust.secureContextOf(material(n));
  assert.notEqual(trust.secureContextOf(material(0)), first);
});

const both = { clientCertificate: CLIENT, authorities: AUTHORITY };

/** Each kind of check that speaks TLS, against a server that requires a certificate. */
const KINDS: Readonly<Record<string, (t: TestContext) => Promise<object>>> = {
  tcp: async (t) => {
    const port = await serveTls(t, 'good', (socket) => socket.end('hello'), MUTUAL);
    return {
      type: 'tcp',
      tcp: { host: '127.0.0.1', port, tls: true, ...both },
      expect: { received: 'hello' },
    };
  },
  tls: async (t) => {
    const port = await serveTls(t, 'good', () => {}, { ...MUTUAL, maxVersion: 'TLSv1.2' });
    return { type: 'tls', tls: { host: '127.0.0.1', port, ...both } };
  },
  websocket: async (t) => {
    const port = await serveWebSocket(t, () => {}, { certificate: 'good', tls: MUTUAL });
    return { type: 'websocket', websocket: { url: `wss://127.0.0.1:${port}/`, ...both } };
  },
  grpc: async (t) => {
    const port = await serveHttp2(t, (stream) => answer(stream, framedMessage(0x08, 1)), 'good', MUTUAL);
    return { type: 'grpc', grpc: { url: `https://127.0.0.1:${port}`, ...both } };
  },
};
for (const [kind, serve] of Object.entries(KINDS)) {
  test(`${kind} shows its certificate, and trusts its authorities`, async (t) => {
    const written = await serve(t);
    // The prober itself trusts nobody here.
    const nobody = createTrust([]);
    assert.equal((await checkWritten(written, { secrets: SECRETS, prober: nobody })).detail, null);
  });
}

test('a step of a flow shows its certificate', async (t) => {
  const { url, seen } = await mutual(t);
  const steps = [{ request: { url, clientCertificate: CLIENT } }];
  const result = await checkWritten({ type: 'flow', steps }, { secrets: SECRETS });
  assert.deepEqual([result.detail, seen.length], [null, 1]);
});

test('a plain connection is not touched by them', async (t) => {
  const port = await serveTcp(t, (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
  assert.equal((await checkOf({ url: `http://127.0.0.1:${port}/`, ...settings() })).detail, null);
});
