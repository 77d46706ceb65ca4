import type { Condition, Expectations, Json } from '../../shared/monitor.ts';

/** What earlier steps captured, by the name that definitions use: a number stays a number. */
export type Captured = ReadonlyMap<string, string | number | boolean>;

/** `${capture:name}`, as loading a definition leaves it. */
const PLACEHOLDER = /\$\{capture:([^}]+)\}/g;
const ONLY_PLACEHOLDER = /^\$\{capture:([^}]+)\}$/;

/** Names of the captured values that are compared with, each once. */
export function namesCompared(expect: Expectations): readonly string[] {
  return [...new Set([...JSON.stringify(expect).matchAll(PLACEHOLDER)].map(([, name = '']) => name))];
}

/**
 * The expectations with captured values in place. In JSON a placeholder that is all of a text stands for the value as it
 * was captured; anywhere else it is text. A value that was not captured stays a placeholder, which nothing equals.
 */
export function withCaptured(expect: Expectations, captured: Captured): Expectations {
  const text = (value: Json): Json => mapTexts(value, (one) => filled(one, captured));
  const json = (value: Json): Json =>
    mapTexts(value, (one) => captured.get(ONLY_PLACEHOLDER.exec(one)?.[1] ?? '') ?? filled(one, captured));
  const all = (conditions: readonly Condition[], fill: (value: Json) => Json) =>
    conditions.map((condition) => fillCondition(condition, fill));
  return {
    ...expect,
    headers: expect.headers.map(({ name, conditions }) => ({ name, conditions: all(conditions, text) })),
    body: all(expect.body, text),
    json: expect.json.map(({ path, conditions }) => ({ path, conditions: all(conditions, json) })),
  };
}

function fillCondition(condition: Condition, fill: (value: Json) => Json): Condition {
  switch (condition.op) {
    case 'equals':
    case 'not':
      return { op: condition.op, value: fill(condition.value) };
    case 'contains':
    case 'excludes':
      return { op: condition.op, value: fill(condition.value) };
    case 'oneOf':
      return { op: 'oneOf', values: condition.values.map(fill) };
    // Numbers, or a pattern, in which a captured value would be read as one.
    case 'above':
    case 'below':
    case 'between':
    case 'matches':
    case 'exists':
    case 'length':
      return condition;
  }
}

function filled(text: string, captured: Captured): string {
  return text.replaceAll(PLACEHOLDER, (placeholder, name: string) => String(captured.get(name) ?? placeholder));
}

function mapTexts(value: Json, change: (text: string) => Json): Json {
  if (typeof value === 'string') return change(value);
  if (isList(value)) return value.map((one) => mapTexts(one, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, mapTexts(member, change)]));
}

/** `Array.isArray`, which does not narrow readonly lists. */
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
