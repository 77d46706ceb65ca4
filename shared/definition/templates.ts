import type { Json } from '../monitor.ts';
import { formatPath, type JsonPath, type Reporter } from './diagnostics.ts';
import { nearest } from './nearest.ts';

/** What `${env:NAME}` reads. */
export type DefinitionEnvironment = Readonly<Record<string, string | undefined>>;

export interface Substituted {
  readonly value: Json;
  /** Whether the path leads to, or into, what could not be completed; what else is said about it would only confuse. */
  readonly isBroken: (path: JsonPath) => boolean;
}

/**
 * Replaces `${env:NAME}` and `${env:NAME:-default}` in every string value, and `$${` by a plain `${`.
 * `${secret:name}` stays, where it is allowed: in what a monitor sends. There, in a flow, `${name}` becomes
 * `${capture:name}`, so that a plain `${`, and what a variable holds, is never taken for one.
 * Reports what is malformed, missing or misplaced, and keys and characters that could do harm.
 */
export function substituteEnvironment(
  value: Json,
  environment: DefinitionEnvironment,
  allowedAt: (path: JsonPath) => Placeholders,
  reporter: Reporter,
): Substituted {
  const brokenPaths = new Set<string>();
  const walk = (current: Json, path: JsonPath): Json => {
    if (typeof current === 'string') {
      const complaints = new Complaints(reporter, path);
      const text = substituteText(current, environment, allowedAt(path), complaints);
      if (complaints.count > 0) brokenPaths.add(formatPath(path));
      return text;
    }
    if (isArray(current)) return current.map((item, index) => walk(item, [...path, index]));
    if (current === null || typeof current !== 'object') return current;
    const entries: [string, Json][] = [];
    for (const [key, member] of Object.entries(current)) {
      const memberPath = [...path, key];
      if (key === '__proto__') {
        reporter.error(memberPath, { message: 'The key "__proto__" is not allowed.', remedy: 'Remove it.' });
        brokenPaths.add(formatPath(memberPath));
      } else entries.push([key, walk(member, memberPath)]);
    }
    return Object.fromEntries(entries);
  };
  return {
    value: walk(value, []),
    isBroken: (path) =>
      brokenPaths.size > 0 && path.some((_, index) => brokenPaths.has(formatPath(path.slice(0, index + 1)))),
  };
}

/** What stands in `${secret:…}`, each once: names, `name#key` where one key of a JSON secret is meant. */
export function secretNames(text: string): string[] {
  return [...new Set([...text.matchAll(/\$\{secret:([^}]*)\}/g)].map((match) => match[1] ?? ''))];
}

/** The names in `${capture:name}`, each once. */
export function captureNames(text: string): string[] {
  return [...new Set([...text.matchAll(/\$\{capture:([^}]*)\}/g)].map((match) => match[1] ?? ''))];
}

/** What may stand in a place beside the environment. */
export interface Placeholders {
  readonly secrets: boolean;
  /** Values that a flow's steps capture. */
  readonly captures: boolean;
}

export const NO_PLACEHOLDERS: Placeholders = { secrets: false, captures: false };

