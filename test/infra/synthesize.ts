import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { Parallax, type ParallaxProps } from '../../infra/parallax.ts';
import type { Json } from '../../shared/monitor.ts';

type Properties = Readonly<Record<string, Json>>;

export interface Resource {
  readonly Type: string;
  /** Flat: see {@link flatten}. */
  readonly Properties: Properties;
  readonly DeletionPolicy?: string;
}

/** One stack's template, by what it holds. */
export interface SynthesizedStack {
  readonly region: string;
  /** Names of the stacks that are deployed before it. */
  readonly after: readonly string[];
  readonly text: string;
  readonly resources: Readonly<Record<string, Resource>>;
}

export interface Synthesized {
  /** The cloud assembly. */
  readonly folder: string;
  /** By stack name. */
  readonly stacks: ReadonlyMap<string, SynthesizedStack>;
  /** What template validation and cdk-nag found, warnings included. */
  readonly findings: readonly unknown[];
}

/** The flags that `cdk synth` reads. */
const CONTEXT: Record<string, unknown> = JSON.parse(readFileSync('cdk.json', 'utf8')).context;

const folders: string[] = [];
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is gone when the process is. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'parallax-infra-'));
  folders.push(folder);
  return folder;
}

/**
 * Synthesizes a deployment in this process, with validation and cdk-nag as in `infra/app.ts`.
 * @throws when either finds an error
 */
export function synthesize(props: ParallaxProps, options: { readonly bundle?: boolean } = {}): Synthesized {
  const folder = temporaryFolder();
  const skipBundling = { 'aws:cdk:bundling-stacks': [] };
  const app = new App({ outdir: folder, context: { ...CONTEXT, ...(options.bundle !== true && skipBundling) } });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const parallax = new Parallax(app, 'Parallax', props);
  app.synth();
  const stacks = parallax.node.children.filter((child) => Stack.isStack(child));
  const report = JSON.parse(readFileSync(join(folder, 'validation-report.json'), 'utf8'));
  return {
    folder,
    stacks: new Map(stacks.map((stack) => [stack.stackName, readStack(folder, stack)])),
    findings: report.pluginReports,
  };
}

function readStack(folder: string, stack: Stack): SynthesizedStack {
  const text = readFileSync(join(folder, stack.templateFile), 'utf8');
  return {
    region: stack.region,
    after: stack.dependencies.map((before) => before.stackName).sort(),
    text,
    resources: flatResources(JSON.parse(text).Resources),
  };
}

function flatResources(resources: Readonly<Record<string, Resource>>): Record<string, Resource> {
  return Object.fromEntries(
    Object.entries(resources).map(([id, resource]) => [
      id,
      {
        ...resource,
        Properties: Object.fromEntries(
          Object.entries(resource.Properties).map(([key, value]) => [key, flatten(value)]),
        ),
      },
    ]),
  );
}

/** The stack of that name. */
export function stackOf({ stacks }: Synthesized, name: string): SynthesizedStack {
  const stack = stacks.get(name);
  if (stack === undefined) throw new Error(`there is no stack ${name}, only ${[...stacks.keys()].join(', ')}`);
  return stack;
}

/** The properties of the stack's resources of one type. */
export function propertiesOf(stack: SynthesizedStack, type: string): Properties[] {
  return Object.values(stack.resources)
    .filter((resource) => resource.Type === type)
    .map((resource) => resource.Properties);
}

/** The same of every stack. */
export function allPropertiesOf({ stacks }: Synthesized, type: string): Properties[] {
  return [...stacks.values()].flatMap((stack) => propertiesOf(stack, type));
}

/** The one resource of that type. */
export function onlyOf(stack: SynthesizedStack, type: string): Properties {
  const [only, ...others] = propertiesOf(stack, type);
  if (only === undefined || others.length > 0)
    throw new Error(`${type}: ${others.length + (only ? 1 : 0)}, expected 1`);
  return only;
}

/** References as `<LogicalId>` and `<LogicalId.Attribute>`, joins as text. */
function flatten(value: Json): Json {
  if (Array.isArray(value)) return value.map(flatten);
  if (typeof value !== 'object' || value === null) return value;
  const { Ref: ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = Object.fromEntries(Object.entries(value));
  if (typeof ref === 'string') return `<${ref}>`;
  if (Array.isArray(attribute)) return `<${attribute.join('.')}>`;
  if (Array.isArray(join) && Array.isArray(join[1])) return join[1].map(flatten).join(String(join[0]));
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, flatten(member)]));
}
