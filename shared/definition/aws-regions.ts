/**
 * Every AWS region and its partition, as of November 2026. A global table cannot leave its partition.
 * A newer region: add it here. A test compares this with what aws-cdk-lib knows.
 * @see https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
 */
const REGIONS_OF_PARTITION = {
  aws: [
    ...['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2'],
    ...['ca-central-1', 'ca-west-1', 'mx-central-1', 'sa-east-1'],
    ...[
      'eu-central-1',
      'eu-central-2',
      'eu-north-1',
      'eu-south-1',
      'eu-south-2',
      'eu-west-1',
      'eu-west-2',
      'eu-west-3',
    ],
    ...['af-south-1', 'il-central-1', 'me-central-1', 'me-south-1', 'me-west-1'],
    ...['ap-east-1', 'ap-east-2', 'ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3', 'ap-south-1', 'ap-south-2'],
    ...['ap-southeast-1', 'ap-southeast-2', 'ap-southeast-3', 'ap-southeast-4', 'ap-southeast-5', 'ap-southeast-6'],
    'ap-southeast-7',
  ],
  'aws-eusc': ['eusc-de-east-1'],
  'aws-us-gov': ['us-gov-east-1', 'us-gov-west-1'],
  'aws-cn': ['cn-north-1', 'cn-northwest-1'],
} as const;

const PARTITION_OF_REGION: ReadonlyMap<string, string> = new Map(
  Object.entries(REGIONS_OF_PARTITION).flatMap(([partition, regions]) => regions.map((region) => [region, partition])),
);

export const AWS_REGIONS: readonly string[] = [...PARTITION_OF_REGION.keys()];

/** `aws`, `aws-us-gov`, …; null for what is no AWS region. */
export function partitionOf(region: string): string | null {
  return PARTITION_OF_REGION.get(region) ?? null;
}
