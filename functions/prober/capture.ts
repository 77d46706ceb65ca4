import type { CaptureDefinition, Json } from '../../shared/monitor.ts';
import type { Captured } from './captured-expectations.ts';
import type { Evidence } from './expectations.ts';
import { type Failure, failed, isFailure } from './failure.ts';
import { compileSource } from './metrics.ts';

/** By name; every definition's value, or what kept one from being taken. */
export type Capture = (evidence: Evidence) => Captured | Failure;

/** Bound on one value: what one header may hold. */
const MAX_CAPTURED_CHARS = 8_192;

/** @throws JSONPathError, RE2JSException where a path or a pattern is not valid. Validation has seen to that. */
export function compileCaptures(definitions: readonly CaptureDefinition[]): Capture {
  const sources = definitions.map((definition) => ({ definition, take: compileSource(definition) }));
  return (evidence) => {
    const captured = new Map<string, string | number | boolean>();
    for (const { definition, take } of sources) {
      const value = scalarOf(take(evidence));
      if (isFailure(value)) {
        const what = `cannot capture ${definition.name} from ${sourceOf(definition)}`;
        return failed('expectation', null, `${what}: ${value.detail}`);
      }
      captured.set(definition.name, value.captured);
    }
    return captured;
  };
}

/** An empty or endless value would make another request of the next step than was meant: one to a list, say. */
function scalarOf(value: Json | undefined): { readonly captured: string | number | boolean } | Failure {
  const only = Array.isArray(value) && value.length === 1 ? value[0] : value;
  const no = (why: string) => failed('expectation', null, why);
  if (only === undefined || only === null) return no(only === null ? 'it is null' : 'it is missing');
  if (typeof only === 'object') return no('it is neither a text nor a number');
  const text = String(only);
  if (text === '') return no('it is empty');
  if (text.length > MAX_CAPTURED_CHARS) return no(`it is longer than ${MAX_CAPTURED_CHARS} characters`);
  if (/\p{Cc}/u.test(text)) return no('it has control characters in it');
  return { captured: only };
}

function sourceOf(definition: CaptureDefinition): string {
  switch (definition.from) {
    case 'json':
      return definition.path;
    case 'header':
      return `header ${definition.header}`;
    case 'body':
      return 'the body';
    default:
      return unknownSource(definition);
  }
}

function unknownSource(definition: never): never {
  throw new TypeError(`unknown source of a capture in ${JSON.stringify(definition)}`);
}
