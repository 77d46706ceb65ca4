import { isDeepStrictEqual } from 'node:util';
import { RE2JS } from 're2js';
import type { Condition, Json } from '../monitor.ts';

/** Operators as they are written, durations already in milliseconds. */
export interface Operators {
  readonly above?: number | undefined;
  readonly below?: number | undefined;
  readonly between?: readonly [number, number] | undefined;
  readonly not?: Json | undefined;
  readonly oneOf?: readonly Json[] | undefined;
  readonly contains?: Json | undefined;
  readonly excludes?: Json | undefined;
  readonly matches?: string | undefined;
  readonly exists?: boolean | undefined;
  readonly length?: number | Operators | undefined;
}

export function conditionsFrom(operators: Operators): Condition[] {
  const { above, below, between, not, oneOf, contains, excludes, matches, exists, length } = operators;
  const conditions: Condition[] = [];
  if (above !== undefined) conditions.push({ op: 'above', value: above });
  if (below !== undefined) conditions.push({ op: 'below', value: below });
  if (between !== undefined) conditions.push({ op: 'between', low: between[0], high: between[1] });
  if (not !== undefined) conditions.push({ op: 'not', value: not });
  if (oneOf !== undefined) conditions.push({ op: 'oneOf', values: oneOf });
  if (contains !== undefined) conditions.push({ op: 'contains', value: contains });
  if (excludes !== undefined) conditions.push({ op: 'excludes', value: excludes });
  if (matches !== undefined) conditions.push({ op: 'matches', pattern: matches });
  if (exists !== undefined) conditions.push({ op: 'exists', value: exists });
  if (typeof length === 'number') conditions.push({ op: 'length', conditions: [{ op: 'equals', value: length }] });
  else if (length !== undefined) conditions.push({ op: 'length', conditions: conditionsFrom(length) });
  return conditions;
}

/** Which numbers a value can be at all, such as a status. Inclusive. */
export interface Domain {
  readonly integers: boolean;
  readonly min: number;
  readonly max: number;
}

const LENGTHS: Domain = { integers: true, min: 0, max: Number.POSITIVE_INFINITY };

/** What conditions are about: numbers of a domain; text, which order reads as a number; or any JSON value. */
export type Subject = Domain | 'text' | 'json';

/** Why no value can ever satisfy all the conditions, as a sentence; null where some value may (or we cannot tell). */
export function contradiction(written: readonly Condition[], subject: Subject): string | null {
  const conditions = subject === 'text' ? written.map(asText) : written;
  if (conditions.length > 1 && conditions.some((condition) => condition.op === 'exists' && !condition.value)) {
    return '"exists": false asks for no value, and a missing value fails every other condition.';
  }
  for (const condition of conditions) {
    if (condition.op === 'oneOf' && condition.values.length === 0) return '"oneOf" is empty, so nothing is one of it.';
    if (condition.op === 'length') {
      const inner = contradiction(condition.conditions, LENGTHS);
      if (inner !== null) return `In "length": ${inner}`;
    }
  }
  return (
    noPartLeft(conditions, subject) ??
    noKindLeft(conditions, subject) ??
    noNumberLeft(conditions, subject) ??
    noChoiceLeft(conditions, subject)
  );
}

/** As the prober compares with a text: numbers and booleans by how they are written. */
function asText(condition: Condition): Condition {
  const text = (value: Json): Json => (typeof value === 'number' || typeof value === 'boolean' ? String(value) : value);
  switch (condition.op) {
    case 'equals':
    case 'not':
      return { op: condition.op, value: text(condition.value) };
    case 'contains':
    case 'excludes':
      return { op: condition.op, value: text(condition.value) };
    case 'oneOf':
      return { op: 'oneOf', values: condition.values.map(text) };
    default:
      return condition;
  }
}

/** What must be in it and what must not. In JSON it may be a list, whose elements are compared whole. */
function noPartLeft(conditions: readonly Condition[], subject: Subject): string | null {
  for (const excluded of conditions) {
    if (excluded.op !== 'excludes') continue;
    if (excluded.value === '' && subject === 'text') return 'The empty text is in every text, so none is without it.';
    const parts = (part: Json) =>
      subject === 'text' ? contains(part, excluded.value) : isDeepStrictEqual(part, excluded.value);
    const whole = conditions.find((one) => one.op === 'contains' && parts(one.value));
    if (whole !== undefined) return `Nothing is ${describe(whole)} and ${describe(excluded)}.`;
  }
  return null;
}

/** In JSON, a number is no text: what asks for order and what asks for letters exclude each other. */
function noKindLeft(conditions: readonly Condition[], subject: Subject): string | null {
  if (subject !== 'json') return null;
  const ordered = conditions.find(({ op }) => op === 'above' || op === 'below' || op === 'between');
  const lettered = conditions.find(({ op }) => ['matches', 'contains', 'excludes', 'length'].includes(op));
  if (ordered === undefined || lettered === undefined) return null;
  return `"${ordered.op}" asks for a number, and "${lettered.op}" for a text or a list.`;
}

