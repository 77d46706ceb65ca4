import type { Secret } from './secrets.ts';

/**
 * What `${secret:name#key}` stands for: the member of the secret's JSON object; without a key, all of the text.
 * A sentence on what is missing never says what the secret holds. `place`: where it is kept, as that sentence names it.
 */
export function memberOf(name: string, key: string | null, text: string, place: string): Secret {
  if (key === null) return { value: text };
  const members = jsonObject(text);
  if (members === null) {
    return {
      missing: `secret "${name}" is no JSON object, so it has no key "${key}": store {"${key}": "…"} as ${place}, or leave "#${key}" out`,
    };
  }
  const value = members.get(key);
  if (value === undefined) return { missing: `secret "${name}" has no key "${key}": add it to ${place}` };
  if (value === null || typeof value === 'object') {
    return { missing: `the key "${key}" of secret "${name}" is neither a text nor a number: correct it in ${place}` };
  }
  return { value: String(value) };
}

/** Of one secret, and of each kind. Each is searched for in every text that a check says. */
const MAX_PARTS = 100;

/**
 * What is as secret as the whole: each line, since targets break lines otherwise, or leave the last break out; and texts and
 * numbers inside of a secret that is JSON. None for any other text.
 */
export function partsOf(text: string): readonly string[] {
  const lines = text.split(/[\r\n]+/).map((line) => line.trim());
  const parts = lines.length === 1 && lines[0] === text ? [] : lines.slice(0, MAX_PARTS);
  return [...parts, ...jsonPartsOf(text)];
}

function jsonPartsOf(text: string): readonly string[] {
  const parts: string[] = [];
  const walk = (value: unknown): void => {
    if (parts.length >= MAX_PARTS) return;
    if (typeof value === 'string' || typeof value === 'number') parts.push(String(value));
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(walk);
  };
  // Only what looks like it: a password of digits is JSON as well.
  if (/^\s*[{[]/.test(text)) walk(parsed(text));
  return parts;
}

function jsonObject(text: string): ReadonlyMap<string, unknown> | null {
  const value = parsed(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? new Map(Object.entries(value)) : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
