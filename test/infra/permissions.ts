import type { Json } from '../../shared/monitor.ts';
import type { SynthesizedStack } from './synthesize.ts';

/**
 * What the stack's roles that a service assumes may do, sorted, a line each:
 * `dynamodb:PutItem on arn:… if {"ForAllValues:StringEquals":…}`.
 */
export function permissionsOf(stack: SynthesizedStack, service: string): string[] {
  const lines: string[] = [];
  for (const [id, role] of Object.entries(stack.resources)) {
    if (role.Type !== 'AWS::IAM::Role' || !isAssumedBy(role.Properties['AssumeRolePolicyDocument'], service)) continue;
    if (role.Properties['ManagedPolicyArns'] !== undefined) throw new Error(`${id} has managed policies`);
    for (const policy of list(role.Properties['Policies'])) lines.push(...linesOf(member(policy, 'PolicyDocument')));
    for (const { Type, Properties } of Object.values(stack.resources)) {
      if (Type !== 'AWS::IAM::Policy' || !list(Properties['Roles']).includes(`<${id}>`)) continue;
      lines.push(...linesOf(Properties['PolicyDocument']));
    }
  }
  return lines.sort();
}

function isAssumedBy(document: Json | undefined, service: string): boolean {
  return list(member(document, 'Statement')).some((statement) => {
    const principal = member(statement, 'Principal');
    return list(member(principal, 'Service')).includes(service);
  });
}

function linesOf(document: Json | undefined): string[] {
  return list(member(document, 'Statement')).flatMap((statement) => {
    if (member(statement, 'Effect') !== 'Allow') throw new Error('a statement does not allow');
    const condition = member(statement, 'Condition');
    const suffix = condition === undefined ? '' : ` if ${JSON.stringify(condition)}`;
    return list(member(statement, 'Action')).flatMap((action) =>
      list(member(statement, 'Resource')).map((resource) => `${String(action)} on ${String(resource)}${suffix}`),
    );
  });
}

/** One value stands for a list of one, as in policies. */
export function list(value: Json | undefined): readonly Json[] {
  if (value === undefined) return [];
  return isList(value) ? value : [value];
}

export function member(value: Json | undefined, key: string): Json | undefined {
  return value !== undefined && value !== null && typeof value === 'object' && !isList(value) ? value[key] : undefined;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
