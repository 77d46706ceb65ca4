import type { HttpRequest, RequestAuth } from '../monitor.ts';
import type { ParsedAuth } from './auth-schema.ts';
import type { JsonPath, Reporter } from './diagnostics.ts';
import type { ParsedRequest } from './http-schema.ts';
import { resolveTlsSettings } from './resolve-tls-settings.ts';
import { quote } from './schema-leaves.ts';
import { captureNames, secretNames } from './templates.ts';

const DEFAULT_REDIRECTS = 5;
const DEFAULT_MAX_BODY_BYTES = 1024 * 1024;

/** RFC 9110 section 5.6.2, token. */
export const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110 section 5.5: what node:http lets through. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** The prober frames and opens each request itself. */
export const HEADERS_OF_THE_PROBER = [
  'connection',
  'content-length',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
const CREDENTIAL_HEADER = /^(authorization|proxy-authorization|cookie)$|(^|[-_])(api-?key|token|secret|password)$/;
/** RFC 2606 and 6761: no public DNS ever answers for these. `localhost` is left out: on one's own machine it does. */
const RESERVED_HOST = /(^|\.)(example|test|invalid)$|(^|\.)example\.(com|net|org)$/;

/** Paths are relative to `request`. Null where it has errors. */
export function resolveRequest(parsed: ParsedRequest, reporter: Reporter): HttpRequest | null {
  let sound = true;
  const fail: Reporter['error'] = (path, complaint) => {
    sound = false;
    reporter.error(path, complaint);
  };
  const failing = { ...reporter, error: fail };
  checkUrl(parsed.url, ['https', 'http'], ['url'], failing);
  const headers = resolveHeaders(parsed.headers ?? {}, HEADERS_OF_THE_PROBER, failing);
  if (parsed.body !== undefined && parsed.json !== undefined) {
    fail(['json'], { message: 'Both "body" and "json" are given, and there is only one body.', remedy: 'Remove one.' });
  }
  const method = parsed.method ?? 'GET';
  const body = parsed.body ?? (parsed.json === undefined ? null : JSON.stringify(parsed.json));
  if (parsed.json !== undefined && !headers.has('content-type')) headers.set('content-type', 'application/json');
  if (body !== null && (method === 'GET' || method === 'HEAD')) {
    reporter.warning([parsed.body === undefined ? 'json' : 'body'], {
      message: `A ${method} request with a body means nothing (RFC 9110); some servers reject it.`,
      remedy: 'Set "method": "POST", or remove the body.',
    });
  }
  const auth = parsed.auth === undefined ? undefined : resolveAuth(parsed.auth, failing);
  if (auth !== undefined && headers.has('authorization')) {
    fail(['auth'], {
      message: 'Both "auth" and a header authorization are given, and there is only one such header.',
      remedy: 'Remove one.',
    });
  }
  if (parsed.http2 === true && whyPlain(parsed.url, 'http:') !== null) {
    reporter.warning(['http2'], {
      message:
        'The URL is http:, and HTTP/2 is agreed on in a TLS handshake: HTTP/1.1 is spoken unless a redirect leads to https:.',
      remedy: 'Use an https: URL, or remove "http2".',
    });
  }
  const tls = resolveTlsSettings(parsed, whyPlain(parsed.url, 'http:'), failing);
  if (!sound) return null;
  return {
    method,
    url: parsed.url,
    headers: Object.fromEntries(headers),
    body,
    ...(auth === undefined ? {} : { auth }),
    ...tls,
    ...(parsed.http2 === true ? { http2: true } : {}),
    maxRedirects: parsed.redirects ?? DEFAULT_REDIRECTS,
    maxBodyBytes: parsed.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES,
  };
}

/** Undefined where there is none that can be used, which was reported. */
function resolveAuth({ basic, oauth2, sigv4 }: ParsedAuth, reporter: Reporter): RequestAuth | undefined {
  if (basic !== undefined) {
    warnOfClearText(basic.password, ['auth', 'basic', 'password'], reporter);
    if (basic.user.replaceAll(/\$\{[^}]*\}/g, '').includes(':')) {
      reporter.error(['auth', 'basic', 'user'], {
        message: 'The user has a colon in it, where its password would begin (RFC 7617).',
        remedy: 'Remove it.',
      });
    }
    return { kind: 'basic', user: basic.user, password: basic.password };
  }
  if (sigv4 !== undefined) return resolveSigV4(sigv4, reporter);
  if (oauth2 === undefined) return undefined;
  warnOfClearText(oauth2.clientSecret, ['auth', 'oauth2', 'clientSecret'], reporter);
  checkUrl(oauth2.tokenUrl, ['https', 'http'], ['auth', 'oauth2', 'tokenUrl'], reporter);
  const { tokenUrl, clientId, clientSecret, scope = null } = oauth2;
  return { kind: 'oauth2', tokenUrl, clientId, clientSecret, scope };
}

function resolveSigV4(sigv4: NonNullable<ParsedAuth['sigv4']>, reporter: Reporter): RequestAuth {
  const { service, region = null, accessKeyId = null, secretAccessKey = null, sessionToken = null } = sigv4;
  const path = ['auth', 'sigv4'];
  if ((accessKeyId === null) !== (secretAccessKey === null)) {
    const [given, missing] =
      accessKeyId === null ? ['secretAccessKey', 'accessKeyId'] : ['accessKeyId', 'secretAccessKey'];
    reporter.error([...path, given], {
      message: `${quote(given)} is given without ${quote(missing)}.`,
      remedy: `Add ${quote(missing)}, or remove it to sign with the credentials of the prober’s own role.`,
    });
  }
  if (sessionToken !== null && accessKeyId === null && secretAccessKey === null) {
    reporter.error([...path, 'sessionToken'], {
      message: 'A session token belongs to keys, and there are none.',
      remedy: 'Add "accessKeyId" and "secretAccessKey", or remove it.',
    });
  }
  warnOfClearText(secretAccessKey ?? '', [...path, 'secretAccessKey'], reporter);
  warnOfClearText(sessionToken ?? '', [...path, 'sessionToken'], reporter);
  return { kind: 'sigv4', service, region, accessKeyId, secretAccessKey, sessionToken };
}

