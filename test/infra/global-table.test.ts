import assert from 'node:assert/strict';
import { it } from 'node:test';
import { tableRegions } from '../../infra/global-table.ts';
import { deploymentOf } from './build.ts';
import { list } from './permissions.ts';
import { onlyOf, stackOf, synthesize } from './synthesize.ts';

const TYPE = 'AWS::DynamoDB::GlobalTable';
const stack = stackOf(synthesize({ config: deploymentOf() }), 'parallax-acme-table');
const table = onlyOf(stack, TYPE);

it('has the name, keys and expiry that the functions use', () => {
  const { TableName, KeySchema, TimeToLiveSpecification } = table;
  assert.deepEqual(
    { TableName, KeySchema, TimeToLiveSpecification },
    {
      TableName: 'parallax-acme',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      TimeToLiveSpecification: { AttributeName: 'expiresAtEpochSeconds', Enabled: true },
    },
  );
});

it('is backed up and protected in home, and droppable elsewhere', () => {
  const replica = (region: string, guarded: boolean) => ({
    Region: region,
    DeletionProtectionEnabled: guarded,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: guarded },
  });
  assert.deepEqual(list(table['Replicas']), [
    replica('ap-southeast-2', false),
    replica('eu-west-1', false),
    replica('us-east-1', true),
  ]);
});

it('is paid by request', () => {
  assert.equal(table['BillingMode'], 'PAY_PER_REQUEST');
});

it('outlives its stack', () => {
  const [resource] = Object.values(stack.resources).filter(({ Type }) => Type === TYPE);
  assert.equal(resource?.DeletionPolicy, 'Retain');
});

it('lets the last writer win', () => {
  assert.equal(table['MultiRegionConsistency'], undefined);
});

it('names a region once that is home, standby and probed from', () => {
  assert.deepEqual(tableRegions(deploymentOf({ home: 'eu-west-1', standby: 'us-east-1' })), [
    'ap-southeast-2',
    'eu-west-1',
    'us-east-1',
  ]);
});
