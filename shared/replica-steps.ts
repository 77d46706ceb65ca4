import type { Region } from './monitor.ts';

/** One deployment of the table: AWS adds or removes one replica per update of an existing table. */
export interface ReplicaStep {
  readonly change: 'add' | 'remove';
  readonly region: Region;
  /** What there is afterwards, sorted. */
  readonly replicas: readonly Region[];
}

/**
 * The deployments that lead from one set of replicas to another. Additions first: at no time are there fewer copies
 * than before and after. Empty: they are the same.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html
 */
export function replicaSteps(actual: readonly Region[], wanted: readonly Region[]): ReplicaStep[] {
  const added = wanted.filter((region) => !actual.includes(region)).sort();
  const removed = actual.filter((region) => !wanted.includes(region)).sort();
  const standing = new Set(actual);
  const step = (change: ReplicaStep['change'], region: Region): ReplicaStep => {
    if (change === 'add') standing.add(region);
    else standing.delete(region);
    return { change, region, replicas: [...standing].sort() };
  };
  return [...added.map((region) => step('add', region)), ...removed.map((region) => step('remove', region))];
}
