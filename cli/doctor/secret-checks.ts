import type { Deployment, Region, SecretStore } from '../../shared/monitor.ts';
import { DEFAULT_SECRET_STORE, secretId, secretParameterName, secretsUsedBy } from '../../shared/secret-store.ts';
import type { SecretState } from '../account/inspection.ts';
import { type Check, type Examination, type Finding, type Found, fine, look } from './finding.ts';

/** Whether each secret that a region's monitors use is there, where the definitions keep secrets. */
export const checkSecrets: Check = async (examination) => {
  const { deployment } = examination;
  const store = deployment.secretStore ?? DEFAULT_SECRET_STORE;
  const looks = deployment.regions.map(async (region): Promise<Finding[]> => {
    const names = secretsUsedBy(deployment.monitors.filter((monitor) => monitor.regions.includes(region)));
    if (names.length === 0) return [];
    return look('secrets', region, LOOKING_NEEDS[store], async (): Promise<Found[]> => {
      const stored = names.map((name) => storedName(store, deployment, name));
      const states = await statesOf(store, examination, region, stored);
      const problems = stored.flatMap((name) => problemOf(store, region, name, states.get(name) ?? 'missing'));
      if (problems.length > 0) return problems;
      return [fine(names.length === 1 ? 'the one secret is there' : `all ${names.length} secrets are there`)];
    });
  });
  return (await Promise.all(looks)).flat();
};

const LOOKING_NEEDS: Readonly<Record<SecretStore, string>> = {
  'parameter-store': 'ssm:GetParameters',
  'secrets-manager': 'secretsmanager:DescribeSecret',
};

function storedName(store: SecretStore, { name }: Pick<Deployment, 'name'>, secret: string): string {
  return store === 'parameter-store' ? secretParameterName(name, secret) : secretId(name, secret);
}

function statesOf(
  store: SecretStore,
  { account }: Pick<Examination, 'account'>,
  region: Region,
  names: readonly string[],
): Promise<ReadonlyMap<string, SecretState>> {
  return store === 'parameter-store' ? account.parameters(region, names) : account.secrets(region, names);
}

function problemOf(store: SecretStore, region: Region, name: string, state: SecretState): Found[] {
  const problem = (message: string, remedy: string): Found[] => [{ state: 'problem', message, remedy }];
  const put = `aws ssm put-parameter --region ${region} --name ${name} --type SecureString`;
  switch (state) {
    case 'encrypted':
      return [];
    case 'plain':
      return problem(`${name} is there, but not encrypted`, `${put} --overwrite --value …`);
    case 'deleted':
      return problem(
        `${name} is marked for deletion: what needs it is inconclusive`,
        `aws secretsmanager restore-secret --region ${region} --secret-id ${name}`,
      );
    case 'missing': {
      const create = `aws secretsmanager create-secret --region ${region} --name ${name} --secret-string …`;
      return problem(
        `${name} is missing: what needs it is inconclusive`,
        store === 'parameter-store' ? `${put} --value …` : create,
      );
    }
  }
}
