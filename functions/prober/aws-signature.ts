import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Region } from '../../shared/monitor.ts';
import { errorMessage, type Failure, inconclusive } from './failure.ts';
import type { Outgoing } from './outgoing.ts';

/** Who signs. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string;
}

/** What a signature is for. */
export interface SigningScope {
  readonly service: string;
  readonly region: Region;
}

export interface SignedRequest {
  readonly outgoing: Outgoing;
  /** Secret as a password is: for as long as the clock's tolerance, who has it can send the request again. */
  readonly signature: string;
}

/**
 * The request with an AWS Signature Version 4. Signed are the host, the body, the date, and the headers that the
 * definition sets; not those that the prober adds, which proxies on the way may change.
 *
 * Path and query are written out as AWS counts them, everything but unreserved characters percent-encoded, so that
 * both sides count the same.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export async function signed(
  outgoing: Outgoing,
  { service, region }: SigningScope,
  credentials: AwsCredentials,
  nowEpochMs: number,
): Promise<SignedRequest | Failure> {
  try {
    const url = new URL(outgoing.url);
    url.pathname = strictly(url.pathname, '/');
    const pairs = pairsOf(url.search);
    url.search = pairs
      .map(([name, value]) => (value === null ? encoded(name) : `${encoded(name)}=${encoded(value)}`))
      .join('&');
    const signer = new SignatureV4({
      credentials,
      region,
      service,
      sha256: Sha256,
      // S3 takes a path as it comes; all others encode it once more.
      uriEscapePath: !PATH_AS_IT_COMES.has(service),
    });
    const { headers } = await signer.sign(
      {
        method: outgoing.method,
        protocol: url.protocol,
        hostname: url.hostname,
        path: url.pathname,
        query: queryOf(pairs),
        headers: { host: url.host, ...outgoing.headers },
        ...(outgoing.body === null ? {} : { body: outgoing.body }),
      },
      { signingDate: new Date(nowEpochMs) },
    );
    const signature = /Signature=([0-9a-f]+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
    return { outgoing: { ...outgoing, url, headers }, signature };
  } catch (error) {
    if (error instanceof URIError) return inconclusive('the query cannot be signed: its percent-encoding is not UTF-8');
    return inconclusive(`the request cannot be signed: ${errorMessage(error)}`);
  }
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
const PATH_AS_IT_COMES: ReadonlySet<string> = new Set(['s3', 's3-object-lambda', 's3-outposts']);

/** The region that an AWS host's name tells, as in `x.execute-api.eu-west-1.amazonaws.com`; null for all others. */
export function regionOfHost(host: string): Region | null {
  if (!/\.(amazonaws\.com(\.cn)?|amazonaws\.eu|on\.aws|api\.aws)$/.test(host)) return null;
  return host.split('.').findLast((label) => /^[a-z]{2,}(-[a-z]+)+-\d$/.test(label)) ?? null;
}

/** The clocks' difference from which AWS refuses a signature. S3 bears three times as much. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

/**
 * Why an answer that refuses the request says nothing of the target, but of who signed; null where it may well be the
 * target. `dateHeader`, `errorType` (`x-amzn-errortype`) and `body` are the answer's.
 */
export function signerProblem(
  answer: {
    readonly status: number;
    readonly date: string | undefined;
    readonly errorType: string | undefined;
    readonly body: string;
  },
  nowEpochMs: number,
): string | null {
  if (![400, 401, 403].includes(answer.status)) return null;
  const code = ERROR_CODE.exec(`${answer.errorType ?? ''} ${answer.body.slice(0, 4_096)}`)?.[1];
  const skewMs = nowEpochMs - Date.parse(answer.date ?? '');
  if (Math.abs(skewMs) > CLOCK_TOLERANCE_MS || code === 'RequestTimeTooSkewed' || OUT_OF_TIME.test(answer.body)) {
    const minutes = Math.round(Math.abs(skewMs) / 60_000);
    const how =
      minutes > 0 ? ` by ${minutes} min ${skewMs > 0 ? '(the prober is ahead)' : '(the prober is behind)'}` : '';
    return `the target refused the signature (${answer.status}), and the two clocks differ${how}: set the one that is wrong`;
  }
  const remedy = code === undefined || !Object.hasOwn(REMEDIES, code) ? undefined : REMEDIES[code];
  return remedy === undefined
    ? null
    : `the target refused who signed the request (${answer.status} ${code}): ${remedy}`;
}

const OUT_OF_TIME = /Signature (?:expired|not yet current)/;

const REMEDIES: Readonly<Record<string, string>> = {
  ExpiredToken: 'the credentials have expired; renew them',
  ExpiredTokenException: 'the credentials have expired; renew them',
  InvalidAccessKeyId: 'nobody has this accessKeyId; look at the credentials',
  InvalidClientTokenId: 'nobody has this accessKeyId; look at the credentials',
  UnrecognizedClientException: 'nobody has these credentials; look at accessKeyId and sessionToken',
  InvalidToken: 'the session token is none; look at sessionToken',
  SignatureDoesNotMatch: 'look at secretAccessKey, service and region',
  InvalidSignatureException: 'look at secretAccessKey, service and region',
};

const ERROR_CODE =
  /\b(RequestTimeTooSkewed|ExpiredToken(?:Exception)?|InvalidAccessKeyId|InvalidClientTokenId|UnrecognizedClientException|InvalidToken|SignatureDoesNotMatch|InvalidSignatureException)\b/;

/** What the signer needs of a hash, by node:crypto. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }
  update(data: Uint8Array): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {
    throw new TypeError('a hash is used once');
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return data instanceof ArrayBuffer
    ? new Uint8Array(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** @throws URIError where the encoding is not UTF-8. A `+` is a blank, as forms write it. Null: without a `=`. */
function pairsOf(search: string): readonly (readonly [string, string | null])[] {
  const decoded = (text: string) => decodeURIComponent(strictly(text.replaceAll('+', '%20'), ''));
  return search
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals < 0 ? [decoded(pair), null] : [decoded(pair.slice(0, equals)), decoded(pair.slice(equals + 1))];
    });
}

function queryOf(pairs: readonly (readonly [string, string | null])[]): Record<string, string[]> {
  const byName = Map.groupBy(pairs, ([name]) => name);
  return Object.fromEntries([...byName].map(([name, all]) => [name, all.map(([, value]) => value ?? '')]));
}

/** Percent-encodes all but unreserved characters (RFC 3986 section 2.3) and `kept`; what is encoded already stays so. */
function strictly(text: string, kept: string): string {
  return text.replaceAll(/%[0-9a-f]{2}|./gisu, (one) => {
    if (one.length < 3) return one === kept ? one : encoded(one);
    const character = String.fromCharCode(Number.parseInt(one.slice(1), 16));
    return UNRESERVED.test(character) ? character : one.toUpperCase();
  });
}

const UNRESERVED = /^[A-Za-z0-9\-._~]$/;

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}
