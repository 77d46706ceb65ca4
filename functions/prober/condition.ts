import { RE2JS } from 're2js';
import type { Condition, Json } from '../../shared/monitor.ts';

/** Whether a value (undefined: missing) is as expected. */
export interface Expectation {
  /** `below 100`, to stand after `expected`. */
  readonly expected: string;
  holds(value: Json | undefined): boolean;
}

/** How values of one kind compare. */
export interface Comparison {
  /** Header values are text: what is expected of them is compared as text, and as a number where order is asked. */
  readonly asText: boolean;
  /** How a number is written for a person. */
  readonly unit?: string;
}

/**
 * | operator               | holds where the value                                                              |
 * | ---------------------- | ---------------------------------------------------------------------------------- |
 * | `equals`, `not`        | is (is there and is not) deeply equal, in any order of keys                        |
 * | `above`, `below`       | is a number beyond the limit                                                       |
 * | `between`              | is a number from low to high, both included                                        |
 * | `oneOf`                | is deeply equal to one of them                                                     |
 * | `contains`             | is a text with that text in it, or a list with a deeply equal element              |
 * | `excludes`             | is a text without that text in it, or a list without a deeply equal element        |
 * | `matches`              | is a text in which the pattern is found (anchor it with `^…$` for the whole text)  |
 * | `exists`               | is there, or not; null is there                                                    |
 * | `length`               | has a length that holds: code points of a text, elements of a list, keys of an object |
 *
 * A missing value satisfies none but `exists: false`.
 * @throws RE2JSException where a pattern is not RE2's.
 */
export function compileCondition(condition: Condition, comparison: Comparison): Expectation {
  const { asText } = comparison;
  const shown = (value: Json) => `${JSON.stringify(value)}${typeof value === 'number' ? (comparison.unit ?? '') : ''}`;
  const comparable = (expected: Json): Json =>
    asText && (typeof expected === 'number' || typeof expected === 'boolean') ? String(expected) : expected;
  const number = (value: Json | undefined): number => {
    if (typeof value === 'number') return value;
    return asText && typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  };

  switch (condition.op) {
    case 'equals': {
      const expected = comparable(condition.value);
      return { expected: shown(condition.value), holds: (value) => deepEqual(value, expected) };
    }
    case 'not': {
      const refused = comparable(condition.value);
      return {
        expected: `anything but ${shown(condition.value)}`,
        holds: (value) => value !== undefined && !deepEqual(value, refused),
      };
    }
    case 'above':
      return { expected: `above ${shown(condition.value)}`, holds: (value) => number(value) > condition.value };
    case 'below':
      return { expected: `below ${shown(condition.value)}`, holds: (value) => number(value) < condition.value };
    case 'between':
      return {
        expected: `between ${shown(condition.low)} and ${shown(condition.high)}`,
        holds: (value) => number(value) >= condition.low && number(value) <= condition.high,
      };
    case 'oneOf': {
      const allowed = condition.values.map(comparable);
      return {
        expected: `one of ${condition.values.map(shown).join(', ')}`,
        holds: (value) => allowed.some((one) => deepEqual(value, one)),
      };
    }
    case 'contains': {
      const part = comparable(condition.value);
      return { expected: `to contain ${shown(condition.value)}`, holds: (value) => contains(value, part) };
    }
    case 'excludes': {
      const part = comparable(condition.value);
      return {
        expected: `not to contain ${shown(condition.value)}`,
        holds: (value) => (typeof value === 'string' || Array.isArray(value)) && !contains(value, part),
      };
    }
    case 'matches': {
      const pattern = RE2JS.compile(condition.pattern);
      return {
        expected: `to match ${condition.pattern}`,
        holds: (value) => typeof value === 'string' && pattern.test(value),
      };
    }
    case 'exists':
      return {
        expected: condition.value ? 'to be there' : 'not to be there',
        holds: (value) => (value !== undefined) === condition.value,
      };
    case 'length': {
      const inner = condition.conditions.map((one) => compileCondition(one, { asText: false }));
      return {
        expected: `length ${inner.map((one) => one.expected).join(' and ')}`,
        holds: (value) => {
          const length = lengthOf(value);
          return length !== undefined && inner.every((one) => one.holds(length));
        },
      };
    }
    default:
      return unknownOperator(condition);
  }
}

function unknownOperator(condition: never): never {
  throw new TypeError(`unknown operator in ${JSON.stringify(condition)}`);
}

/** Descends only as far as the expected value does, which the definition bounds. */
function deepEqual(value: Json | undefined, expected: Json): boolean {
  if (value === expected) return true;
  if (typeof value !== 'object' || typeof expected !== 'object' || value === null || expected === null) return false;
  if (isList(value) || isList(expected)) {
    if (!isList(value) || !isList(expected) || value.length !== expected.length) return false;
    return expected.every((element, index) => deepEqual(value[index], element));
  }
  const keys = Object.keys(expected);
  return (
    keys.length === Object.keys(value).length &&
    keys.every((key) => Object.hasOwn(value, key) && deepEqual(value[key], expected[key] ?? null))
  );
}

function contains(value: Json | undefined, part: Json): boolean {
  if (typeof value === 'string') return typeof part === 'string' && value.includes(part);
  return value !== undefined && isList(value) && value.some((element) => deepEqual(element, part));
}

function lengthOf(value: Json | undefined): number | undefined {
  if (typeof value === 'string') return [...value].length;
  if (typeof value !== 'object' || value === null) return undefined;
  return isList(value) ? value.length : Object.keys(value).length;
}

/** `Array.isArray`, which does not narrow readonly lists. */
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
