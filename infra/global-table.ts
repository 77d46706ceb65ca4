import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { tableName } from '../shared/environment.ts';
import type { Deployment } from '../shared/monitor.ts';
import { tableRegions } from '../shared/resource-names.ts';
import { EXPIRY_ATTRIBUTE, PARTITION_KEY, SORT_KEY } from '../shared/table.ts';

export { tableRegions };

/**
 * The one table, owned by home's stack, replicated to wherever something runs. Last writer wins (MREC): strong
 * consistency would allow three neighbouring regions only, and no TTL.
 *
 * AWS creates any number of replicas with the table, but adds or removes only one per later deployment.
 */
export class GlobalTable extends Construct {
  constructor(scope: Construct, id: string, props: { readonly deployment: Deployment }) {
    super(scope, id);
    const { deployment } = props;
    new TableV2(this, 'Table', {
      tableName: tableName(deployment.name),
      partitionKey: { name: PARTITION_KEY, type: AttributeType.STRING },
      sortKey: { name: SORT_KEY, type: AttributeType.STRING },
      timeToLiveAttribute: EXPIRY_ATTRIBUTE,
      // A minute's writes come at once and then none: provisioned capacity would be sized for the burst.
      billing: Billing.onDemand(),
      removalPolicy: RemovalPolicy.RETAIN,
      deletionProtection: true,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      replicas: tableRegions(deployment)
        .filter((region) => region !== deployment.home)
        .map((region) => ({
          region,
          // A protected replica could not be dropped with its region; a second backup of the same items protects nothing.
          deletionProtection: false,
          pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: false },
        })),
    });
  }
}
