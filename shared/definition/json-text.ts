import type { Json } from '../monitor.ts';
import type { JsonPath, Position } from './diagnostics.ts';

/** A definition is small; beyond this a file is a mistake. Characters. */
const MAX_TEXT_CHARS = 5_000_000;
/** Bounds the recursion of everything that walks a definition. */
export const MAX_DEPTH = 64;

export type ParsedJson =
  | {
      readonly ok: true;
      readonly value: Json;
      /** Keys written twice in one object: JSON.parse would silently keep the last. */
      readonly repeatedKeys: readonly JsonPath[];
      /** Of the key, or of the array's element; of the nearest existing ancestor where the path does not exist. */
      readonly positionOf: (path: JsonPath) => Position;
    }
  | { readonly ok: false; readonly message: string; readonly remedy: string; readonly position: Position };

/**
 * JSON (RFC 8259) that remembers where things stand and says what is wrong where. Accepts exactly what JSON.parse
 * accepts, but for a leading byte order mark (accepted), numbers beyond a double (rejected), and the two bounds.
 */
export function parseJsonText(text: string): ParsedJson {
  const reader = new Reader(text);
  try {
    if (text.length > MAX_TEXT_CHARS) {
      reader.fail(0, `The file is larger than ${MAX_TEXT_CHARS} characters.`, 'Split the monitors over several files.');
    }
    const root = reader.document();
    let positions: ((offset: number) => Position) | null = null;
    return {
      ok: true,
      value: root.value,
      repeatedKeys: reader.repeatedKeys,
      positionOf: (path) => {
        positions ??= positionsIn(text);
        return positions(find(root, path));
      },
    };
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    return { ok: false, message: error.message, remedy: error.remedy, position: positionAt(text, error.offset) };
  }
}

/** A value and where it starts; for members of an object, where its key starts. */
interface Node {
  readonly value: Json;
  readonly offset: number;
  readonly children: ReadonlyMap<string | number, Node> | null;
}

class SyntaxFault extends Error {
  readonly code = 'json-syntax';
  readonly offset: number;
  readonly remedy: string;
  constructor(offset: number, message: string, remedy: string) {
    super(message);
    this.offset = offset;
    this.remedy = remedy;
  }
}

