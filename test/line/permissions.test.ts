import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { SSMClient } from '@aws-sdk/client-ssm';
import { aggregate } from '../../functions/aggregator/aggregate.ts';
import { delivery } from '../../functions/aggregator/deliver.ts';
import { Store } from '../../functions/aggregator/store.ts';
import { aggregatorReader } from '../../functions/api/aggregator-reader.ts';
import { route } from '../../functions/api/routes.ts';
import { createSecretsManagerSecrets } from '../../functions/prober/secrets-manager.ts';
import { createSsmSecrets } from '../../functions/prober/ssm-secrets.ts';
import { fromParameterStore } from '../../functions/receiver/secret-values.ts';
import type { Deployment, Region } from '../../shared/monitor.ts';
import { secretParameterName } from '../../shared/secret-store.ts';
import { MINUTE, START } from '../aggregator/scene.ts';
import { clientOf, endpointOf, TABLE } from '../engine/table.ts';
import { permissionsOf } from '../infra/permissions.ts';
import { synthesize } from '../infra/synthesize.ts';
import { heartbeatOf } from '../shared/build.ts';
import { Line } from './line.ts';

/** One call at the SDK: `dynamodb:PutItem`, and for the table the partition, for others the resource's name. */
interface Call {
  readonly action: string;
  readonly resource: string;
}

/** What the SDK's middleware stacks have in common, as far as it is used here. */
interface Recordable {
  readonly middlewareStack: { add: SSMClient['middlewareStack']['add'] };
}

/** Notes each call. `answer`: what to answer instead of sending it; without it the call goes on. */
function record(client: object, service: string, calls: Call[], answer?: object): void {
  (client as Recordable).middlewareStack.add(
    (next, context) => (args) => {
      const action = `${service}:${context.commandName?.replace(/Command$/, '')}`;
      for (const resource of resourcesOf(args.input)) calls.push({ action, resource });
      if (answer === undefined) return next(args);
      return Promise.resolve({ response: {}, output: { $metadata: {}, ...answer } }) as ReturnType<typeof next>;
    },
    { step: 'initialize' },
  );
}

function resourcesOf(input: object): string[] {
  const text = JSON.stringify(input);
  const partition = /"(?:pk|:pk)":\{"S":"([^"]+)"/.exec(text)?.[1];
  if (partition !== undefined) return [partition];
  return [...text.matchAll(/"(?:TopicArn|EventBusName)":"([^"]+)"|"(\/?parallax\/[^"]+)"/g)].map(
    (m) => m[1] ?? m[2] ?? '',
  );
}

/** An allowed action, where, and on which of the table's partitions, or on which secret; null: all. */
interface Permission {
  readonly action: string;
  readonly resource: string;
  readonly partitions: readonly string[] | null;
}

/** What every Lambda may do to write its log and its dead letters; no code of ours calls it. */
const PLUMBING = /^(logs|sqs):/;

function permissionsOfFunction(deployment: Deployment, stackName: string, api = false): Permission[] {
  const stack = synthesize({ config: deployment, api }).stacks.get(stackName);
  assert.ok(stack, `${stackName} is not synthesized`);
  return permissionsOf(stack, 'lambda.amazonaws.com')
    .filter((line) => !PLUMBING.test(line))
    .map((line) => {
      const [, action = '', resource = '', condition] = /^(\S+) on (.*?)(?: if (.*))?$/.exec(line) ?? [];
      const keys = /"dynamodb:LeadingKeys":(\[[^\]]*\])/.exec(condition ?? '')?.[1];
      const secret = /:(?:parameter|secret:)(\/?parallax\/[^\s]+?)(?:-\?{6})?$/.exec(resource)?.[1];
      if (secret !== undefined) return { action, resource, partitions: [secret] };
      return { action, resource, partitions: keys === undefined ? null : JSON.parse(keys) };
    });
}

function allows(permission: Permission, call: Call): boolean {
  if (permission.action !== call.action) return false;
  if (permission.partitions === null) return true;
  return permission.partitions.some((pattern) => matches(pattern, call.resource));
}

/** IAM's StringLike, of which only `*` is used. */
function matches(pattern: string, value: string): boolean {
  return pattern.endsWith('*') ? value.startsWith(pattern.slice(0, -1)) : pattern === value;
}

/** Both ways: nothing is called that is not allowed, and nothing allowed, no partition even, that is never called. */
function assertExactly(permissions: readonly Permission[], calls: readonly Call[]): void {
  const refused = calls.filter((call) => !permissions.some((permission) => allows(permission, call)));
  assert.deepEqual([...new Set(refused.map(({ action, resource }) => `${action} on ${resource}`))], [], 'refused');
  const unused = permissions.flatMap((permission) =>
    (permission.partitions ?? ['*'])
      .filter((pattern) => !calls.some((call) => call.action === permission.action && matches(pattern, call.resource)))
      .map((pattern) => `${permission.action} on ${pattern}`),
  );
  assert.deepEqual(unused, [], 'never used');
}

