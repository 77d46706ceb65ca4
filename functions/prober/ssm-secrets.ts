import { GetParametersCommand, type GetParametersCommandOutput } from '@aws-sdk/client-ssm';
import { secretParameterName } from '../../shared/environment.ts';
import { MINUTE_MS } from '../../shared/schedule.ts';
import type { Clock } from './clock.ts';
import type { Secret, SecretSource } from './secrets.ts';

/** The part of `SSMClient` that is used here. */
export interface ParameterReader {
  send(
    command: GetParametersCommand,
    options: { readonly abortSignal: AbortSignal },
  ): Promise<GetParametersCommandOutput>;
}

/** A changed secret is seen within this time; at one call a minute and ten names the cost is nil either way. */
const CACHE_MS = 5 * MINUTE_MS;

/** SSM's own limit for GetParameters. */
const NAMES_PER_CALL = 10;

/** Only checks that need secrets wait for it, and they have a run's start to spend, not more. */
const CALL_TIMEOUT_MS = 5_000;

/**
 * Secrets from SSM Parameter Store, in the prober's own region. While SSM is down, a value that was read before
 * still serves: it has most likely not changed, and nobody would be watching otherwise.
 */
export function createSsmSecrets(
  client: ParameterReader,
  clock: Clock,
  deploymentName: string,
  region: string,
): SecretSource {
  const cache = new Map<string, { readonly value: string; readonly readAtMs: number }>();

  async function readBatch(names: readonly string[]): Promise<readonly [string, Secret][]> {
    const parameterOf = new Map(names.map((name) => [secretParameterName(deploymentName, name), name]));
    try {
      const answer = await client.send(
        new GetParametersCommand({ Names: [...parameterOf.keys()], WithDecryption: true }),
        { abortSignal: AbortSignal.timeout(CALL_TIMEOUT_MS) },
      );
      const values = new Map((answer.Parameters ?? []).map(({ Name, Value }) => [Name, Value]));
      return [...parameterOf].map(([parameter, name]) => {
        const value = values.get(parameter);
        if (value === undefined) {
          cache.delete(name);
          return [
            name,
            { missing: `secret "${name}" does not exist: store it as the SecureString ${parameter} in ${region}` },
          ];
        }
        cache.set(name, { value, readAtMs: clock.monotonicMs() });
        return [name, { value }];
      });
    } catch (error) {
      // Its message is left out: it is not ours, and what it holds is not known.
      const why = error instanceof Error ? error.name : 'unknown error';
      return [...parameterOf].map(([parameter, name]) => {
        const known = cache.get(name);
        const missing = `secret "${name}" could not be read from Parameter Store (${why}): look at ${parameter} in ${region} and at the prober's permissions`;
        return [name, known === undefined ? { missing } : { value: known.value }];
      });
    }
  }

  return {
    async read(names) {
      const found = new Map<string, Secret>();
      const unread: string[] = [];
      for (const name of names) {
        const known = cache.get(name);
        if (known !== undefined && clock.monotonicMs() - known.readAtMs < CACHE_MS)
          found.set(name, { value: known.value });
        else unread.push(name);
      }
      const batches: (readonly string[])[] = [];
      for (let at = 0; at < unread.length; at += NAMES_PER_CALL) batches.push(unread.slice(at, at + NAMES_PER_CALL));
      for (const entries of await Promise.all(batches.map(readBatch))) {
        for (const [name, secret] of entries) found.set(name, secret);
      }
      return found;
    },
  };
}
