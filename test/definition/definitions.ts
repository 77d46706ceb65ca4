import assert from 'node:assert/strict';
import type { DeploymentInput } from '../../shared/definition/deployment-schema.ts';
import type { Problem } from '../../shared/definition/diagnostics.ts';
import type { MonitorInput } from '../../shared/definition/monitor-schema.ts';
import { type Resolution, resolveFiles } from '../../shared/definition/resolve-files.ts';
import type { DefinitionEnvironment } from '../../shared/definition/templates.ts';
import type { Deployment, HttpMonitor } from '../../shared/monitor.ts';

/** Builders of definitions that have no problems; a test states only what it is about. */

export const CONFIG = {
  name: 'acme',
  home: 'us-east-1',
  regions: ['us-east-1', 'eu-west-1', 'ap-southeast-2'],
  monitors: ['monitors/*.json'],
  notify: [{ email: 'oncall@acme.example' }],
} satisfies DeploymentInput;

export const MONITOR = { id: 'checkout', request: { url: 'https://checkout.acme.dev/health' } } satisfies MonitorInput;

export interface Definitions {
  /** Over {@link CONFIG}; null for none. */
  readonly config?: object | null;
  /** Over {@link MONITOR}. */
  readonly monitor?: object;
  readonly env?: DefinitionEnvironment;
}

export function resolve({ config = {}, monitor = {}, env = {} }: Definitions): Resolution {
  return resolveTexts(
    config === null ? null : JSON.stringify({ ...CONFIG, ...config }),
    [JSON.stringify({ ...MONITOR, ...monitor })],
    env,
  );
}

/** Monitor files are called `1.json`, `2.json`, … */
export function resolveTexts(
  config: string | null,
  monitors: readonly string[],
  env: DefinitionEnvironment = {},
): Resolution {
  const files = monitors.map((text, index) => ({ file: `${index + 1}.json`, text }));
  if (config === null) return resolveFiles(null, files, env);
  return resolveFiles({ file: 'parallax.json', text: config }, () => files, env);
}

export function deploymentOf(definitions: Definitions): Deployment {
  const resolved = resolve(definitions);
  assert.ok(resolved.ok, JSON.stringify(resolved, null, 1));
  return resolved.deployment;
}

export function monitorOf(monitor: object, config: object = {}): HttpMonitor {
  const [first] = deploymentOf({ monitor, config }).monitors;
  assert.ok(first?.type === 'http');
  return first;
}

export function problemsOf(definitions: Definitions): readonly Problem[] {
  const resolved = resolve(definitions);
  return resolved.ok ? resolved.warnings : resolved.problems;
}

/** `error $.every`, as short as a table of expectations wants it. */
export function placesOf(definitions: Definitions): string[] {
  return problemsOf(definitions).map((problem) => `${problem.severity} ${problem.path}`);
}

/** The one problem that a definition has. */
export function problemOf(definitions: Definitions): Problem {
  const problems = problemsOf(definitions);
  assert.equal(problems.length, 1, JSON.stringify(problems, null, 1));
  const [problem] = problems;
  assert.ok(problem !== undefined);
  return problem;
}
