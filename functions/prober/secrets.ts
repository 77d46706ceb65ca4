import type { HttpRequest } from '../../shared/monitor.ts';
import { type Failure, inconclusive } from './failure.ts';
import type { Outgoing } from './outgoing.ts';

/** What became of a secret's name: its value, or a sentence for a person on why there is none. */
export type Secret = { readonly value: string } | { readonly missing: string };

export interface SecretSource {
  /** One entry per name. Never rejects: what cannot be read is `missing`. */
  read(names: readonly string[]): Promise<ReadonlyMap<string, Secret>>;
}

export const NO_SECRETS: ReadonlyMap<string, Secret> = new Map();

const PLACEHOLDER = /\$\{secret:([^}]+)\}/g;

/** The names of the secrets that a request needs, each once. */
export function secretNames(request: HttpRequest): readonly string[] {
  const texts = [request.url, ...Object.values(request.headers), request.body ?? ''];
  return [...new Set(texts.flatMap((text) => [...text.matchAll(PLACEHOLDER)].map((match) => match[1] ?? '')))];
}

/**
 * The request with its secrets in place. This happens once, on what the definition says: an answer, such as a
 * redirect to `?q=${secret:token}`, must never make the prober fill in a secret.
 */
export function withSecrets(request: HttpRequest, secrets: ReadonlyMap<string, Secret>): Outgoing | Failure {
  for (const name of secretNames(request)) {
    const secret = secrets.get(name);
    if (secret === undefined) return inconclusive(`secret "${name}" was not read`);
    if ('missing' in secret) return inconclusive(secret.missing);
  }
  const filled = (text: string, encoded: (value: string) => string = (value) => value) =>
    text.replaceAll(PLACEHOLDER, (_, name: string) => encoded(secretValue(secrets, name)));
  // A secret that is the URL's beginning is a URL; anywhere later it is one value inside of it.
  const url = URL.parse(
    request.url.replaceAll(PLACEHOLDER, (_, name: string, offset: number) =>
      offset === 0 ? secretValue(secrets, name) : encodeURIComponent(secretValue(secrets, name)),
    ),
  );
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    return inconclusive(`the request's url, with its secrets in place, is not a valid http or https URL`);
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

/**
 * Takes a request's secrets out of a text: as they are, and as URLs, JSON and Base64 would carry them.
 * To be done before a text is cut: half a secret is no longer found.
 */
export function redactor(outgoing: Outgoing, secrets: ReadonlyMap<string, Secret>): (text: string) => string {
  const forms = new Set<string>();
  for (const secret of secrets.values())
    if ('value' in secret) for (const form of formsOf(secret.value)) forms.add(form);
  // Longer forms first, so that none leaves a remainder of another.
  const found = [...forms].sort((a, b) => b.length - a.length);
  const credentials = /^Basic (\S+)$/i.exec(outgoing.headers.authorization ?? '')?.[1];
  if (credentials !== undefined) found.unshift(credentials);
  return (text) => found.reduce((redacted, form) => redacted.replaceAll(form, REDACTED), text);
}

const REDACTED = '[secret]';

function formsOf(value: string): readonly string[] {
  if (value === '') return [];
  const bytes = Buffer.from(value);
  return [
    value,
    encodeURIComponent(value),
    encodeURI(value),
    new URLSearchParams([['', value]]).toString().slice(1),
    insideJsonText(value),
    bytes.toString('base64'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
  ];
}

/** Quotes and line breaks in a secret must not end the text that it stands in. */
function insideJsonText(value: string): string {
  return JSON.stringify(value).slice(1, -1);
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
