import { existsSync, readFileSync } from 'node:fs';
import { secretId, secretParameterName } from '../shared/secret-store.ts';
import { oneLine } from './local-error.ts';

/** Where secrets come from on this machine, by the name that definitions use. Undefined: there is none. */
export type SecretSource = (name: string) => string | undefined;

/** SSM's GetParameters takes at most ten names. */
export const MAX_NAMES = 10;

interface FoundParameters {
  readonly Parameters: readonly { readonly Name: string; readonly Type: 'SecureString'; readonly Value: string }[];
  readonly InvalidParameters: readonly string[];
}

/** GetParameters: a name that no secret has is listed as invalid, as SSM does; it is not an error. */
export function getParameters(
  names: readonly string[],
  deploymentName: string,
  secretOf: SecretSource,
): FoundParameters {
  const prefix = secretParameterName(deploymentName, '');
  const found = names.map((name) => ({
    name,
    value: name.startsWith(prefix) ? secretOf(name.slice(prefix.length)) : undefined,
  }));
  return {
    Parameters: found.flatMap(({ name, value }) =>
      value === undefined ? [] : [{ Name: name, Type: 'SecureString' as const, Value: value }],
    ),
    InvalidParameters: found.flatMap(({ name, value }) => (value === undefined ? [name] : [])),
  };
}

/** GetSecretValue: undefined where there is no such secret. */
export function getSecretValue(
  id: string,
  deploymentName: string,
  secretOf: SecretSource,
): { readonly Name: string; readonly SecretString: string } | undefined {
  const prefix = secretId(deploymentName, '');
  const value = id.startsWith(prefix) ? secretOf(id.slice(prefix.length)) : undefined;
  return value === undefined ? undefined : { Name: id, SecretString: value };
}

/** `checkout-token` is `PARALLAX_SECRET_CHECKOUT_TOKEN`. */
export function secretVariable(name: string): string {
  return `PARALLAX_SECRET_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
}

/**
 * The environment first, then the file `{"name": "value"}`, where an object stands for its JSON, then the samples.
 * The file is read each time, so that a secret can be added while everything runs.
 */
export function secretsFrom(
  env: Readonly<Record<string, string | undefined>>,
  file: string,
  samples: Readonly<Record<string, string>>,
  report: (line: string) => void,
): SecretSource {
  // Own properties only: a secret called "constructor" is just not there.
  const own = (secrets: Readonly<Record<string, string>>, name: string): string | undefined =>
    Object.hasOwn(secrets, name) ? secrets[name] : undefined;
  return (name) => env[secretVariable(name)] ?? own(readSecrets(file, report), name) ?? own(samples, name);
}

/** For the person at this machine, each line saying what to do about one of these that has no value. */
export function missingSecretLines(names: readonly string[], secretOf: SecretSource, file: string): readonly string[] {
  const missing = names.filter((name) => secretOf(name) === undefined);
  const lines = missing
    .slice(0, MAX_MISSING_LINES)
    .map((name) => `"${name}" has no value here: set ${secretVariable(name)}, or write {"${name}": "…"} into ${file}`);
  const more = missing.length - lines.length;
  return more === 0 ? lines : [...lines, `and ${more} more`];
}

const MAX_MISSING_LINES = 5;

function readSecrets(file: string, report: (line: string) => void): Readonly<Record<string, string>> {
  if (!existsSync(file)) return {};
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new TypeError('it is no object');
    return Object.fromEntries(
      Object.entries(parsed).flatMap(([name, value]: [string, unknown]) => {
        if (typeof value === 'string') return [[name, value]];
        return typeof value === 'object' && value !== null ? [[name, JSON.stringify(value)]] : [];
      }),
    );
  } catch (error) {
    // The parser quotes what it could not read, and that may be a secret.
    const why = error instanceof SyntaxError ? 'it is not JSON' : oneLine(error);
    report(`secrets: ${file} is not read: ${why}. Write {"name": "value"} with one string for each secret.`);
    return {};
  }
}
