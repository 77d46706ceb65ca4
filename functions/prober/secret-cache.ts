import { memberOf, type Secret } from '../../shared/secret-member.ts';
import { SECRET_CACHE_MS, secretReference } from '../../shared/secret-store.ts';
import type { Clock } from './clock.ts';
import type { SecretSource } from './secrets.ts';

/** What a store says of one secret; sentences are for a person. */
export type Stored =
  | { readonly value: string }
  /** It has none that could be used. */
  | { readonly absent: string }
  /** The store did not say. */
  | { readonly unread: string };

/** Where secrets are kept. */
export interface SecretStoreReader {
  /** One entry per name, each name once. Never rejects. */
  read(names: readonly string[]): Promise<ReadonlyMap<string, Stored>>;
  /** Where a secret belongs, as a sentence names it. */
  placeOf(name: string): string;
}

/** Only checks that need secrets wait for a store, and they have a run's start to spend, not more. */
export const STORE_TIMEOUT_MS = 5_000;

/**
 * A store's secrets, read again when they have become old. While it does not say, a value that was read before
 * still serves: it has most likely not changed, and nobody would be watching otherwise.
 */
export function cachedSecrets(store: SecretStoreReader, clock: Clock): SecretSource {
  const cache = new Map<string, { readonly value: string; readonly readAtMs: number }>();

  const isFresh = (name: string): boolean => {
    const known = cache.get(name);
    return known !== undefined && clock.monotonicMs() - known.readAtMs < SECRET_CACHE_MS;
  };

  const refresh = async (names: readonly string[]): Promise<ReadonlyMap<string, string>> => {
    const missing = new Map<string, string>();
    if (names.length === 0) return missing;
    for (const [name, stored] of await store.read(names)) {
      if ('value' in stored) cache.set(name, { value: stored.value, readAtMs: clock.monotonicMs() });
      else if ('unread' in stored) missing.set(name, stored.unread);
      else {
        cache.delete(name);
        missing.set(name, stored.absent);
      }
    }
    return missing;
  };

  return {
    async read(references) {
      const wanted = references.map((reference) => ({ reference, ...secretReference(reference) }));
      const old = new Set(wanted.map(({ name }) => name).filter((name) => !isFresh(name)));
      const missing = await refresh([...old]);
      return new Map(
        wanted.map(({ reference, name, key }): [string, Secret] => {
          const known = cache.get(name);
          if (known === undefined) {
            return [reference, { missing: missing.get(name) ?? `secret "${name}" was not read` }];
          }
          return [reference, memberOf(name, key, known.value, store.placeOf(name))];
        }),
      );
    },
  };
}