class Reader {
  readonly repeatedKeys: JsonPath[] = [];
  readonly #text: string;
  #at = 0;
  readonly #path: (string | number)[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  fail(offset: number, message: string, remedy: string): never {
    throw new SyntaxFault(offset, message, remedy);
  }

  document(): Node {
    if (this.#text.startsWith('\uFEFF')) this.#at = 1;
    this.#space();
    if (this.#at >= this.#text.length) this.fail(0, 'The file is empty.', 'Write a JSON object.');
    const root = this.#value();
    this.#space();
    if (this.#at < this.#text.length) {
      this.fail(
        this.#at,
        `After the end of the JSON value stands ${this.#shown()}.`,
        this.#text[this.#at] === ':'
          ? 'Write { before it all, and } after it.'
          : 'Remove it, or the bracket too many before it.',
      );
    }
    return root;
  }

  #value(): Node {
    if (this.#path.length > MAX_DEPTH) {
      this.fail(this.#at, `The JSON is nested more than ${MAX_DEPTH} deep.`, 'No definition needs this; flatten it.');
    }
    const offset = this.#at;
    const char = this.#text[offset];
    if (char === '{') return this.#object();
    if (char === '[') return this.#array();
    if (char === '"') return { value: this.#string(), offset, children: null };
    for (const [word, value] of WORDS) {
      if (this.#text.startsWith(word, offset)) {
        this.#at += word.length;
        return { value, offset, children: null };
      }
    }
    return { value: this.#number(), offset, children: null };
  }

  #object(): Node {
    const offset = this.#at;
    const entries: [string, Json][] = [];
    const children = new Map<string, Node>();
    this.#at += 1;
    this.#space();
    while (this.#text[this.#at] !== '}') {
      if (children.size > 0) this.#comma(offset, '}');
      const keyOffset = this.#at;
      if (this.#text[keyOffset] !== '"') this.#expected('a key in double quotes', offset);
      const key = this.#string();
      this.#space();
      if (this.#text[this.#at] !== ':') this.#expected(`a colon after the key ${JSON.stringify(key)}`, offset);
      this.#at += 1;
      this.#space();
      this.#path.push(key);
      if (children.has(key)) this.repeatedKeys.push([...this.#path]);
      const child = this.#value();
      this.#path.pop();
      entries.push([key, child.value]);
      children.set(key, { ...child, offset: keyOffset });
      this.#space();
    }
    this.#at += 1;
    // fromEntries defines own properties, `__proto__` among them; assignment would not.
    return { value: Object.fromEntries(entries), offset, children };
  }

  #array(): Node {
    const offset = this.#at;
    const values: Json[] = [];
    const children = new Map<number, Node>();
    this.#at += 1;
    this.#space();
    while (this.#text[this.#at] !== ']') {
      if (values.length > 0) this.#comma(offset, ']');
      this.#path.push(values.length);
      const child = this.#value();
      this.#path.pop();
      children.set(values.length, child);
      values.push(child.value);
      this.#space();
    }
    this.#at += 1;
    return { value: values, offset, children };
  }

  #comma(opened: number, closing: '}' | ']'): void {
    const offset = this.#at;
    if (this.#text[offset] !== ',') this.#expected(`a comma or ${closing}`, opened);
    this.#at += 1;
    this.#space();
    if (this.#text[this.#at] === closing) {
      this.fail(
        offset,
        `A comma stands before the closing ${closing}.`,
        'Remove this comma: JSON has no trailing ones.',
      );
    }
  }

  #string(): string {
    const start = this.#at;
    let at = start + 1;
    for (; at < this.#text.length; at += 1) {
      const char = this.#text.charCodeAt(at);
      if (char === QUOTE) break;
      if (char === BACKSLASH) at += 1;
      else if (char < 0x20) {
        this.fail(
          at,
          'A line break or control character stands inside a string.',
          'Close the string, or write the character as \\n, \\t or \\u00XX.',
        );
      }
    }
    if (at >= this.#text.length) this.fail(start, 'This string is never closed.', 'Add the closing double quote.');
    this.#at = at + 1;
    try {
      const value: unknown = JSON.parse(this.#text.slice(start, this.#at));
      if (typeof value === 'string') return value;
    } catch {
      // Falls to the failure below: the delimiters are right, so an escape is wrong.
    }
    return this.fail(
      start,
      'This string has an escape that JSON does not know.',
      'Write a backslash as \\\\; known are \\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX.',
    );
  }

  #number(): number {
    const start = this.#at;
    NUMBER.lastIndex = start;
    const token = NUMBER.exec(this.#text)?.[0];
    if (token === undefined) return this.#expected('a value', null);
    this.#at += token.length;
    const value = Number(token);
    if (!Number.isFinite(value))
      this.fail(start, 'This number is too large for a double.', 'Write a number below 1.8e308.');
    return value;
  }

  #expected(what: string, opened: number | null): never {
    const offset = this.#at;
    const next = this.#text[offset];
    if (next === undefined) {
      const since = opened === null ? '' : ` inside what began on line ${positionAt(this.#text, opened).line}`;
      return this.fail(
        offset,
        `The file ends${since}, where ${what} should follow.`,
        'Complete it, or close the open brackets.',
      );
    }
    let remedy = `Write ${what} here.`;
    if (next === '/' || next === '#') remedy = 'JSON has no comments: remove it.';
    else if (next === "'") remedy = 'Use double quotes.';
    return this.fail(offset, `Here stands ${this.#shown()}, where ${what} should.`, remedy);
  }

  /** Only one character: what stands here may be a piece of a secret. */
  #shown(): string {
    return JSON.stringify(String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0x20));
  }

  #space(): void {
    for (;;) {
      const char = this.#text.charCodeAt(this.#at);
      if (char !== 0x20 && char !== 0x0a && char !== 0x0d && char !== 0x09) return;
      this.#at += 1;
    }
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const WORDS: readonly (readonly [string, boolean | null])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

function find(root: Node, path: JsonPath): number {
  let node = root;
  for (const step of path) {
    const child = node.children?.get(step);
    if (child === undefined) break;
    node = child;
  }
  return node.offset;
}

/** Of one place in a text; for many, {@link positionsIn} is made for it. */
function positionAt(text: string, offset: number): Position {
  return positionsIn(text)(offset);
}

/** Finds lines by bisection: a file with a problem in each of its lines must not cost their product. */
function positionsIn(text: string): (offset: number) => Position {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}
