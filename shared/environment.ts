/**
 * The environment variables that the functions read. Infrastructure and the local machine set the same ones;
 * endpoints differ only by the SDK's own `AWS_ENDPOINT_URL_DYNAMODB`, `_SNS`, `_EVENTBRIDGE`, `_SSM`.
 */
export const ENVIRONMENT = {
  /** The table's name, the same in every region. */
  table: 'PARALLAX_TABLE',
  /** Path of the deployment's JSON ({@link import('./monitor.ts').Deployment}); relative to the function's code where not absolute. */
  deployment: 'PARALLAX_DEPLOYMENT',
  /** The aggregator's topic and bus. */
  topicArn: 'PARALLAX_TOPIC_ARN',
  eventBus: 'PARALLAX_EVENT_BUS',
} as const;

/** Where a secret rests: SSM Parameter Store, as a SecureString, in each probe region. */
export function secretParameterName(deploymentName: string, secret: string): string {
  return `/parallax/${deploymentName}/${secret}`;
}

export function tableName(deploymentName: string): string {
  return `parallax-${deploymentName}`;
}
