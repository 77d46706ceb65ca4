import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { canonicalHost } from '../../shared/canonical-names.ts';
import { DAY_MS } from '../../shared/schedule.ts';

/** What a server's certificate says of itself. */
export interface CertificateFacts {
  /** The issuer's organization or common name. */
  readonly issuer: string;
  /** Days until it expires, rounded down to tenths; negative afterwards. Null where its date is none. */
  readonly daysLeft: number | null;
  readonly validToEpochMs: number;
  /** The names and addresses that it is for, in order and written as {@link canonicalHost} does. Asked by few, and not cheap. */
  readonly names: () => readonly string[];
  /** Why it proves nothing, for a person; null when it is valid for this host now. */
  readonly problem: string | null;
}

/** Of a finished handshake. Null when the server showed no certificate. */
export function certificateFacts(socket: TLSSocket, host: string, nowEpochMs: number): CertificateFacts | null {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return null;
  const validToEpochMs = certificate.validToDate.getTime();
  const daysLeft = Math.floor(((validToEpochMs - nowEpochMs) / DAY_MS) * 10) / 10;
  return {
    issuer: nameOf(certificate.issuer),
    daysLeft: Number.isFinite(daysLeft) ? daysLeft : null,
    validToEpochMs,
    names: () => namesIn(certificate),
    problem: socket.authorized ? null : problemOf(certificate, socket.authorizationError, host, nowEpochMs),
  };
}

function problemOf(certificate: X509Certificate, error: unknown, host: string, nowEpochMs: number): string {
  const code = verificationCode(error);
  const issuer = nameOf(certificate.issuer);
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return certificate.validToDate.getTime() <= nowEpochMs
        ? `the certificate expired on ${date(certificate.validToDate)}`
        : 'a certificate in the chain has expired';
    case 'CERT_NOT_YET_VALID':
      return certificate.validFromDate.getTime() > nowEpochMs
        ? `the certificate is not valid before ${date(certificate.validFromDate)}`
        : 'a certificate in the chain is not valid yet';
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return 'the certificate is self-signed';
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return `the certificate comes from an unknown authority (issuer ${issuer})`;
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return `the certificate comes from an unknown authority, or an intermediate is missing (issuer ${issuer})`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `the certificate is not for ${host} but for ${namesOf(certificate)}`;
    default:
      return `the certificate is not valid (${code})`;
  }
}

/** Node documents an `Error` and gives OpenSSL's code as a string for all but the wrong host. */
function verificationCode(error: unknown): string {
  if (typeof error === 'string') return error;
  if (error instanceof Error) return 'code' in error ? String(error.code) : error.message;
  return 'unknown reason';
}

/** The most telling of a distinguished name's parts, which come one a line. */
function nameOf(distinguishedName: string): string {
  const parts = new Map(
    distinguishedName.split('\n').map((line) => [line.split('=', 1)[0], line.replace(/^[^=]*=/, '')]),
  );
  return (parts.get('O') ?? parts.get('CN') ?? distinguishedName.replaceAll('\n', ', ')) || 'without a name';
}

/** Names with a comma or worse in them come as JSON texts. @see https://nodejs.org/api/crypto.html#x509subjectaltname */
function namesIn(certificate: X509Certificate): readonly string[] {
  const entries = (certificate.subjectAltName ?? '').matchAll(/(?:DNS|IP Address):(?:"((?:[^"\\]|\\.)*)"|([^,]+))/g);
  return [...entries].map(([, quoted, plain]) => canonicalHost(quoted ?? plain ?? '')).sort();
}

function namesOf(certificate: X509Certificate): string {
  const names = certificate.subjectAltName?.replaceAll(/(DNS|IP Address):/g, '') ?? nameOf(certificate.subject);
  return names.length > 100 ? `${names.slice(0, 100)}…` : names;
}

function date(instant: Date): string {
  return instant.toISOString().slice(0, 10);
}
