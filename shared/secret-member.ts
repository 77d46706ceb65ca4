/** What became of a secret's name: its value, or a sentence for a person on why there is none. */
export type Secret = { readonly value: string } | { readonly missing: string };

/**
 * What `${secret:name#key}` stands for: the member of the secret's JSON object; without a key, all of the text.
 * A sentence on what is missing never says what the secret holds. `place`: where it is kept, as that sentence names it.
 */
export function memberOf(name: string, key: string | null, text: string, place: string): Secret {
  if (key === null) return { value: text };
  const member = memberIn(text, key);
  if ('value' in member) return member;
  switch (member.lacks) {
    case 'object':
      return {
        missing: `secret "${name}" is no JSON object, so it has no key "${key}": store {"${key}": "…"} as ${place}, or leave "#${key}" out`,
      };
    case 'key':
      return { missing: `secret "${name}" has no key "${key}": add it to ${place}` };
    case 'text':
      return { missing: `the key "${key}" of secret "${name}" is neither a text nor a number: correct it in ${place}` };
  }
}

/** A member of a JSON object as a text; or what there is not: the object, the key in it, or a text or number there. */
export function memberIn(
  text: string,
  key: string,
): { readonly value: string } | { readonly lacks: 'object' | 'key' | 'text' } {
  const members = jsonObject(text);
  if (members === null) return { lacks: 'object' };
  const value = members.get(key);
  if (value === undefined) return { lacks: 'key' };
  return value === null || typeof value === 'object' ? { lacks: 'text' } : { value: String(value) };
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
