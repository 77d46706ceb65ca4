/**
 * The text with one layer of escapes undone, whichever they are: percent (`%2f`), HTML (`&quot;`, `&#x27;`) and those of JSON
 * and JavaScript (`\/`, `\u003c`, `\x3c`). The same text where there are none.
 */
export function unescaped(text: string): string {
  return text.replaceAll(ESCAPE, (written) => {
    if (written.startsWith('%')) return Buffer.from(written.replaceAll('%', ''), 'hex').toString();
    const { name, decimal, hex, character } = PARTS.exec(written)?.groups ?? {};
    if (name !== undefined) return NAMED[name.toLowerCase()] ?? written;
    if (character !== undefined) return CHARACTERS[character] ?? character;
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    return code <= MAX_CODE_POINT ? String.fromCodePoint(code) : written;
  });
}

const ESCAPE =
  /(?:%[\da-f]{2})+|&(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[\da-f]{1,6});|\\(?:u[\da-f]{4}|x[\da-f]{2}|["'\\/bfnrt])/gi;

const PARTS = /^&(?<name>[a-z]+);$|^&#(?<decimal>\d+);$|^(?:&#x|\\u|\\x)(?<hex>[\da-f]+);?$|^\\(?<character>.)$/i;

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const CHARACTERS: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

const MAX_CODE_POINT = 0x10_ff_ff;
