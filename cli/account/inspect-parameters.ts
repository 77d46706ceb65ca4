import { GetParameterCommand, GetParametersCommand, type SSMClient } from '@aws-sdk/client-ssm';
import type { Region } from '../../shared/monitor.ts';
import { kindOfAwsError } from './aws-error.ts';
import type { Inspection, SecretState } from './inspection.ts';

/** Written by `cdk bootstrap`. The qualifier is the CDK's own default. */
const BOOTSTRAP_VERSION = '/cdk-bootstrap/hnb659fds/version';
/** SSM's own limit for GetParameters. */
const NAMES_PER_CALL = 10;

type ParameterInspection = Pick<Inspection, 'bootstrapVersion' | 'parameters'>;

export function inspectParameters(clientOf: (region: Region) => SSMClient): ParameterInspection {
  return {
    bootstrapVersion: async (region) => {
      try {
        const { Parameter: found } = await clientOf(region).send(new GetParameterCommand({ Name: BOOTSTRAP_VERSION }));
        return Number(found?.Value);
      } catch (error) {
        if (kindOfAwsError(error) === 'absent') return null;
        throw error;
      }
    },
    parameters: async (region, names) => {
      const states = new Map<string, SecretState>(names.map((name) => [name, 'missing']));
      for (let at = 0; at < names.length; at += NAMES_PER_CALL) {
        const Names = names.slice(at, at + NAMES_PER_CALL);
        // Not decrypted: that a secret is there can be seen without being shown it.
        const answer = await clientOf(region).send(new GetParametersCommand({ Names, WithDecryption: false }));
        for (const { Name, Type } of answer.Parameters ?? []) {
          if (Name !== undefined) states.set(Name, Type === 'SecureString' ? 'encrypted' : 'plain');
        }
      }
      return states;
    },
  };
}
