import { z } from 'zod';
import type { Json } from '../monitor.ts';
import type { JsonPath, Reporter } from './diagnostics.ts';
import { MAX_DEPTH } from './json-text.ts';
import { nearest } from './nearest.ts';
import { quote } from './schema-leaves.ts';

export interface Checked<T> {
  /** What is right of it: members with problems are left out. Null where nothing usable remains. */
  readonly value: T | null;
  /** Top-level properties that had problems: what depends on them is not worth judging. */
  readonly broken: ReadonlySet<string>;
}

/** What to do about a property that a place does not have, where more is known of it than that; else null. */
export type Elsewhere = (path: JsonPath, key: string) => string | null;

/**
 * Parses a value by a zod object, reports every problem in the words of our diagnostics, and answers with the part
 * that is right, so that a second look (at how properties fit together) can still be had in the same run.
 * `partial` is `schema.partial()`.
 */
export function checkAgainst<P extends z.ZodObject>(
  schema: z.ZodObject,
  partial: P,
  value: Json,
  reporter: Reporter,
  elsewhere: Elsewhere = () => null,
): Checked<z.output<P>> {
  const broken = new Set<string>();
  const issues = safeParse(schema, value).error?.issues ?? [];
  for (const issue of issues.flatMap(flatten)) {
    const path = plainPath(issue.path);
    if (typeof path[0] === 'string') broken.add(path[0]);
    report(issue, path, value, schema, reporter, elsewhere);
  }
  return { value: soundPart(partial, value), broken };
}

type Parsed<T> =
  | { readonly success: true; readonly data: T; readonly error?: undefined }
  | { readonly success: false; readonly error: { readonly issues: readonly Issue[] } };

/**
 * zod's own, but for what makes it throw: it compares the `length` of anything that has one, and an object whose
 * `toString` is no function cannot be compared.
 */
export function safeParse<S extends z.ZodType>(schema: S, value: Json): Parsed<z.output<S>> {
  try {
    return schema.safeParse(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const message =
      'A property "length" is an object with a "toString" or "valueOf" of its own, where a text or a list belongs.';
    return { success: false, error: { issues: [{ code: 'custom', path: [], message, input: value }] } };
  }
}

/** Null where the value is no object at all. */
function soundPart<P extends z.ZodObject>(partial: P, value: Json): z.output<P> | null {
  let current = value;
  // Each round removes what is faulty, which may leave what held it incomplete: at most once per level of nesting.
  for (let round = 0; round <= MAX_DEPTH; round += 1) {
    const parsed = safeParse(partial, current);
    if (parsed.success) return parsed.data;
    const before = current;
    for (const issue of parsed.error.issues.flatMap(flatten)) {
      const path = plainPath(issue.path);
      const keys = issue.code === 'unrecognized_keys' ? issue.keys : null;
      for (const faulty of keys?.map((key) => [...path, key]) ?? [path]) {
        const removable = removablePart(before, faulty);
        if (removable.length === 0) return null;
        current = without(current, removable);
      }
    }
  }
  return null;
}

type Issue = z.core.$ZodIssue;

/** Replaces a failed union by the problems of the branch that the value was meant for. */
function flatten(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const branches = issue.errors.filter(
    (errors) => !errors.some((error) => error.path.length === 0 && isOfAnotherKind(error)),
  );
  const meant = branches.length === 1 ? branches[0] : undefined;
  if (meant === undefined) return [issue];
  return meant.flatMap((inner) => flatten({ ...inner, path: [...issue.path, ...inner.path] }));
}

function isOfAnotherKind(issue: Issue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value' || issue.code === 'invalid_union';
}

function report(
  issue: Issue,
  path: JsonPath,
  root: Json,
  schema: z.ZodType,
  reporter: Reporter,
  elsewhere: Elsewhere,
): void {
  const description = descriptionAt(schema, path);
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) {
      const known = keysAt(schema, path);
      const meant = nearest(key, known);
      reporter.error([...path, key], {
        message: `There is no property ${quote(key)} here.`,
        allowed: known.join(', '),
        remedy: elsewhere(path, key) ?? (meant === null ? 'Remove it.' : `Did you mean ${quote(meant)}?`),
      });
    }
    return;
  }
  if (issue.code === 'custom') {
    const hint = (name: string): string | null => {
      const value: unknown = issue.params?.[name];
      return typeof value === 'string' ? value : null;
    };
    reporter.error(path, { message: issue.message, allowed: hint('allowed') ?? description, remedy: hint('remedy') });
    return;
  }
  const value = valueAt(root, path);
  const name = path.at(-1);
  const label = typeof name === 'string' ? quote(name) : 'This';
  if (value === undefined) {
    reporter.error(path, { message: `${label} is missing.`, allowed: description, remedy: `Add ${label}.` });
    return;
  }
  const { message, remedy } = complaintAbout(issue, label, value);
  const example = issue.code === 'invalid_type' || issue.code === 'invalid_union' ? exampleAt(schema, path) : null;
  reporter.error(path, {
    message,
    allowed: allowedBy(issue) ?? description,
    remedy:
      likelyMeant(issue, value, keysAt(schema, path)) ??
      (example === null ? remedy : `Write something like ${example}.`),
  });
}

