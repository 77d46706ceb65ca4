import { DescribeSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Region } from '../../shared/monitor.ts';
import { kindOfAwsError } from './aws-error.ts';
import type { Inspection, SecretState } from './inspection.ts';

export function inspectSecrets(clientOf: (region: Region) => SecretsManagerClient): Pick<Inspection, 'secrets'> {
  return {
    secrets: async (region, names) => {
      const states = new Map<string, SecretState>();
      // One after another: somebody waits for an answer, not for the fastest one.
      for (const name of names) {
        try {
          const { DeletedDate } = await clientOf(region).send(new DescribeSecretCommand({ SecretId: name }));
          states.set(name, DeletedDate === undefined ? 'encrypted' : 'deleted');
        } catch (error) {
          if (kindOfAwsError(error) !== 'absent') throw error;
          states.set(name, 'missing');
        }
      }
      return states;
    },
  };
}