function noNumberLeft(conditions: readonly Condition[], subject: Subject): string | null {
  const domain = typeof subject === 'string' ? null : subject;
  let low = domain?.min ?? Number.NEGATIVE_INFINITY;
  let high = domain?.max ?? Number.POSITIVE_INFINITY;
  let lowOpen = false;
  let highOpen = false;
  const limits: string[] = [];
  const raise = (value: number, open: boolean): void => {
    if (value > low || (value === low && open)) [low, lowOpen] = [value, open];
  };
  const lower = (value: number, open: boolean): void => {
    if (value < high || (value === high && open)) [high, highOpen] = [value, open];
  };
  for (const condition of conditions) {
    if (condition.op === 'above') raise(condition.value, true);
    else if (condition.op === 'below') lower(condition.value, true);
    else if (condition.op === 'between') {
      if (condition.low > condition.high) {
        return `"between" is [low, high], and its low ${condition.low} is more than its high ${condition.high}.`;
      }
      raise(condition.low, false);
      lower(condition.high, false);
    } else continue;
    limits.push(describe(condition));
  }
  if (limits.length === 0) return null;
  if (domain?.integers === true) {
    low = lowOpen ? Math.floor(low) + 1 : Math.ceil(low);
    high = highOpen ? Math.ceil(high) - 1 : Math.floor(high);
    lowOpen = highOpen = false;
  }
  const empty = low > high || (low === high && (lowOpen || highOpen));
  return empty ? `No ${kindOf(domain)} is ${limits.join(' and ')}.` : null;
}

/** Where only certain values are asked for, each must pass the other conditions. */
function noChoiceLeft(conditions: readonly Condition[], subject: Subject): string | null {
  const domain = typeof subject === 'string' ? null : subject;
  for (const condition of conditions) {
    const choices = choicesOf(condition);
    if (choices === null) continue;
    if (choices.some((choice) => isIn(choice, domain) && conditions.every((other) => mayHold(other, choice, subject))))
      continue;
    const others = conditions.filter((other) => other !== condition).map(describe);
    return others.length === 0
      ? `No ${kindOf(domain)} is ${describe(condition)}.`
      : `No value is ${[describe(condition), ...others].join(' and ')}.`;
  }
  return null;
}

/** Null where any value may be meant. */
function choicesOf(condition: Condition): readonly Json[] | null {
  if (condition.op === 'oneOf') return condition.values;
  return condition.op === 'equals' ? [condition.value] : null;
}

function isIn(value: Json, domain: Domain | null): boolean {
  if (domain === null) return true;
  return (
    typeof value === 'number' &&
    value >= domain.min &&
    value <= domain.max &&
    (!domain.integers || Number.isInteger(value))
  );
}

/** False only where the condition surely fails for the value. */
function mayHold(condition: Condition, value: Json, subject: Subject): boolean {
  const number = subject === 'text' && typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  switch (condition.op) {
    case 'equals':
      return isDeepStrictEqual(condition.value, value);
    case 'not':
      return !isDeepStrictEqual(condition.value, value);
    case 'above':
      return typeof number === 'number' && number > condition.value;
    case 'below':
      return typeof number === 'number' && number < condition.value;
    case 'between':
      return typeof number === 'number' && number >= condition.low && number <= condition.high;
    case 'oneOf':
      return condition.values.some((choice) => isDeepStrictEqual(choice, value));
    case 'contains':
      return contains(value, condition.value);
    case 'excludes':
      return (typeof value === 'string' || Array.isArray(value)) && !contains(value, condition.value);
    case 'matches':
      return typeof value === 'string' && RE2JS.compile(condition.pattern).test(value);
    case 'exists':
      return condition.value;
    case 'length': {
      const length = lengthOf(value);
      return length !== null && condition.conditions.every((inner) => mayHold(inner, length, LENGTHS));
    }
  }
}

function contains(value: Json, part: Json): boolean {
  if (typeof value === 'string') return typeof part === 'string' && value.includes(part);
  return Array.isArray(value) && value.some((element) => isDeepStrictEqual(element, part));
}

/** As the prober counts: code points of a text, elements of a list, keys of an object. */
function lengthOf(value: Json): number | null {
  if (typeof value === 'string') return [...value].length;
  if (typeof value !== 'object' || value === null) return null;
  return Array.isArray(value) ? value.length : Object.keys(value).length;
}

function kindOf(domain: Domain | null): string {
  if (domain === null) return 'value';
  return domain.max === Number.POSITIVE_INFINITY ? 'such number' : `number from ${domain.min} to ${domain.max}`;
}

function describe(condition: Condition): string {
  switch (condition.op) {
    case 'equals':
      return `equal to ${short(condition.value)}`;
    case 'not':
      return `not ${short(condition.value)}`;
    case 'above':
    case 'below':
      return `${condition.op} ${condition.value}`;
    case 'between':
      return `between ${condition.low} and ${condition.high}`;
    case 'oneOf':
      return `one of ${short(condition.values)}`;
    case 'contains':
      return `containing ${short(condition.value)}`;
    case 'excludes':
      return `without ${short(condition.value)}`;
    case 'matches':
      return `matching ${short(condition.pattern)}`;
    case 'exists':
      return condition.value ? 'present' : 'missing';
    case 'length':
      return `of a length ${condition.conditions.map(describe).join(' and ')}`;
  }
}

function short(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