/** What the likeliest mistakes are mended by where several kinds of values fit; else null. `keys`: of the objects that do. */
function likelyMeant(issue: Issue, value: Json, keys: readonly string[]): string | null {
  if (issue.code !== 'invalid_union') return null;
  if (Array.isArray(value)) return keys.includes('oneOf') ? 'For any of these write {"oneOf": [ … ]}.' : null;
  if (typeof value !== 'string') return null;
  const inner = innermost(issue);
  const isNumber = value.trim() !== '' && Number.isFinite(Number(value));
  const takesNumber = inner.some((one) => one.code === 'invalid_type' && one.expected === 'number');
  if (isNumber && takesNumber) return 'Write the number without quotes.';
  const values = inner.flatMap((one) => (one.code === 'invalid_value' ? one.values.map(String) : []));
  const meant = nearest(value, values);
  return meant === null ? null : `Did you mean ${quote(meant)}?`;
}

function innermost(issue: Issue): readonly Issue[] {
  return issue.code === 'invalid_union' ? issue.errors.flat().flatMap(innermost) : [issue];
}

function complaintAbout(issue: Issue, label: string, value: Json): { message: string; remedy: string } {
  switch (issue.code) {
    case 'invalid_type':
      return { message: `${label} is ${kindOf(value)}.`, remedy: `Write ${expectedKind(issue.expected)}.` };
    case 'invalid_value': {
      const values = issue.values.map(String);
      const meant = typeof value === 'string' ? nearest(value, values) : null;
      const shown = typeof value === 'string' ? quote(value) : kindOf(value);
      return {
        message: `${label} is ${shown}.`,
        remedy: meant === null ? 'Write one of the allowed values.' : `Did you mean ${quote(meant)}?`,
      };
    }
    case 'too_small':
      return {
        message: `${label} is too ${sizeWord(issue.origin, 'small')}.`,
        remedy: `Write at least ${issue.minimum}${sizeUnit(issue.origin)}.`,
      };
    case 'too_big':
      return {
        message: `${label} is too ${sizeWord(issue.origin, 'large')}.`,
        remedy: `Write at most ${issue.maximum}${sizeUnit(issue.origin)}.`,
      };
    default:
      return { message: `${label} is ${kindOf(value)}, which does not fit.`, remedy: 'Write what is allowed.' };
  }
}

function allowedBy(issue: Issue): string | null {
  return issue.code === 'invalid_value' ? issue.values.map((value) => JSON.stringify(value)).join(', ') : null;
}

function sizeWord(origin: string, direction: 'small' | 'large'): string {
  if (origin === 'string' || origin === 'array') return direction === 'small' ? 'short' : 'long';
  return direction;
}

function sizeUnit(origin: string): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' ? ' elements' : '';
}

/** Never the text itself: it may hold a secret. */
function kindOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return 'a text';
  return typeof value === 'number' ? `the number ${value}` : `${value}`;
}

