import type { HttpRequest } from '../../shared/monitor.ts';
import { insideJsonText } from '../../shared/secret-forms.ts';
import type { Secret } from '../../shared/secret-member.ts';
import { type Failure, inconclusive, isFailure } from './failure.ts';
import type { Outgoing } from './outgoing.ts';

export interface SecretSource {
  /** One entry per name. Never rejects: what cannot be read is `missing`. */
  read(names: readonly string[]): Promise<ReadonlyMap<string, Secret>>;
}

export const NO_SECRETS: ReadonlyMap<string, Secret> = new Map();

/** What a flow's steps capture stands in texts as secrets do, and is filled in, hidden and kept from other origins as they are. */
const PLACEHOLDER = /\$\{(secret|capture):([^}]+)\}/g;

/** Under which a captured value is found among secrets. No secret's name has a `:`. */
export function capturedName(name: string): string {
  return `capture:${name}`;
}

/** The names of the secrets that these texts need, each once. */
export function secretNames(texts: readonly string[]): readonly string[] {
  return placeholderNames(texts).filter((name) => !name.startsWith(capturedName('')));
}

/** The same, and those of captured values. */
export function placeholderNames(texts: readonly string[]): readonly string[] {
  const names = texts.flatMap((text) =>
    [...text.matchAll(PLACEHOLDER)].map(([, kind, name = '']) => nameOf(kind, name)),
  );
  return [...new Set(names)];
}

function nameOf(kind: string | undefined, name: string): string {
  return kind === 'capture' ? capturedName(name) : name;
}

/** Puts secrets into texts, each `encoded` for where it stands. */
export type Fill = (text: string, encoded?: (value: string) => string) => string;

/** How to fill in these texts, or why not: one of their secrets has no value. */
export function filling(texts: readonly string[], secrets: ReadonlyMap<string, Secret>): Fill | Failure {
  for (const name of placeholderNames(texts)) {
    const secret = secrets.get(name);
    if (secret === undefined) return inconclusive(`secret "${name}" was not read`);
    if ('missing' in secret) return inconclusive(secret.missing);
  }
  return (text, encoded = (value) => value) =>
    text.replaceAll(PLACEHOLDER, (_, kind: string, name: string) => encoded(secretValue(secrets, nameOf(kind, name))));
}

/** A secret that is the URL's beginning is a URL; anywhere later it is one value inside of it, which leaves the rest as it is. */
export function filledUrl(url: string, secrets: ReadonlyMap<string, Secret>): URL | null {
  if (leadsElsewhere(url, secrets)) return null;
  return URL.parse(
    url.replaceAll(PLACEHOLDER, (_, kind: string, name: string, offset: number) => {
      const value = secretValue(secrets, nameOf(kind, name));
      return offset === 0 ? value : encodeURIComponent(value);
    }),
  );
}

/**
 * Whether a value makes a segment of the path `.` or `..`, which no encoding keeps from being another path: `DELETE
 * /orders/${id}` would be one of `/`.
 */
export function leadsElsewhere(url: string, secrets: ReadonlyMap<string, Secret>): boolean {
  const [path = ''] = url.split('?');
  return path.split('/').some((segment, index) => {
    if (index === 0 || segment.search(PLACEHOLDER) < 0) return false;
    const filled = segment.replaceAll(PLACEHOLDER, (_, kind: string, name: string) =>
      encodeURIComponent(secretValue(secrets, nameOf(kind, name))),
    );
    // A fragment may follow.
    return DOT_SEGMENT.test(filled.split('#')[0] ?? '');
  });
}

/** @see https://url.spec.whatwg.org/#double-dot-path-segment */
const DOT_SEGMENT = /^(?:\.|%2e){1,2}$/i;

/**
 * The request with its secrets in place. This happens once, on what the definition says: an answer, such as a
 * redirect to `?q=${secret:token}`, must never make the prober fill in a secret.
 */
export function withSecrets(
  request: Pick<HttpRequest, 'method' | 'url' | 'headers' | 'body'>,
  secrets: ReadonlyMap<string, Secret>,
  schemes: readonly [string, string] = ['http', 'https'],
): Outgoing | Failure {
  const filled = filling([request.url, ...Object.values(request.headers), request.body ?? ''], secrets);
  if (isFailure(filled)) return filled;
  const url = filledUrl(request.url, secrets);
  if (url === null || !schemes.includes(url.protocol.slice(0, -1))) {
    return inconclusive(`the url, with its secrets in place, is not a valid ${schemes.join(' or ')} URL`);
  }
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, filled(value)]));
  if (url.username !== '' && headers.authorization === undefined) headers.authorization = basicCredentials(url);
  url.username = '';
  url.password = '';
  url.hash = '';
  const isJson = /json/i.test(headers['content-type'] ?? '');
  return {
    method: request.method,
    url,
    headers,
    headersWithSecrets: Object.keys(request.headers).filter((name) => hasSecret(request.headers[name])),
    body: request.body === null ? null : filled(request.body, isJson ? insideJsonText : undefined),
    bodyHasSecret: hasSecret(request.body ?? ''),
  };
}

/** What basic authentication makes of a name and a password: secret where they are, and neither of them. */
export function credentialsOf(outgoing: Outgoing): string | null {
  return /^Basic (\S+)$/i.exec(outgoing.headers.authorization ?? '')?.[1] ?? null;
}

function basicCredentials(url: URL): string {
  const pair = `${percentDecoded(url.username)}:${percentDecoded(url.password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a bare % is meant as one
  }
}

function hasSecret(text: string | undefined): boolean {
  return text !== undefined && text.search(PLACEHOLDER) >= 0;
}

function secretValue(secrets: ReadonlyMap<string, Secret>, name: string): string {
  const secret = secrets.get(name);
  return secret !== undefined && 'value' in secret ? secret.value : '';
}
