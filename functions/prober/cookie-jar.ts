import { isIP } from 'node:net';
import { hostOf } from './resolve.ts';

/** Bounds on what targets may leave here: RFC 6265 section 6.1 asks for at least these of a browser. */
const MAX_COOKIES = 50;
const MAX_COOKIE_CHARS = 4_096;
/** Bound on one `cookie` header: common servers refuse header sections beyond 8 to 16 KiB. */
const MAX_HEADER_CHARS = 8_192;

interface Cookie {
  readonly name: string;
  readonly value: string;
  /** Lower case, without a leading dot. */
  readonly domain: string;
  /** Sent to this host alone, and not to those below it. */
  readonly isHostOnly: boolean;
  readonly path: string;
  readonly isSecure: boolean;
  /** Null: until the flow ends. */
  readonly expiresEpochMs: number | null;
}

/**
 * The cookies of one flow, from its first request to its last: domain, path, `Secure`, `Max-Age` and `Expires` as
 * RFC 6265 section 5 has them. `HttpOnly` and `SameSite` are about pages, and there are none here. There is no list of
 * public suffixes either: a cookie for a whole `co.uk` would be taken, and end with the flow.
 * @see https://www.rfc-editor.org/rfc/rfc6265#section-5
 */
export class CookieJar {
  #cookies: readonly Cookie[] = [];

  /** What an answer of this URL sets. Gives the values that are new here. */
  keep(url: URL, setCookies: readonly string[], nowEpochMs: number): readonly string[] {
    const kept: string[] = [];
    for (const line of setCookies) {
      const cookie = parse(line, url, nowEpochMs);
      if (cookie === null) continue;
      // An expired one takes its predecessor away, and is not sent itself.
      const others = this.#cookies.filter((other) => !isSame(other, cookie));
      const isOld = this.#cookies.length > others.length;
      if (!isOld && others.length >= MAX_COOKIES) continue;
      this.#cookies = isExpired(cookie, nowEpochMs) ? others : [...others, cookie];
      kept.push(cookie.value);
    }
    return kept;
  }

  /** `a=1; b=2` for a request to this URL; null where there are none for it. */
  header(url: URL, nowEpochMs: number): string | null {
    const matching = this.#cookies
      .filter((cookie) => !isExpired(cookie, nowEpochMs) && goesTo(cookie, url))
      .sort((a, b) => b.path.length - a.path.length)
      .map(({ name, value }) => (name === '' ? value : `${name}=${value}`));
    let header = '';
    for (const pair of matching) {
      const longer = header === '' ? pair : `${header}; ${pair}`;
      if (longer.length <= MAX_HEADER_CHARS) header = longer;
    }
    return header === '' ? null : header;
  }
}

function isSame(a: Cookie, b: Cookie): boolean {
  return a.name === b.name && a.domain === b.domain && a.path === b.path && a.isHostOnly === b.isHostOnly;
}

function isExpired({ expiresEpochMs }: Cookie, nowEpochMs: number): boolean {
  return expiresEpochMs !== null && expiresEpochMs <= nowEpochMs;
}

function goesTo({ domain, isHostOnly, path, isSecure }: Cookie, url: URL): boolean {
  const host = hostOf(url).toLowerCase();
  if (isSecure && url.protocol !== 'https:') return false;
  if (isHostOnly ? host !== domain : !isWithin(host, domain)) return false;
  return url.pathname === path || url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
}

/** RFC 6265 section 5.1.3: an address has nothing below it. */
function isWithin(host: string, domain: string): boolean {
  return host === domain || (isIP(host) === 0 && host.endsWith(`.${domain}`));
}

/** Null for what is not to be kept. */
function parse(line: string, url: URL, nowEpochMs: number): Cookie | null {
  if (line.length > MAX_COOKIE_CHARS) return null;
  const [pair = '', ...written] = line.split(';');
  const equals = pair.indexOf('=');
  const name = pair.slice(0, Math.max(0, equals)).trim();
  const value = pair.slice(equals + 1).trim();
  if (name === '' || !SENDABLE.test(`${name}${value}`)) return null;
  const attributes = new Map(
    written.map((attribute) => {
      const [key = '', ...rest] = attribute.split('=');
      return [key.trim().toLowerCase(), rest.join('=').trim()];
    }),
  );
  const isSecure = attributes.has('secure');
  if (isSecure && url.protocol !== 'https:') return null;
  const host = hostOf(url).toLowerCase();
  const domain = (attributes.get('domain') ?? '').replace(/^\./, '').toLowerCase();
  // Nobody sets cookies for a neighbour, nor for all of a top-level domain.
  if (domain !== '' && domain !== host && (!isWithin(host, domain) || !domain.includes('.'))) return null;
  const path = attributes.get('path') ?? '';
  return {
    name,
    value,
    domain: domain === '' ? host : domain,
    isHostOnly: domain === '',
    path: path.startsWith('/') ? path : defaultPath(url),
    isSecure,
    expiresEpochMs: expiry(attributes.get('max-age'), attributes.get('expires'), nowEpochMs),
  };
}

/** What node:http lets into a header, without what would end a pair. */
const SENDABLE = /^[\x21-\x3a\x3c-\x7e\x80-\xff ]*$/;

/** RFC 6265 section 5.1.4 */
function defaultPath({ pathname }: URL): string {
  const end = pathname.lastIndexOf('/');
  return end <= 0 ? '/' : pathname.slice(0, end);
}

function expiry(maxAge: string | undefined, expires: string | undefined, nowEpochMs: number): number | null {
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return nowEpochMs + Number(maxAge) * 1_000;
  const epochMs = expires === undefined ? Number.NaN : Date.parse(expires);
  return Number.isFinite(epochMs) ? epochMs : null;
}
