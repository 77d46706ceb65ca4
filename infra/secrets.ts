import { Aws, Validations } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Deployment, Region, SecretStore } from '../shared/monitor.ts';
import { DEFAULT_SECRET_STORE, secretId, secretParameterName, secretsUsedBy } from '../shared/secret-store.ts';

/** Of a role's 10,240 characters of inline policies: the rest takes less than the other half. */
const MAX_NAMED_CHARS = 5_000;

/**
 * What reading the monitors' secrets takes: those secrets, in the service that keeps them, and nothing where none is used.
 * Where naming each would outgrow the policy it is the deployment's own path.
 *
 * Decrypting needs no permission: the keys `aws/ssm` and `aws/secretsmanager` let the account's principals use them
 * through their services. A key of the team's own has to let the role decrypt, in its key policy.
 */
export function readSecrets(scope: Construct, deployment: Deployment, region: Region): readonly PolicyStatement[] {
  const names = secretsUsedBy(deployment.monitors);
  if (names.length === 0) return [];
  const store = deployment.secretStore ?? DEFAULT_SECRET_STORE;
  const arn = (partition: string, account: string, name: string): string =>
    `arn:${partition}:${arnOf(store, deployment.name, region, account, name)}`;
  const named = names.map((name) => arn(Aws.PARTITION, Aws.ACCOUNT_ID, name));
  // As long as they can come to be.
  const chars = names.reduce((sum, name) => sum + arn('aws-us-gov', '111122223333', name).length + 3, 0);
  if (chars <= MAX_NAMED_CHARS) return [reading(store, named)];
  Validations.of(scope).acknowledge({
    // As cdk-nag writes what is known only at deployment.
    id: `AwsSolutions-IAM5[Resource::${arn('<AWS::Partition>', '<AWS::AccountId>', '*')}]`,
    reason: 'The path is this deployment’s own; naming each secret would outgrow the policy’s 10,240 characters.',
  });
  return [reading(store, [arn(Aws.PARTITION, Aws.ACCOUNT_ID, '*')])];
}

function reading(store: SecretStore, resources: readonly string[]): PolicyStatement {
  return new PolicyStatement({ actions: [ACTIONS[store]], resources: [...resources] });
}

const ACTIONS: Readonly<Record<SecretStore, string>> = {
  'parameter-store': 'ssm:GetParameters',
  'secrets-manager': 'secretsmanager:GetSecretValue',
};

/** `name` `*`: all of the deployment's. */
function arnOf(store: SecretStore, deploymentName: string, region: Region, account: string, name: string): string {
  switch (store) {
    case 'parameter-store':
      return `ssm:${region}:${account}:parameter${secretParameterName(deploymentName, name)}`;
    case 'secrets-manager':
      // It ends each secret's ARN with a hyphen and six characters of its own.
      return `secretsmanager:${region}:${account}:secret:${secretId(deploymentName, name)}${name === '*' ? '' : '-??????'}`;
  }
}
