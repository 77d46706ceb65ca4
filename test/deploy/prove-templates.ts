import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { tableRegions } from '../../infra/global-table.ts';
import type { Deployment } from '../../shared/monitor.ts';
import { deploymentOf, monitorOf } from '../infra/build.ts';
import { allPropertiesOf, type Synthesized, stackOf, synthesize } from '../infra/synthesize.ts';
import { heartbeatOf } from '../shared/build.ts';
import { pythonEnvironment } from './python.ts';

const TWELVE_REGIONS = [
  'us-east-1',
  'us-east-2',
  'us-west-2',
  'ca-central-1',
  'sa-east-1',
  'eu-west-1',
  'eu-central-1',
  'eu-north-1',
  'ap-south-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-northeast-1',
];
const MANY = Array.from({ length: 400 }, (_, index) => monitorOf({ id: `checkout-of-country-${index}` }));

const DEPLOYMENTS: Readonly<Record<string, Deployment>> = {
  'one region': deploymentOf({ regions: ['us-east-1'], standby: null }),
  'three regions': deploymentOf(),
  'twelve regions': deploymentOf({ regions: TWELVE_REGIONS }),
  'no standby': deploymentOf({ standby: null }),
  'SMS only': deploymentOf({ notify: [{ protocol: 'sms', endpoint: '+15555550100', severities: ['critical'] }] }),
  '400 monitors': deploymentOf({ monitors: MANY }),
  'jobs that call, and secrets in Secrets Manager': deploymentOf({
    monitors: [monitorOf(), heartbeatOf()],
    secretStore: 'secrets-manager',
  }),
};

/** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html */
const TEMPLATE_LIMITS = { bytes: 1_000_000, resources: 500 };
/** @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const FUNCTION_LIMITS = { unzippedBytes: 250 * 2 ** 20, environmentBytes: 4_096 };

describe('the templates of', () => {
  for (const [name, deployment] of Object.entries(DEPLOYMENTS)) {
    describe(name, () => {
      const synthesized = synthesize({ config: deployment, api: true }, { bundle: true });

      it('are clean to cfn-lint', () => {
        const regions = tableRegions(deployment);
        assert.equal(cfnLint(['--regions', ...regions, '--', ...distinctTemplates(synthesized)]), '');
      });

      it('stay within CloudFormation’s limits', () => {
        for (const [stack, { text, resources }] of synthesized.stacks) {
          assert.ok(Buffer.byteLength(text) <= TEMPLATE_LIMITS.bytes, `${stack}: ${Buffer.byteLength(text)} bytes`);
          const count = Object.keys(resources).length;
          assert.ok(count > 0 && count <= TEMPLATE_LIMITS.resources, `${stack}: ${count} resources`);
        }
      });

      it('stay within Lambda’s limits', () => {
        const functions = allPropertiesOf(synthesized, 'AWS::Lambda::Function');
        assert.ok(functions.length > 0);
        for (const { FunctionName: lambda, Environment: environment } of functions) {
          const bytes = Buffer.byteLength(JSON.stringify(environment));
          assert.ok(bytes <= FUNCTION_LIMITS.environmentBytes, `${lambda}: ${bytes} bytes of environment`);
        }
        const assets = readdirSync(synthesized.folder).filter((entry) => entry.startsWith('asset.'));
        assert.ok(assets.length > 0);
        for (const asset of assets) {
          const bytes = folderBytes(join(synthesized.folder, asset));
          assert.ok(bytes <= FUNCTION_LIMITS.unzippedBytes, `${asset}: ${bytes} bytes`);
        }
      });
    });
  }

  it('a resource type that does not exist are not clean', () => {
    const { text } = stackOf(synthesize({ config: deploymentOf() }), 'parallax-acme-table');
    const broken = text.replace('AWS::DynamoDB::GlobalTable', 'AWS::DynamoDB::Tabel');
    assert.match(cfnLint(['--regions', 'us-east-1'], broken), /E3006.*AWS::DynamoDB::Tabel/);
  });
});

/** What it finds, warnings included; empty when it finds nothing. */
function cfnLint(args: readonly string[], input = ''): string {
  const command = join(dirname(pythonEnvironment()), 'cfn-lint');
  const { stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', input });
  if (error !== undefined) throw error;
  return stdout + stderr;
}

/** Regions' probers are often the same to the letter. */
function distinctTemplates({ folder }: Synthesized): string[] {
  const byText = new Map<string, string>();
  for (const file of readdirSync(folder).filter((entry) => entry.endsWith('.template.json'))) {
    byText.set(readFileSync(join(folder, file), 'utf8'), join(folder, file));
  }
  return [...byText.values()];
}

function folderBytes(folder: string): number {
  return readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
}
