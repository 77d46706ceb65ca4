import type { HttpMonitor, RequestAuth } from '../../shared/monitor.ts';
import { requestTexts } from '../../shared/target.ts';
import type { Attempt } from './attempt.ts';
import { type AwsCredentials, regionOfHost, signed } from './aws-signature.ts';
import { openConnection } from './connection.ts';
import { exchange } from './exchange.ts';
import { errorMessage, type Failure, failed, inconclusive, isFailure } from './failure.ts';
import type { Outgoing } from './outgoing.ts';
import { type Fill, filledUrl, filling } from './secrets.ts';
import { Trace } from './trace.ts';
import { trusting } from './trust.ts';

type OAuth2 = Extract<RequestAuth, { readonly kind: 'oauth2' }>;
type SigV4 = Extract<RequestAuth, { readonly kind: 'sigv4' }>;

/** Adds to a request what proves who sends it. For each request of the origin that it was written for, and for no other. */
export type Prove = (outgoing: Outgoing) => Promise<Outgoing | Failure>;

interface Token {
  readonly value: string;
  readonly expiresEpochMs: number;
}

/** By the definition that asks for them, so that a deployment's new credentials never meet an old token. */
const TOKENS = new WeakMap<OAuth2, Token>();

/** A token that expires this soon may do so on its way. */
const RENEW_BEFORE_MS = 30_000;

const MAX_TOKEN_ANSWER_BYTES = 64 * 1024;
const MAX_TOKEN_CHARS = 16_384;

/** Null where the definition asks for none. What it takes is fetched here, before anything of the check is timed. */
export async function authorization(attempt: Attempt<HttpMonitor>): Promise<Prove | null | Failure> {
  const { monitor, secrets, redaction } = attempt;
  const { auth } = monitor.request;
  if (auth === undefined) return null;
  const fill = filling(requestTexts(monitor.request), secrets);
  if (isFailure(fill)) return fill;
  switch (auth.kind) {
    case 'basic': {
      const pair = base64(`${fill(auth.user)}:${fill(auth.password)}`);
      redaction.hide(pair);
      return withHeader(`Basic ${pair}`);
    }
    case 'oauth2': {
      const token = await tokenOf(attempt, auth, fill);
      if (typeof token !== 'string') return token;
      redaction.hide(token);
      return withHeader(`Bearer ${token}`);
    }
    case 'sigv4':
      return signing(attempt, auth, fill);
    default:
      return unknownKind(auth);
  }
}

/** The target refused what it was given: a token that was taken back before its time must not be used until it expires. */
export function forgetToken({ auth }: HttpMonitor['request']): void {
  if (auth?.kind === 'oauth2') TOKENS.delete(auth);
}

function withHeader(authorization: string): Prove {
  return async (outgoing) => ({ ...outgoing, headers: { ...outgoing.headers, authorization } });
}

async function signing(attempt: Attempt<HttpMonitor>, auth: SigV4, fill: Fill): Promise<Prove | Failure> {
  const { prober, redaction } = attempt;
  const credentials = await credentialsFor(attempt, auth, fill);
  if (isFailure(credentials)) return credentials;
  redaction.hide(credentials.secretAccessKey);
  redaction.hide(credentials.sessionToken ?? '');
  return async (outgoing) => {
    const region = auth.region ?? regionOfHost(outgoing.url.hostname) ?? prober.aws.region;
    if (region === null) {
      return inconclusive('no region to sign for: set AWS_REGION here, or "region" in the monitor’s auth.sigv4');
    }
    const made = await signed(outgoing, { service: auth.service, region }, credentials, prober.clock.epochMs());
    if (isFailure(made)) return made;
    redaction.hide(made.signature);
    return made.outgoing;
  };
}

/** What the role's own credentials take at most, and of a check's timeout: looking for them must not look like a target that is slow. */
const MAX_CREDENTIALS_MS = 5_000;
const MAX_CREDENTIALS_RATIO = 0.5;

async function credentialsFor(
  { prober, monitor }: Attempt<HttpMonitor>,
  { accessKeyId, secretAccessKey, sessionToken }: SigV4,
  fill: Fill,
): Promise<AwsCredentials | Failure> {
  if (accessKeyId !== null && secretAccessKey !== null) {
    return {
      accessKeyId: fill(accessKeyId),
      secretAccessKey: fill(secretAccessKey),
      ...(sessionToken === null ? {} : { sessionToken: fill(sessionToken) }),
    };
  }
  const remedy =
    'give the prober a role, this machine a profile, or the monitor keys of its own (docs/monitors/authentication.md)';
  const limitMs = Math.min(MAX_CREDENTIALS_MS, monitor.timeoutMs * MAX_CREDENTIALS_RATIO);
  let cancel = () => {};
  const tooLate = new Promise<Failure>((resolve) => {
    const why = inconclusive(`no AWS credentials to sign with were found in ${limitMs} ms; ${remedy}`);
    cancel = prober.clock.after(limitMs, () => resolve(why));
  });
  try {
    return await Promise.race([prober.aws.credentials(), tooLate]);
  } catch (error) {
    return inconclusive(`no AWS credentials to sign with: ${errorMessage(error)}; ${remedy}`);
  } finally {
    cancel();
  }
}

