import { tableName } from '../../shared/environment.ts';
import { humanList } from '../../shared/human.ts';
import { replicaSteps } from '../../shared/replica-steps.ts';
import { stackName, tableRegions } from '../../shared/resource-names.ts';
import { type Check, type Found, fine, look } from './finding.ts';

/** What our templates ask of the CDK's bootstrap stack. @see https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html */
const MIN_BOOTSTRAP_VERSION = 6;

export const checkBootstrap: Check = async ({ deployment, account, identity }) => {
  const looks = tableRegions(deployment).map((region) =>
    look('bootstrap', region, 'ssm:GetParameter', async () => {
      const version = await account.bootstrapVersion(region);
      if (version !== null && version >= MIN_BOOTSTRAP_VERSION) return [fine(`bootstrapped, version ${version}`)];
      const message =
        version === null
          ? 'not bootstrapped: nothing can be deployed here'
          : `bootstrapped with version ${version}, and ${MIN_BOOTSTRAP_VERSION} is needed`;
      const remedy = `npx cdk bootstrap aws://${identity.accountId}/${region}`;
      return [{ state: 'problem', message, remedy }];
    }),
  );
  return (await Promise.all(looks)).flat();
};

/** Whether the table is where the definitions say, and which deployments lead there. */
export const checkReplicas: Check = async ({ deployment, account }) => {
  const { name, home } = deployment;
  const wanted = tableRegions(deployment);
  const stack = stackName(name, 'table', home);
  return look('replicas', home, 'dynamodb:DescribeTable', async (): Promise<Found[]> => {
    const replicas = await account.replicas(home, tableName(name));
    if (replicas === null) {
      return [{ state: 'problem', message: `there is no table ${tableName(name)}`, remedy: 'npx cdk deploy --all' }];
    }
    const waiting = replicas.filter(({ status }) => status !== 'ACTIVE');
    if (waiting.length > 0) {
      const states = waiting.map(({ region, status }) => `${region} is ${status}`);
      const remedy = 'Wait until every replica is ACTIVE before the next deployment.';
      return [{ state: 'warning', message: `the table is changing: ${humanList(states)}`, remedy }];
    }
    const actual = replicas.map(({ region }) => region);
    const steps = replicaSteps(actual, wanted);
    const [first] = steps;
    if (first === undefined) return [fine(`replicas in ${humanList(wanted)}`)];
    const message = `replicas in ${humanList([...actual].sort())}, and the definitions want ${humanList(wanted)}`;
    const remedy =
      steps.length === 1
        ? `npx cdk deploy ${stack}, which is to ${first.change} ${first.region}; then npx cdk deploy --all`
        : `AWS adds or removes one replica per deployment. Let the definitions lead there in ${steps.length} steps, each with npx cdk deploy ${stack}: ${steps
            .map((step, index) => `${index + 1}. ${step.change} ${step.region}`)
            .join(', ')}. Then npx cdk deploy --all`;
    return [{ state: 'problem', message, remedy }];
  });
};
