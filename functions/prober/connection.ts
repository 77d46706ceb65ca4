import { connect as connectSocket, isIP, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls';
import { hostAndPort } from '../../shared/target.ts';
import { type AddressPolicy, blockedBecause, blockedSentence } from './address-guard.ts';
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

/** Where to connect to. */
export interface Endpoint {
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** What is said in a handshake. */
export interface TlsOffer {
  /** The name or address that the certificate must be for; asked for by SNI where it is a name. */
  readonly serverName: string;
  /** Application protocols, the preferred one first. Empty: none is negotiated. */
  readonly alpn: readonly string[];
}

/** Makes a socket ready for its TLS handshake, by the conversation that some protocols begin with. */
export type Prelude = (socket: Socket) => Promise<Failure | null>;

/** Of a URL, whose scheme has TLS where it ends in `s:`. */
function endpointOf(url: URL): Endpoint {
  return { host: hostOf(url), port: Number(url.port) || (isSecure(url) ? 443 : 80) };
}

function isSecure(url: URL): boolean {
  return url.protocol === 'https:' || url.protocol === 'wss:';
}

/** A connection over which a URL's request may be written, with TLS where its scheme says so. */
export async function openConnection(
  network: Network,
  url: URL,
  trace: Trace,
  alpn: readonly string[] = ['http/1.1'],
): Promise<Socket | Failure> {
  const endpoint = endpointOf(url);
  if (!isSecure(url)) return openPlain(network, endpoint, trace);
  return openTls(network, endpoint, { serverName: endpoint.host, alpn }, trace);
}

/** A connection to an address that is allowed. Each phase is entered in the trace as it ends. */
export async function openPlain(network: Network, endpoint: Endpoint, trace: Trace): Promise<Socket | Failure> {
  const addresses = await resolve(network, endpoint.host, trace);
  if (isFailure(addresses)) return addresses;
  const allowed = guard(network.addressPolicy, endpoint, addresses);
  if (isFailure(allowed)) return allowed;
  return connectToFirst(network, allowed, endpoint.port, trace);
}

/** The same, to a peer that has proved who it is. The prelude's time is the handshake's. */
export async function openTls(
  network: Network,
  endpoint: Endpoint,
  offer: TlsOffer,
  trace: Trace,
  prelude: Prelude = async () => null,
): Promise<TLSSocket | Failure> {
  const socket = await openPlain(network, endpoint, trace);
  if (isFailure(socket)) return socket;
  trace.enter('tls');
  const refusal = await prelude(socket);
  return refusal ?? secure(network, offer, socket, trace);
}

async function resolve(network: Network, host: string, trace: Trace): Promise<readonly string[] | Failure> {
  if (isIP(host) !== 0) return [host];
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
  { host, port }: Endpoint,
  addresses: readonly string[],
): readonly [string, ...string[]] | Failure {
  const [first, ...others] = addresses.filter((address) => blockedBecause(policy, address, port) === null);
  if (first !== undefined) return [first, ...others];
  const [address] = addresses;
  if (address === undefined) return failed('dns', 'dns', `${host} has no address`);
  const what = blockedSentence(policy, address, port);
  return failed(
    'blocked-address',
    null,
    isIP(host) !== 0 ? `${host} is ${what}` : `${host} resolves to ${address}, ${what}`,
  );
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
  return brokenOff(lastError, 'connect', `connecting to ${hostAndPort(lastAddress, port)}`);
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
async function secure(
  network: Network,
  { serverName, alpn }: TlsOffer,
  socket: Socket,
  trace: Trace,
): Promise<TLSSocket | Failure> {
  try {
    const secured = await new Promise<{ socket: TLSSocket; certificate: CertificateFacts | null }>(
      (resolve, reject) => {
        const tls = connectTls({
          socket,
          host: serverName,
          ...(isIP(serverName) !== 0 ? {} : { servername: serverName.replace(/\.$/, '') }),
          secureContext: network.secureContext,
          ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
          rejectUnauthorized: false,
        });
        trace.hold(tls);
        tls.once('secureConnect', () => {
          trace.leave('tls');
          tls.off('error', reject);
          resolve({ socket: tls, certificate: certificateFacts(tls, serverName, network.clock.epochMs()) });
        });
        tls.once('error', reject);
      },
    );
    trace.certificate = secured.certificate;
    if (secured.certificate === null) return failed('tls', 'tls', 'the server showed no certificate');
    if (secured.certificate.problem !== null) return failed('tls', 'tls', secured.certificate.problem);
    return secured.socket;
  } catch (error) {
    return brokenOff(error, 'tls', `in the TLS handshake with ${trace.address}`);
  }
}