async function tokenOf(attempt: Attempt<HttpMonitor>, auth: OAuth2, fill: Fill): Promise<string | Failure> {
  const { prober, monitor, secrets, trace } = attempt;
  const cached = TOKENS.get(auth);
  const neededUntilMs = prober.clock.epochMs() + Math.max(RENEW_BEFORE_MS, monitor.timeoutMs);
  if (cached !== undefined && cached.expiresEpochMs > neededUntilMs) return cached.value;

  const url = filledUrl(auth.tokenUrl, secrets);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    return inconclusive('the tokenUrl, with its secrets in place, is not a valid http or https URL');
  }
  const place = trace.place;
  const prefix = `no token from ${url.origin}: `;
  trace.place = `${place}${prefix}`;
  const own = new Trace(prober.clock);
  trace.hold({ destroy: () => own.finish(), on: () => {} });
  try {
    const token = await fetchToken(attempt, url, auth, fill, own);
    if (isFailure(token)) return { ...token, failedPhase: null, detail: `${prefix}${token.detail}` };
    TOKENS.set(auth, token);
    trace.place = place;
    return token.value;
  } finally {
    own.finish();
  }
}

/**
 * | the endpoint                                   | the check                                             |
 * | ---------------------------------------------- | ----------------------------------------------------- |
 * | cannot be reached, breaks off, answers a 5xx   | `failed`: nobody can use the API without it           |
 * | answers another status than 200, such as a 401 | `inconclusive`: it refuses what our definition gives  |
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 */
async function fetchToken(
  { prober, monitor, secrets }: Attempt<HttpMonitor>,
  url: URL,
  auth: OAuth2,
  fill: Fill,
  trace: Trace,
): Promise<Token | Failure> {
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (auth.scope !== null) form.set('scope', auth.scope);
  const body = form.toString();
  const isOwn = url.origin === filledUrl(monitor.request.url, secrets)?.origin;
  const network = isOwn ? trusting(prober, monitor.request, secrets) : prober;
  if (isFailure(network)) return network;
  const socket = await openConnection(network, url, trace);
  if (isFailure(socket)) return socket;
  const headers = {
    host: url.host,
    accept: 'application/json',
    authorization: `Basic ${base64(`${formEncoded(fill(auth.clientId))}:${formEncoded(fill(auth.clientSecret))}`)}`,
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const outgoing = { method: 'POST', url, headers, body };
  const answer = await exchange(prober.clock, socket, outgoing, MAX_TOKEN_ANSWER_BYTES, () => true, trace);
  if (isFailure(answer)) return answer;
  if (answer.status >= 500) return failed('status', null, `it answered ${answer.status}`);
  if (answer.status !== 200) {
    const remedy = 'look at clientId, clientSecret and scope';
    return inconclusive(`it answered ${answer.status}${errorOf(answer.body)}; ${remedy}`);
  }
  const members = membersOf(answer.body);
  const { access_token: value, expires_in: expiresInS } = members;
  if (typeof value !== 'string' || !SENDABLE.test(value) || value.length > MAX_TOKEN_CHARS) {
    return failed('protocol', null, 'its answer has no access_token that a header can carry');
  }
  // RFC 6749 section 5.1 leaves the lifetime out where it is told in another way: then this check alone uses it.
  const lifetimeMs = Number.isFinite(Number(expiresInS ?? 0)) ? Number(expiresInS ?? 0) * 1_000 : 0;
  return { value, expiresEpochMs: prober.clock.epochMs() + lifetimeMs };
}

/** RFC 6750 section 2.1, b64token, and what servers send beyond it. */
const SENDABLE = /^[\x21-\x7e]+$/;

/** RFC 6749 section 5.2: a word such as `invalid_client`. */
function errorOf(body: Buffer): string {
  const { error } = membersOf(body);
  return typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? ` (${error})` : '';
}

function membersOf(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** RFC 6749 section 2.3.1 */
function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function unknownKind(auth: never): never {
  throw new TypeError(`unknown way to authenticate in ${JSON.stringify(auth)}`);
}
