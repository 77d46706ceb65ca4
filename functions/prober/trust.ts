import { createHash } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { TlsSettings } from '../../shared/monitor.ts';
import { certificateProblem, pairProblem, privateKeyProblem } from '../../shared/pem.ts';
import type { Secret } from '../../shared/secret-member.ts';
import { tlsTexts } from '../../shared/target.ts';
import { errorMessage, type Failure, inconclusive, isFailure } from './failure.ts';
import { filling } from './secrets.ts';

/** Whom handshakes trust, and what they show. One for the whole process. */
export interface Trust {
  /** Without a certificate of our own, towards everybody. */
  readonly secureContext: SecureContext;
  /** What a definition says in place of the usual, its secrets filled in; a failure says why it cannot be used. */
  readonly secureContextOf: (settings: TlsSettings) => SecureContext | Failure;
}

/** Bound on contexts that are kept, some 50 KB each. Far more than one prober's monitors have certificates. */
const MAX_CONTEXTS = 100;

/**
 * Each context is prepared once: parsing the usual authorities costs 0.4 ms of CPU a handshake.
 * @param authorities PEM certificates to trust in place of the usual ones.
 */
export function createTrust(authorities?: readonly string[]): Trust {
  const kept = new Map<string, SecureContext | Failure>();
  return {
    secureContext: contextOf(authorities),
    secureContextOf(settings) {
      const key = createHash('sha256')
        .update(JSON.stringify(tlsTexts(settings)))
        .digest('hex');
      const known = kept.get(key);
      const context = known ?? preparedContext(settings, authorities);
      // The one that was not used for longest goes first.
      kept.delete(key);
      kept.set(key, context);
      const [oldest] = kept.keys();
      if (kept.size > MAX_CONTEXTS && oldest !== undefined) kept.delete(oldest);
      return context;
    },
  };
}

/** The network with a monitor's own terms of TLS in place, for the origin that they were written for and no other. */
export function trusting<N extends Trust>(
  network: N,
  settings: TlsSettings,
  secrets: ReadonlyMap<string, Secret>,
): N | Failure {
  const { clientCertificate, authorities } = settings;
  if (clientCertificate === undefined && authorities === undefined) return network;
  const fill = filling(tlsTexts(settings), secrets);
  if (isFailure(fill)) return fill;
  const secureContext = network.secureContextOf({
    ...(authorities === undefined ? {} : { authorities: fill(authorities) }),
    ...(clientCertificate === undefined
      ? {}
      : { clientCertificate: { certificate: fill(clientCertificate.certificate), key: fill(clientCertificate.key) } }),
  });
  return isFailure(secureContext) ? secureContext : { ...network, secureContext };
}

/** Some servers do not say what they dislike, and hang up: under TLS 1.3 that looks like a server without an answer. */
export function perhapsRejected(failure: Failure, { clientCertificate }: TlsSettings): Failure {
  const isUnsaid = (failure.reason === 'protocol' && failure.failedPhase === 'firstByte') || failure.reason === 'tls';
  if (clientCertificate === undefined || !isUnsaid || !HUNG_UP.test(failure.detail)) return failure;
  return { ...failure, detail: `${failure.detail}; a server that rejects the client certificate may end like this` };
}

const HUNG_UP = /connection reset|closed the connection|before secure TLS connection/;

function preparedContext(settings: TlsSettings, usual: readonly string[] | undefined): SecureContext | Failure {
  const problem = problemOf(settings);
  if (problem !== null) return inconclusive(`${problem}; look at the monitor and its secrets`);
  const { clientCertificate, authorities } = settings;
  try {
    return contextOf(authorities === undefined ? usual : [authorities], clientCertificate);
  } catch (error) {
    return inconclusive(`the clientCertificate or the authorities cannot be used: ${errorMessage(error)}`);
  }
}

function problemOf({ clientCertificate, authorities }: TlsSettings): string | null {
  const named = (what: string, problem: string | null) => (problem === null ? null : `${what} ${problem}`);
  const ofAuthorities = authorities === undefined ? null : named('authorities', certificateProblem(authorities));
  if (clientCertificate === undefined) return ofAuthorities;
  const { certificate, key } = clientCertificate;
  return (
    ofAuthorities ??
    named('clientCertificate.certificate', certificateProblem(certificate)) ??
    named('clientCertificate.key', privateKeyProblem(key)) ??
    named('clientCertificate.key', pairProblem(certificate, key))
  );
}

/** X25519 first, for the cheapest key exchange. */
function contextOf(authorities: readonly string[] | undefined, own?: TlsSettings['clientCertificate']): SecureContext {
  return createSecureContext({
    ecdhCurve: 'X25519:P-256:P-384:P-521',
    ...(authorities === undefined ? {} : { ca: [...authorities] }),
    ...(own === undefined ? {} : { cert: own.certificate, key: own.key }),
  });
}
