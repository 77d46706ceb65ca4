import { JSONPathEnvironment, type JSONPathQuery, type JSONValue } from 'json-p3';
import { RE2JS } from 're2js';
import type { Json } from '../../shared/monitor.ts';

/** Takes one value out of a JSON document; undefined where there is none. */
export type JsonSelector = (document: Json) => Json | undefined;

/**
 * A path that can only ever select one node gives that node's value. Any other (`$.items[*].depth`, `$..id`) gives
 * the list of all selected values, and nothing where it selects none.
 * @throws JSONPathError from `json-p3` where the path is not RFC 9535's.
 */
export function compileJsonPath(path: string): JsonSelector {
  const query: JSONPathQuery = ENVIRONMENT.compile(path);
  const isSingular = query.singularQuery();
  return (document) => {
    const nodes = query.query(document as JSONValue).nodes;
    const [first] = nodes;
    if (first === undefined) return undefined;
    return isSingular ? (first.value as Json) : nodes.map((node) => node.value as Json);
  };
}

/** Bound on nesting that `$..` descends into. */
const MAX_DEPTH = 100;

const ENVIRONMENT = new JSONPathEnvironment({ maxRecursionDepth: MAX_DEPTH });

/**
 * RFC 9535's `match()` and `search()`, by RE2: the library's own use JavaScript's backtracking, with a pattern that
 * may come from the document, and a hostile answer would stop the clock of every check.
 */
for (const [name, isWhole] of [
  ['match', true],
  ['search', false],
] as const) {
  const original = ENVIRONMENT.functionRegister.get(name);
  if (original === undefined) throw new Error(`json-p3 has no function ${name}() to replace`);
  ENVIRONMENT.functionRegister.set(name, {
    argTypes: original.argTypes,
    returnType: original.returnType,
    call: (text: unknown, pattern: unknown) =>
      typeof text === 'string' && typeof pattern === 'string' && matchesPattern(text, pattern, isWhole),
  });
}

function matchesPattern(text: string, pattern: string, isWhole: boolean): boolean {
  if (pattern.length > MAX_PATTERN_CHARS) return false;
  try {
    const compiled = RE2JS.compile(pattern);
    return isWhole ? compiled.matches(text) : compiled.matcher(text).find();
  } catch {
    return false; // as RFC 9535 wants for what is no pattern
  }
}

/** Bound on what one pattern from a document may cost. */
const MAX_PATTERN_CHARS = 1_000;
