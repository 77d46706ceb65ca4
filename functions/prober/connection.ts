import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import { type AddressPolicy, blockedBecause } from './address-guard.ts';
import { type CertificateFacts, certificateFacts } from './certificate.ts';
import type { Clock } from './clock.ts';
import { brokenOff, errorCode, type Failure, failed, isFailure } from './failure.ts';
import { hostOf, type ResolveName } from './resolve.ts';
import type { Trace } from './trace.ts';

/** What connections are made with. One for the whole process. */
export interface Network {
  readonly clock: Clock;
  readonly resolveName: ResolveName;
  readonly addressPolicy: AddressPolicy;
  readonly secureContext: SecureContext;
  /** Begins to connect to an address. */
  readonly openSocket: (address: string, port: number) => Socket;
}

export function openTcpSocket(address: string, port: number): Socket {
  return connectSocket({ host: address, port, noDelay: true });
}

/**
 * Prepared once: parsing the authorities costs 0.4 ms of CPU a handshake. X25519 first, for the cheapest key exchange.
 * @param authorities PEM certificates to trust in place of the usual ones.
 */
export function createTrust(authorities?: readonly string[]): SecureContext {
  return createSecureContext({
    ecdhCurve: 'X25519:P-256:P-384:P-521',
    ...(authorities === undefined ? {} : { ca: [...authorities] }),
  });
}

/** Bound on how many of a name's addresses are tried. */
const MAX_ADDRESSES = 6;

/** Refused or unreachable at once: the name's next address may still answer, as it would for any client. */
const TRY_NEXT_ADDRESS: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'ECONNRESET',
]);

/**
 * A connection over which a request may be written: to an address that is allowed, and for `https` to a peer that
 * has proved who it is. Each phase is entered in the trace as it ends.
 */
export async function openConnection(network: Network, url: URL, trace: Trace): Promise<Socket | Failure> {
  const addresses = await resolve(network, url, trace);
  if (isFailure(addresses)) return addresses;
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  const allowed = guard(network.addressPolicy, url, addresses, port);
  if (isFailure(allowed)) return allowed;
  const socket = await connectToFirst(network, allowed, port, trace);
  if (isFailure(socket) || url.protocol !== 'https:') return socket;
  return secure(network, url, socket, trace);
}

async function resolve(network: Network, url: URL, trace: Trace): Promise<readonly string[] | Failure> {
  const { host, isAddress } = hostOf(url);
  if (isAddress) return [host];
  trace.enter('dns');
  try {
    const addresses = await network.resolveName(host);
    trace.leave('dns');
    return addresses.slice(0, MAX_ADDRESSES);
  } catch (error) {
    return brokenOff(error, 'dns', `resolving ${host}`);
  }
}

function guard(
  policy: AddressPolicy,
  url: URL,
  addresses: readonly string[],
  port: number,
): readonly [string, ...string[]] | Failure {
  const [first, ...others] = addresses.filter((address) => blockedBecause(policy, address, port) === null);
  if (first !== undefined) return [first, ...others];
  const [address] = addresses;
  if (address === undefined) return failed('dns', 'dns', `${url.hostname} has no address`);
  const { host, isAddress } = hostOf(url);
  const isNeverAllowed = blockedBecause({ ...policy, allowPrivate: true }, address, port) !== null;
  const remedy = isNeverAllowed
    ? 'where no check may go'
    : 'which only "allowPrivateAddresses" in parallax.json allows';
  const what = `${blockedBecause(policy, address, port)}, ${remedy}`;
  return failed('blocked-address', null, isAddress ? `${host} is ${what}` : `${host} resolves to ${address}, ${what}`);
}

async function connectToFirst(
  network: Network,
  addresses: readonly [string, ...string[]],
  port: number,
  trace: Trace,
): Promise<Socket | Failure> {
  let lastError: unknown;
  let lastAddress = addresses[0];
  for (const address of addresses) {
    trace.enter('connect');
    try {
      const socket = await connected(network.openSocket(address, port), trace);
      trace.leave('connect');
      trace.address = address;
      return socket;
    } catch (error) {
      lastError = error;
      lastAddress = address;
      if (!TRY_NEXT_ADDRESS.has(errorCode(error))) break;
    }
  }
  return brokenOff(lastError, 'connect', `connecting to ${at(lastAddress, port)}`);
}

function connected(socket: Socket, trace: Trace): Promise<Socket> {
  trace.hold(socket);
  return new Promise((resolve, reject) => {
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

/**
 * The handshake, and then our own look at who answered. `rejectUnauthorized: false` keeps the socket open for that;
 * nothing is written before the look, so a secret never reaches a peer that has not proved who it is.
 */
async function secure(network: Network, url: URL, socket: Socket, trace: Trace): Promise<Socket | Failure> {
  const { host, isAddress } = hostOf(url);
  trace.enter('tls');
  try {
    const secured = await new Promise<{ socket: Socket; certificate: CertificateFacts | null }>((resolve, reject) => {
      const tls = connectTls({
        socket,
        host,
        ...(isAddress ? {} : { servername: host.replace(/\.$/, '') }),
        secureContext: network.secureContext,
        ALPNProtocols: ['http/1.1'],
        rejectUnauthorized: false,
      });
      trace.hold(tls);
      tls.once('secureConnect', () => {
        trace.leave('tls');
        tls.off('error', reject);
        resolve({ socket: tls, certificate: certificateFacts(tls, host, network.clock.epochMs()) });
      });
      tls.once('error', reject);
    });
    trace.certificate = secured.certificate;
    if (secured.certificate === null) return failed('tls', 'tls', 'the server showed no certificate');
    if (secured.certificate.problem !== null) return failed('tls', 'tls', secured.certificate.problem);
    return secured.socket;
  } catch (error) {
    return brokenOff(error, 'tls', `in the TLS handshake with ${trace.address}`);
  }
}

function at(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
