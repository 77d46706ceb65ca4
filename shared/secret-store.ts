import { secretNames } from './definition/templates.ts';
import type { Monitor, SecretStore } from './monitor.ts';
import { MINUTE_MS } from './schedule.ts';
import { secretTexts } from './target.ts';

/** Where secrets rest when `parallax.json` does not say. */
export const DEFAULT_SECRET_STORE: SecretStore = 'parameter-store';

/** A changed secret is seen within this time. */
export const SECRET_CACHE_MS = 5 * MINUTE_MS;

/** What stands in `${secret:…}`: `db` is the whole text of the secret `db`, `db#password` one member of its JSON. */
export interface SecretReference {
  readonly name: string;
  /** Null: the whole text. */
  readonly key: string | null;
}

export function secretReference(reference: string): SecretReference {
  const at = reference.indexOf('#');
  return at < 0 ? { name: reference, key: null } : { name: reference.slice(0, at), key: reference.slice(at + 1) };
}

/** Names of the secrets that these monitors use, sorted, each once, however many of its members are. */
export function secretsUsedBy(monitors: readonly Monitor[]): readonly string[] {
  const references = monitors.flatMap((monitor) => secretTexts(monitor).flatMap(secretNames));
  return [...new Set(references.map((reference) => secretReference(reference).name))].sort();
}

/** In SSM Parameter Store: a SecureString in each probe region. */
export function secretParameterName(deploymentName: string, secret: string): string {
  return `/parallax/${deploymentName}/${secret}`;
}

/** In Secrets Manager, whose names begin without a slash. */
export function secretId(deploymentName: string, secret: string): string {
  return `parallax/${deploymentName}/${secret}`;
}

/** As a sentence names it. */
export function secretPlace(store: SecretStore, deploymentName: string, secret: string, region: string): string {
  switch (store) {
    case 'parameter-store':
      return `the SecureString ${secretParameterName(deploymentName, secret)} in ${region}`;
    case 'secrets-manager':
      return `the Secrets Manager secret ${secretId(deploymentName, secret)} in ${region}`;
  }
}
