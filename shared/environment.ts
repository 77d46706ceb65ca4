/**
 * The environment variables that the functions read. Infrastructure and the local machine set the same ones;
 * endpoints differ only by the SDK's own `AWS_ENDPOINT_URL_DYNAMODB`, `_SNS`, `_EVENTBRIDGE`,
 * `_SSM`, `_SECRETS_MANAGER`.
 */
export const ENVIRONMENT = {
  /** The table's name, the same in every region. */
  table: 'PARALLAX_TABLE',
  /** Path of the deployment's JSON ({@link import('./monitor.ts').Deployment}); Lambda starts functions in their code's folder, so it may be relative there. */
  deployment: 'PARALLAX_DEPLOYMENT',
  /** The aggregator's topic and bus. */
  topicArn: 'PARALLAX_TOPIC_ARN',
  eventBus: 'PARALLAX_EVENT_BUS',
} as const;

export function tableName(deploymentName: string): string {
  return `parallax-${deploymentName}`;
}

/** A function's environment lacks a variable: a fault of the deployment, not of any monitor. */
class MissingEnvironment extends Error {
  override readonly name = 'MissingEnvironment';
  readonly code = 'missing-environment';
}

/** @throws MissingEnvironment naming the variable */
export function required(environment: Readonly<Record<string, string | undefined>>, name: string): string {
  const value = environment[name];
  if (value === undefined || value === '') {
    throw new MissingEnvironment(`${name} is not set; infra/ and local/ set it for each function`);
  }
  return value;
}