/** What a step of a flow may call a value: never with a `:`, which is for `env:` and `secret:`. */
export const CAPTURE_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** A name that Parameter Store and Secrets Manager both take at the end of a path, and perhaps a key of the secret's JSON. */
const SECRET_REFERENCE = /^[a-z0-9][a-z0-9-_.]{0,99}(#[A-Za-z0-9_][A-Za-z0-9_.-]{0,99})?$/;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
const ALLOWED = '${env:NAME}, ${env:NAME:-default}, ${secret:name}, ${secret:name#key}; $${ for a plain ${';

const CAPTURES_STAND_IN =
  'What a step captured may stand in the request of a later step, and where its "expect" compares: not in "matches", which is a pattern.';

class Complaints {
  count = 0;
  readonly #reporter: Reporter;
  readonly #path: JsonPath;
  constructor(reporter: Reporter, path: JsonPath) {
    this.#reporter = reporter;
    this.#path = path;
  }
  add(message: string, allowed: string | null, remedy: string): string {
    this.count += 1;
    this.#reporter.error(this.#path, { message, allowed, remedy });
    return '';
  }
}

function substituteText(
  text: string,
  environment: DefinitionEnvironment,
  allowed: Placeholders,
  complaints: Complaints,
): string {
  if (!text.isWellFormed()) {
    complaints.add(
      'The text holds half of a surrogate pair, which no encoding can carry.',
      null,
      'Write the whole character.',
    );
    return text;
  }
  return text.replace(/(\$?)\$\{([^}]*)(\}?)/g, (whole, dollar: string, inner: string, close: string) => {
    if (dollar !== '') {
      const later = ['secret:', 'capture:'].find((kind) => inner.startsWith(kind));
      if (later === undefined) return whole.slice(1);
      return complaints.add(
        `A plain "\${${later}" cannot be written: it would be filled in later all the same.`,
        null,
        'Write it in another way.',
      );
    }
    if (close === '')
      return complaints.add(`"\${" is never closed by "}".`, ALLOWED, 'Close it, or write $${ for a plain ${.');
    if (inner.includes('${')) {
      return complaints.add('One "${…}" stands inside another.', ALLOWED, 'Write a default as plain text.');
    }
    if (inner.startsWith('env:')) return environmentValue(inner.slice('env:'.length), environment, complaints);
    if (inner.startsWith('secret:')) return secret(whole, inner.slice('secret:'.length), allowed.secrets, complaints);
    if (allowed.captures && CAPTURE_NAME.test(inner)) return `\${capture:${inner}}`;
    const kind = inner.split(':')[0] ?? '';
    const meant = inner.includes(':') ? nearest(kind, ['env', 'secret']) : null;
    const plain = 'Write $${ where a plain ${ is meant.';
    const remedy =
      meant !== null
        ? `Did you mean \${${meant}:${inner.slice(kind.length + 1)}}?`
        : CAPTURE_NAME.test(inner)
          ? `${plain} ${CAPTURES_STAND_IN}`
          : plain;
    return complaints.add(
      `\${${inner.slice(0, 40)}} is neither an environment variable nor a secret.`,
      ALLOWED,
      remedy,
    );
  });
}

function environmentValue(inner: string, environment: DefinitionEnvironment, complaints: Complaints): string {
  const [, name = '', fallback] = /^(.*?)(?::-(.*))?$/s.exec(inner) ?? [];
  if (!ENV_NAME.test(name)) {
    return complaints.add(
      `\${env:${inner.slice(0, 40)}} has no usable name.`,
      '${env:NAME} or ${env:NAME:-default}; letters, digits, _ . -',
      'Correct the name.',
    );
  }
  // As in a shell, `:-` also replaces an empty value. Own properties only: `${env:constructor}` is not set.
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  if (fallback !== undefined) return value === undefined || value === '' ? fallback : value;
  if (value !== undefined) return value;
  return complaints.add(
    `The environment variable ${name} is not set.`,
    null,
    `Give it with --env ${name}=value or in the environment, or write a default: \${env:${name}:-default}.`,
  );
}

function secret(whole: string, name: string, allowed: boolean, complaints: Complaints): string {
  if (!SECRET_REFERENCE.test(name)) {
    return complaints.add(
      `\${secret:${name.slice(0, 40)}} has no usable name.`,
      'lower-case letters, digits, - _ . ; starting with a letter or digit; at most 100. Then, for one key of a JSON secret, # and the key: letters, digits, _ . -',
      'Correct the name.',
    );
  }
  if (allowed) return whole;
  return complaints.add(
    'A secret cannot stand here.',
    'Secrets may stand in request.url, request.headers values, request.body, request.json and request.auth, also of steps; tcp.send; websocket.url, websocket.headers values and websocket.send; grpc.metadata values; heartbeat.token; clientCertificate and authorities.',
    'Move it there, or use ${env:NAME}.',
  );
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