/** An outage and its recovery, a job's first call, an hour of windows, a quiet time after, and somebody who looks at it all. */
async function recordedLine(t: TestContext) {
  const prober: Call[] = [];
  const aggregator: Call[] = [];
  const api: Call[] = [];
  const receiver: Call[] = [];
  const ssm = new SSMClient({ region: 'us-east-1' });
  const receiverSsm = new SSMClient({ region: 'us-east-1' });
  const line = await Line.open(
    t,
    (...where) => createSsmSecrets(ssm, ...where),
    'parameter-store',
    [heartbeatOf()],
    fromParameterStore(receiverSsm, 'test'),
  );
  const { history, client } = line.scene;
  // What a check of the demo costs is 12; three regions reach the cap in the last of the minutes.
  const spendCap = { dollars: 300, per: 'day' } as const;
  const monitors = line.scene.deployment.monitors.map((monitor) =>
    monitor.type === 'heartbeat' ? monitor : { ...monitor, spendCap },
  );
  const deployment = { ...line.scene.deployment, monitors };
  const parameters = ['token', 'nightly'].map((name) => ({ Name: secretParameterName('test', name), Value: 'x' }));
  record(ssm, 'ssm', prober, { Parameters: parameters });
  record(receiverSsm, 'ssm', receiver, { Parameters: parameters });
  record(line.receiverClient, 'dynamodb', receiver);
  for (const dynamo of line.proberClients.values()) record(dynamo, 'dynamodb', prober);

  const own = clientOf(await endpointOf(client));
  const sns = new SNSClient({ region: deployment.home });
  const eventBridge = new EventBridgeClient({ region: deployment.home });
  t.after(() => own.destroy());
  record(own, 'dynamodb', aggregator);
  record(sns, 'sns', aggregator, { MessageId: '1' });
  record(eventBridge, 'events', aggregator, { FailedEntryCount: 0, Entries: [{}] });
  const store = new Store(own, TABLE, deployment.home, deployment.retention);
  const to = { sns, topicArn: 'arn:aws:sns:us-east-1:1:parallax-test', eventBridge, eventBus: 'parallax-test' };
  const run = (minute: number) => {
    const now = START + minute * MINUTE + 20_000;
    const deliver = delivery(to, store, () => now);
    const ownHistory = { ...history, query: store.query };
    return aggregate({ deployment, writer: deployment.home, store, history: ownHistory, deliver }, now, now + MINUTE);
  };
  for (let minute = 0; minute < 12; minute += 1) {
    if (minute === 2) await line.demo.switchOn({ path: '/checkout', region: null, fault: 'error' });
    if (minute === 5) await line.demo.healAll();
    if (minute === 3) assert.equal(await line.call(minute, '/heartbeat/nightly/x'), 200);
    await line.probe(minute);
    await run(minute);
  }
  record(client, 'dynamodb', api);
  const reader = aggregatorReader(client, deployment, history);
  for (const path of ['/api/status', '/api/monitors/checkout', '/api/incidents', '/api/notifications']) {
    const { status } = await route({ deployment, history, aggregators: reader }, 'GET', path, {}, START + 12 * MINUTE);
    assert.equal(status, 200);
  }
  return { deployment, prober, aggregator, api, receiver };
}

test('each function may do exactly what it was seen to do at the SDK', async (t) => {
  const { deployment, prober, aggregator, api, receiver } = await recordedLine(t);
  const only = (calls: readonly Call[], region: Region) =>
    calls.filter(({ resource }) => {
      // The job's token, which home's prober reads alone: one recorder stands for all regions' clients.
      if (resource.endsWith('/nightly')) return region === deployment.home;
      return !/^(batch|heartbeat|awaited)#/.test(resource) || resource.endsWith(`#${region}`);
    });

  for (const region of deployment.regions) {
    await t.test(`the prober in ${region}`, () => {
      assertExactly(permissionsOfFunction(deployment, `parallax-test-prober-${region}`), only(prober, region));
    });
  }
  await t.test('the aggregator', () => {
    assertExactly(permissionsOfFunction(deployment, 'parallax-test-aggregator-us-east-1'), aggregator);
  });
  await t.test('the receiver', () => {
    assertExactly(permissionsOfFunction(deployment, 'parallax-test-receiver-us-east-1'), receiver);
  });
  await t.test('the API', () => {
    assertExactly(permissionsOfFunction(deployment, 'parallax-test-api-us-east-1', true), api);
  });
  await t.test('and the check can fail, both ways', () => {
    const permissions = permissionsOfFunction(deployment, 'parallax-test-aggregator-us-east-1');
    const extra = { action: 'dynamodb:Scan', resource: '', partitions: null };
    assert.throws(() => assertExactly([...permissions, extra], aggregator), /never used/);
    assert.throws(() => assertExactly(permissions.slice(1), aggregator), /refused/);
  });
});

test('a prober whose secrets are in Secrets Manager may read them there, and nothing in Parameter Store', async (t) => {
  const calls: Call[] = [];
  const client = new SecretsManagerClient({ region: 'us-east-1' });
  record(client, 'secretsmanager', calls, { SecretString: 'x' });
  const line = await Line.open(t, (...where) => createSecretsManagerSecrets(client, ...where), 'secrets-manager');
  for (const dynamo of line.proberClients.values()) record(dynamo, 'dynamodb', calls);
  await line.probe(0);
  const { deployment } = line.scene;
  const region = 'eu-west-1';
  const own = calls.filter(({ resource }) => !resource.startsWith('batch#') || resource === `batch#${region}`);
  const permissions = permissionsOfFunction(deployment, `parallax-test-prober-${region}`);
  assertExactly(permissions, own);
  assert.deepEqual(
    permissions.map(({ action }) => action).filter((action) => !action.startsWith('dynamodb:')),
    ['secretsmanager:GetSecretValue'],
  );
});