export function warnOfClearText(text: string, path: JsonPath, reporter: Reporter): void {
  if (text === '' || secretNames(text).length + captureNames(text).length > 0) return;
  reporter.warning(path, {
    message: 'This is a credential in clear, and it would be stored and shown with the monitor.',
    remedy: 'Store it as a secret and write ${secret:name} in its place.',
  });
}

/** Why no TLS is spoken with this URL; null where it may be. */
export function whyPlain(url: string, scheme: 'http:' | 'ws:'): string | null {
  return url.startsWith(`${scheme}//`) ? `The URL is ${scheme}` : null;
}

/** What is wrong with a header's name, as a sentence; null for a good one. */
export function headerNameProblem(name: string): string | null {
  return HEADER_NAME.test(name) ? null : `${quote(name)} is not a header name.`;
}

/** A URL in full, of one of these schemes, the usual one first. The URL itself is never shown: it may hold a password or a key. */
export function checkUrl(
  written: string,
  [usual, other]: readonly [string, string],
  path: JsonPath,
  reporter: Reporter,
): URL | null {
  if (CAPTURE_IN_AUTHORITY.test(written)) {
    reporter.error(path, {
      message: 'A captured value stands where the URL says whom to call: an answer would choose who gets the request.',
      allowed: 'captured values in the path and the query',
      remedy: 'Write scheme and host out, or take them from ${env:NAME}.',
    });
    return null;
  }
  // A URL that begins with a secret can be anything: only the prober will see.
  if (written.startsWith('${secret:')) return null;
  const filled = secretNames(written).reduce((text, name) => text.replaceAll(`\${secret:${name}}`, 'secret'), written);
  const url = URL.canParse(filled) ? new URL(filled) : null;
  const allowed = `an absolute ${other}:// or ${usual}:// URL`;
  if (url === null) {
    const remedy = /^[a-z][a-z0-9+.-]*:\/\//i.test(filled)
      ? 'Correct it.'
      : `Write it in full, beginning with ${usual}://; \${env:NAME} may give its beginning.`;
    reporter.error(path, { message: 'This is not an absolute URL.', allowed, remedy });
    return null;
  }
  if (url.protocol !== `${other}:` && url.protocol !== `${usual}:`) {
    reporter.error(path, {
      message: `The scheme ${quote(url.protocol)} cannot be checked.`,
      allowed,
      remedy: `Begin with ${usual}:// or ${other}://.`,
    });
    return null;
  }
  const hasClearPassword = url.password !== '' && !/^[^/]*\/\/[^/@]*\$\{secret:[^}]*\}[^/@]*@/.test(written);
  if (hasClearPassword) {
    reporter.warning(path, {
      message: 'The URL holds a password in clear, and it would be stored and shown with the monitor.',
      remedy: 'Store it as a secret and write ${secret:name} in its place.',
    });
  }
  warnOfReservedHost(url.hostname, path, reporter);
  return url;
}

/** Before the first `/` or `?` after the scheme. */
const CAPTURE_IN_AUTHORITY = /^(?:[a-z][a-z0-9+.-]*:\/\/)?[^/?#]*\$\{capture:/i;

export function warnOfReservedHost(host: string, path: JsonPath, reporter: Reporter): void {
  if (!RESERVED_HOST.test(host)) return;
  reporter.warning(path, {
    message: `The host ${quote(host)} is reserved for examples (RFC 2606): it never is a real service.`,
    remedy: 'Give the address of a real one.',
  });
}

/** By lower-case name. `ours`: those that the prober sets itself. Paths are relative to what holds `property`. */
export function resolveHeaders(
  written: Readonly<Record<string, string>>,
  ours: readonly string[],
  reporter: Reporter,
  property = 'headers',
): Map<string, string> {
  const headers = new Map<string, string>();
  for (const [writtenName, value] of Object.entries(written)) {
    const name = writtenName.toLowerCase();
    const path = [property, writtenName];
    const nameProblem = headerNameProblem(writtenName);
    if (nameProblem !== null) reporter.error(path, { message: nameProblem, remedy: 'Use letters, digits and -.' });
    else if (ours.includes(name)) {
      reporter.error(path, { message: `The header ${name} is set by the prober.`, remedy: 'Remove it.' });
    } else if (headers.has(name)) {
      reporter.error(path, {
        message: `The header ${name} is given twice; case does not matter in names.`,
        remedy: 'Keep one.',
      });
    }
    if (!HEADER_VALUE.test(value)) {
      reporter.error(path, {
        message: 'The value has characters that no header can carry (a line break, or beyond Latin-1).',
        remedy: 'Remove them.',
      });
    }
    if (CREDENTIAL_HEADER.test(name) && value !== '' && secretNames(value).length + captureNames(value).length === 0) {
      reporter.warning(path, {
        message: `The header ${name} holds a credential in clear, and it would be stored and shown with the monitor.`,
        remedy: 'Store it as a secret and write ${secret:name} in its place.',
      });
    }
    headers.set(name, value);
  }
  return headers;
}