function expectedKind(expected: string): string {
  const kinds: Readonly<Record<string, string>> = {
    string: 'a text in double quotes',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    object: 'an object in { }',
    record: 'an object in { }',
    array: 'an array in [ ]',
    tuple: 'an array of two, [low, high]',
  };
  return kinds[expected] ?? expected;
}

/** The innermost description on the way to a place: what editors show there. */
function descriptionAt(schema: z.core.$ZodType, path: JsonPath): string | null {
  return [schema, ...schemasAlong(schema, path)].map(described).findLast((description) => description !== null) ?? null;
}

function described(schema: z.core.$ZodType): string | null {
  const own = z.globalRegistry.get(schema)?.description;
  return own ?? (schema instanceof z.ZodOptional ? described(schema.def.innerType) : null);
}

/** What to write in a place, by the first of its examples. */
function exampleAt(schema: z.core.$ZodType, path: JsonPath): string | null {
  const last = [schema, ...schemasAlong(schema, path)].at(-1);
  const options = last === undefined ? [] : [last, ...alternatives(last)];
  const examples: unknown = options.map((option) => z.globalRegistry.get(option)?.examples).find(Array.isArray);
  return Array.isArray(examples) ? JSON.stringify(examples[0]) : null;
}

function keysAt(schema: z.core.$ZodType, path: JsonPath): string[] {
  const last = [schema, ...schemasAlong(schema, path)].at(-1);
  return last === undefined
    ? []
    : alternatives(last).flatMap((option) => (option instanceof z.ZodObject ? Object.keys(option.shape) : []));
}

function schemasAlong(schema: z.core.$ZodType, path: JsonPath): z.core.$ZodType[] {
  const along: z.core.$ZodType[] = [];
  let current: z.core.$ZodType | undefined = schema;
  for (const step of path) {
    current = alternatives(current)
      .map((option) => member(option, step))
      .find((found) => found !== undefined);
    if (current === undefined) break;
    along.push(current);
  }
  return along;
}

function member(schema: z.core.$ZodType, step: string | number): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject) return Object.hasOwn(schema.shape, step) ? schema.shape[step] : undefined;
  if (schema instanceof z.ZodRecord) return schema.valueType;
  if (schema instanceof z.ZodArray) return schema.element;
  if (schema instanceof z.ZodTuple) return schema.def.items[Number(step)];
  return undefined;
}

/** The schema without its wrappers; of a union, each option. */
function alternatives(schema: z.core.$ZodType): z.core.$ZodType[] {
  if (schema instanceof z.ZodOptional) return alternatives(schema.def.innerType);
  if (schema instanceof z.ZodPipe) return alternatives(schema.def.in);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => alternatives(option));
  return [schema];
}

function plainPath(path: readonly PropertyKey[]): JsonPath {
  return path.map((step) => (typeof step === 'number' ? step : String(step)));
}

function valueAt(root: Json, path: JsonPath): Json | undefined {
  let current: Json | undefined = root;
  for (const step of path)
    current = isContainer(current) && Object.hasOwn(current, step) ? Reflect.get(current, step) : undefined;
  return current;
}

function isContainer(value: Json | undefined): value is readonly Json[] | { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null;
}

/**
 * What to remove for the sake of a faulty place: the place itself, but the whole array around it (indices must not
 * shift), and the whole object around a place that does not exist (without a required member it is of no use).
 */
function removablePart(root: Json, path: JsonPath): JsonPath {
  let current: Json | undefined = root;
  for (const [index, step] of path.entries()) {
    if (!isContainer(current) || Array.isArray(current) || !Object.hasOwn(current, step)) return path.slice(0, index);
    current = Reflect.get(current, step);
  }
  return path;
}

/** A copy without the member at the path; the same where it is gone already. */
function without(root: Json, path: JsonPath): Json {
  const [step, ...rest] = path;
  if (step === undefined || !isContainer(root) || Array.isArray(root)) return root;
  return Object.fromEntries(
    Object.entries(root).flatMap(([key, value]) => {
      if (key !== String(step)) return [[key, value]];
      return rest.length === 0 ? [] : [[key, without(value, rest)]];
    }),
  );
}
