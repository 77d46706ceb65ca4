import { GetParametersCommand, type GetParametersCommandOutput } from '@aws-sdk/client-ssm';
import { secretParameterName, secretPlace } from '../../shared/secret-store.ts';
import type { Clock } from './clock.ts';
import { cachedSecrets, STORE_TIMEOUT_MS, type Stored } from './secret-cache.ts';
import type { SecretSource } from './secrets.ts';

/** The part of `SSMClient` that is used here. */
export interface ParameterReader {
  send(
    command: GetParametersCommand,
    options: { readonly abortSignal: AbortSignal },
  ): Promise<GetParametersCommandOutput>;
}

/** SSM's own limit for GetParameters. */
const NAMES_PER_CALL = 10;

/** Secrets from SSM Parameter Store, in the prober's own region. */
export function createSsmSecrets(
  client: ParameterReader,
  clock: Clock,
  deploymentName: string,
  region: string,
): SecretSource {
  const placeOf = (name: string): string => secretPlace('parameter-store', deploymentName, name, region);

  async function readBatch(names: readonly string[]): Promise<readonly [string, Stored][]> {
    const parameterOf = new Map(names.map((name) => [secretParameterName(deploymentName, name), name]));
    try {
      const answer = await client.send(
        new GetParametersCommand({ Names: [...parameterOf.keys()], WithDecryption: true }),
        { abortSignal: AbortSignal.timeout(STORE_TIMEOUT_MS) },
      );
      const values = new Map((answer.Parameters ?? []).map(({ Name, Value }) => [Name, Value]));
      return [...parameterOf].map(([parameter, name]) => {
        const value = values.get(parameter);
        if (value !== undefined) return [name, { value }];
        return [name, { absent: `secret "${name}" does not exist: store it as ${placeOf(name)}` }];
      });
    } catch (error) {
      // Its message is left out: it is not ours, and what it holds is not known.
      const why = error instanceof Error ? error.name : 'unknown error';
      return [...parameterOf].map(([parameter, name]) => [
        name,
        {
          unread: `secret "${name}" could not be read from Parameter Store (${why}): look at ${parameter} in ${region} and at the prober's permissions`,
        },
      ]);
    }
  }

  const read = async (names: readonly string[]): Promise<ReadonlyMap<string, Stored>> => {
    const batches: (readonly string[])[] = [];
    for (let at = 0; at < names.length; at += NAMES_PER_CALL) batches.push(names.slice(at, at + NAMES_PER_CALL));
    return new Map((await Promise.all(batches.map(readBatch))).flat());
  };
  return cachedSecrets({ read, placeOf }, clock);
}
