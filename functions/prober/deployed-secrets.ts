import { SSMClient } from '@aws-sdk/client-ssm';
import type { Region, SecretStore } from '../../shared/monitor.ts';
import type { Clock } from './clock.ts';
import type { SecretSource } from './secrets.ts';
import { createSsmSecrets } from './ssm-secrets.ts';

/** A deployment's secrets, from where it keeps them, in the prober's own region. */
export function deployedSecrets(
  store: SecretStore,
  clock: Clock,
  deploymentName: string,
  region: Region,
): SecretSource {
  switch (store) {
    case 'parameter-store':
      return createSsmSecrets(new SSMClient({ region, maxAttempts: 2 }), clock, deploymentName, region);
    case 'secrets-manager':
      return whenAsked(async () => {
        // Most deployments never need it: loading its client would make every cold start longer.
        const { createSecretsManagerSecrets, SecretsManagerClient } = await import('./secrets-manager.ts');
        const client = new SecretsManagerClient({ region, maxAttempts: 2 });
        return createSecretsManagerSecrets(client, clock, deploymentName, region);
      });
  }
}

function whenAsked(open: () => Promise<SecretSource>): SecretSource {
  let opened: Promise<SecretSource> | undefined;
  return {
    read: async (names) => {
      opened ??= open();
      return (await opened).read(names);
    },
  };
}
