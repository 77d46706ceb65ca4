import { GetSecretValueCommand, type GetSecretValueCommandOutput } from '@aws-sdk/client-secrets-manager';
import { secretId, secretPlace } from '../../shared/secret-store.ts';
import type { Clock } from './clock.ts';
import { cachedSecrets, STORE_TIMEOUT_MS, type Stored } from './secret-cache.ts';
import type { SecretSource } from './secrets.ts';

/** The part of `SecretsManagerClient` that is used here. */
export interface SecretValueReader {
  send(
    command: GetSecretValueCommand,
    options: { readonly abortSignal: AbortSignal },
  ): Promise<GetSecretValueCommandOutput>;
}

/** Bound on how many secrets are asked for at once: one call each, beside the sockets of checks. */
const CALLS_AT_ONCE = 10;

/**
 * Secrets from AWS Secrets Manager, in the prober's own region. One call for each: the call that reads several at once
 * has to be allowed for every secret of the account.
 */
export function createSecretsManagerSecrets(
  client: SecretValueReader,
  clock: Clock,
  deploymentName: string,
  region: string,
): SecretSource {
  const placeOf = (name: string): string => secretPlace('secrets-manager', deploymentName, name, region);

  async function readOne(name: string): Promise<Stored> {
    try {
      const { SecretString } = await client.send(
        new GetSecretValueCommand({ SecretId: secretId(deploymentName, name) }),
        { abortSignal: AbortSignal.timeout(STORE_TIMEOUT_MS) },
      );
      if (SecretString !== undefined) return { value: SecretString };
      return { absent: `secret "${name}" is binary: store a text as ${placeOf(name)}` };
    } catch (error) {
      return whyNot(name, error instanceof Error ? error.name : 'unknown error');
    }
  }

  /** By the error's name alone: its message is not ours, and what it holds is not known. */
  function whyNot(name: string, error: string): Stored {
    switch (error) {
      case 'ResourceNotFoundException':
        return { absent: `secret "${name}" does not exist: store it as ${placeOf(name)}` };
      case 'InvalidRequestException':
        return { absent: `secret "${name}" is marked for deletion or has no value: restore ${placeOf(name)}` };
      default:
        return {
          unread: `secret "${name}" could not be read from Secrets Manager (${error}): look at ${placeOf(name)} and at the prober's permissions`,
        };
    }
  }

  const read = async (names: readonly string[]): Promise<ReadonlyMap<string, Stored>> => {
    const left = [...names];
    const found = new Map<string, Stored>();
    const readOn = async (): Promise<void> => {
      for (let name = left.shift(); name !== undefined; name = left.shift()) found.set(name, await readOne(name));
    };
    await Promise.all(Array.from({ length: Math.min(CALLS_AT_ONCE, names.length) }, readOn));
    return found;
  };
  return cachedSecrets({ read, placeOf }, clock);
}

/** Needs no more than the client's own settings. */
export { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
