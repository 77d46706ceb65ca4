import type { Outcome, Phase, Reason } from '../../shared/result.ts';

/** Why a check did not pass. A value, not an exception: failing is what targets do. */
export interface Failure {
  readonly kind: 'failure';
  readonly outcome: Exclude<Outcome, 'passed'>;
  readonly reason: Reason;
  readonly failedPhase: Phase | null;
  /** For a person; may still hold secrets, so only `check.ts` lets it out, redacted. */
  readonly detail: string;
}

export function failed(reason: Exclude<Reason, 'prober'>, failedPhase: Phase | null, detail: string): Failure {
  return { kind: 'failure', outcome: 'failed', reason, failedPhase, detail };
}

/** Our fault, not the target's: stays out of availability. */
export function inconclusive(detail: string, failedPhase: Phase | null = null): Failure {
  return { kind: 'failure', outcome: 'inconclusive', reason: 'prober', failedPhase, detail };
}

export function isFailure(value: object): value is Failure {
  return 'kind' in value && value.kind === 'failure';
}

/**
 * What a broken connection, or a name that does not resolve, is called:
 *
 * | broke while          | reason     | such as                                                              |
 * | -------------------- | ---------- | -------------------------------------------------------------------- |
 * | resolving            | `dns`      | no such name, no address record, name servers failing                |
 * | connecting           | `connect`  | refused, reset, unreachable                                          |
 * | in the handshake     | `tls`      | alert, reset, no TLS at all, certificate not valid (`certificate.ts`) |
 * | at any time          | `tls`      | an alert that refuses the client certificate                         |
 * | waiting for an answer | `protocol` | reset, closed without an answer, not HTTP, headers without end: `too-large` |
 * | reading the body     | `protocol` | reset, ended early, more than announced, bad encoding; over its bound: `too-large` |
 * | at any time          | `timeout`  | the check's deadline                                                 |
 * | at any time          | `prober`   | {@link OUR_FAULT}: this machine has no sockets, ports, memory or name servers; a defect of ours |
 */
export function brokenOff(error: unknown, phase: Phase, during: string): Failure {
  const code = errorCode(error);
  if (OUR_FAULT.has(code) || isDefect(error))
    return inconclusive(`the prober itself failed ${during}: ${explained(code, error)}`, phase);
  if (code === 'HPE_HEADER_OVERFLOW') return headersTooLarge(phase);
  const refusal = certificateRefusal(code);
  if (refusal !== null) {
    const when = phase === 'tls' ? ` ${during}` : ', as TLS 1.3 says only after the handshake';
    return failed('tls', 'tls', `${refusal}${when}`);
  }
  return failed(REASON_OF_PHASE[phase], phase, `${explained(code, error)} ${during}`);
}

export function headersTooLarge(phase: Phase): Failure {
  return failed('too-large', phase, `the answer's headers are larger than ${MAX_HEADER_BYTES / 1024} KiB`);
}

/** Bound on an answer's header section. Common servers and proxies send at most 8 to 16 KiB. */
export const MAX_HEADER_BYTES = 32 * 1024;

const REASON_OF_PHASE: Readonly<Record<Phase, Exclude<Reason, 'prober'>>> = {
  dns: 'dns',
  connect: 'connect',
  tls: 'tls',
  firstByte: 'protocol',
  download: 'protocol',
};

/** Codes that say something about this machine and nothing about the target. */
const OUR_FAULT: ReadonlySet<string> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'EADDRNOTAVAIL',
  'EACCES',
  'EPERM',
  // From the resolver: our own name servers cannot be reached.
  'EDNSUNREACHABLE',
  'ECANCELLED',
  'EDESTRUCTION',
]);

/** What JavaScript throws where code is wrong. What comes from sockets and name servers is a plain `Error`. */
function isDefect(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
}

const HANDSHAKE_FAILURE = 'the server refused the handshake (nothing in common, or it requires a client certificate)';

const EXPLANATIONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  ECONNABORTED: 'connection aborted',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ETIMEDOUT: 'connection timed out',
  EMFILE: 'too many open sockets',
  ENFILE: 'too many open sockets on this machine',
  EADDRNOTAVAIL: 'no local address or port left to connect from',
  EDNSUNREACHABLE: 'its own name servers cannot be reached',
  ENOTFOUND: 'no such name',
  ENODATA: 'the name has no A or AAAA record',
  ESERVFAIL: 'the name servers answered SERVFAIL',
  EREFUSED: 'the name servers refused to answer',
  EFORMERR: 'the name servers could not read the question',
  EBADRESP: 'the name servers gave a malformed answer',
  EBADNAME: 'the name is not a valid domain name',
  ETIMEOUT: 'the name servers did not answer',
  EAI_AGAIN: 'the name servers did not answer',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS on this port',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the server does not speak TLS on this port',
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE': HANDSHAKE_FAILURE,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: HANDSHAKE_FAILURE,
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the server offers no TLS version since 1.2',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'the server offers no TLS version since 1.2',
};

/** What a server's alert says of the certificate that we showed, or did not; null for all others. A client's own look never ends in one. */
function certificateRefusal(code: string): string | null {
  const alert = /^ERR_SSL_.*_ALERT_([A-Z_]+)$/.exec(code)?.[1] ?? '';
  if (alert === 'CERTIFICATE_REQUIRED') return 'the server requires a client certificate';
  const why = Object.hasOwn(CERTIFICATE_ALERTS, alert) ? CERTIFICATE_ALERTS[alert] : undefined;
  return why === undefined ? null : `the server rejected the client certificate (${why})`;
}

/** @see https://www.rfc-editor.org/rfc/rfc8446#section-6.2 */
const CERTIFICATE_ALERTS: Readonly<Record<string, string>> = {
  BAD_CERTIFICATE: 'bad certificate',
  UNSUPPORTED_CERTIFICATE: 'unsupported certificate',
  CERTIFICATE_REVOKED: 'revoked',
  CERTIFICATE_EXPIRED: 'expired',
  CERTIFICATE_UNKNOWN: 'not acceptable',
  UNKNOWN_CA: 'unknown authority',
  ACCESS_DENIED: 'access denied',
};

/** Whether somebody at the other end said no, which is an answer of a kind. */
export function isRefused({ reason, detail }: Failure): boolean {
  return reason === 'connect' && detail.startsWith(explained('ECONNREFUSED', null));
}

function explained(code: string, error: unknown): string {
  const known = EXPLANATIONS[code];
  if (known !== undefined) return known;
  if (code.startsWith('HPE_')) return `the answer is not valid HTTP (${errorReason(error) || code})`;
  if (code.startsWith('ERR_HTTP2_')) return explainedHttp2(code, errorMessage(error));
  if (code.startsWith('ERR_SSL_')) {
    return `TLS error "${code.slice('ERR_SSL_'.length).toLowerCase().replaceAll('_', ' ')}"`;
  }
  return code === '' ? errorMessage(error) : `${errorMessage(error)} (${code})`;
}

function explainedHttp2(code: string, message: string): string {
  switch (code) {
    case 'ERR_HTTP2_STREAM_ERROR': {
      const name = /NGHTTP2_(\w+)/.exec(message)?.[1] ?? message;
      return `the HTTP/2 stream was broken off (${name}${HTTP2_HINTS[name] ?? ''})`;
    }
    case 'ERR_HTTP2_SESSION_ERROR':
      return `the server broke off the HTTP/2 session (${/code (\w+)/.exec(message)?.[0] ?? message})`;
    case 'ERR_HTTP2_ERROR':
      return `the answer is not valid HTTP/2 (${message})`;
    default:
      return `${message} (${code})`;
  }
}

/** @see https://www.rfc-editor.org/rfc/rfc9113#section-7 */
const HTTP2_HINTS: Readonly<Record<string, string>> = {
  ENHANCE_YOUR_CALM: ': it is asked too often, or sends too many headers',
  HTTP_1_1_REQUIRED: ': it wants HTTP/1.1 here',
};

export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function errorReason(error: unknown): string {
  return error instanceof Error && 'reason' in error && typeof error.reason === 'string' ? error.reason : '';
}
