import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetParametersCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { secretId, secretParameterName } from '../../shared/secret-store.ts';

/**
 * Secrets' whole texts by their names; those that have none are absent. Never rejects: `error` is the name of what went
 * wrong, without its message, since what that holds is not known.
 */
export type ReadSecrets = (names: readonly string[]) => Promise<{
  readonly values: ReadonlyMap<string, string>;
  readonly error: string | null;
}>;

/** SSM's own limit for GetParameters. */
const NAMES_PER_CALL = 10;
/** A job waits for the answer, and the function has 15 s for all of it. */
const CALL_TIMEOUT_MS = 4_000;

/** From SSM Parameter Store. */
export function fromParameterStore(client: Pick<SSMClient, 'send'>, deploymentName: string): ReadSecrets {
  return (names) => {
    const nameOf = new Map(names.map((name) => [secretParameterName(deploymentName, name), name]));
    const batches: string[][] = [];
    const parameters = [...nameOf.keys()];
    for (let at = 0; at < parameters.length; at += NAMES_PER_CALL)
      batches.push(parameters.slice(at, at + NAMES_PER_CALL));
    return together(
      batches.map(async (Names) => {
        const command = new GetParametersCommand({ Names, WithDecryption: true });
        const answer = await client.send(command, { abortSignal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
        return (answer.Parameters ?? []).map(({ Name, Value }) => [nameOf.get(Name ?? ''), Value]);
      }),
    );
  };
}

/** From Secrets Manager, one call each: many at once is another permission. */
export function fromSecretsManager(client: Pick<SecretsManagerClient, 'send'>, deploymentName: string): ReadSecrets {
  return (names) =>
    together(
      names.map(async (name) => {
        const command = new GetSecretValueCommand({ SecretId: secretId(deploymentName, name) });
        const answer = await client.send(command, { abortSignal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
        return [[name, answer.SecretString]];
      }),
    );
}

type Found = readonly (readonly (string | undefined)[])[];

async function together(calls: readonly Promise<Found>[]): ReturnType<ReadSecrets> {
  const values = new Map<string, string>();
  let error: string | null = null;
  for (const outcome of await Promise.allSettled(calls)) {
    if (outcome.status === 'rejected') {
      error ??= outcome.reason instanceof Error ? outcome.reason.name : 'unknown error';
      continue;
    }
    for (const [name, value] of outcome.value) {
      if (name !== undefined && value !== undefined) values.set(name, value);
    }
  }
  return { values, error };
}
