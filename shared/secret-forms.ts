/** What stands in the place of a secret. */
export const REDACTED = '[secret]';

/**
 * A secret as it is, and as URLs, JSON, Base64 and hex would carry it; empty for an empty one. Other spellings, of escapes and
 * in upper and lower case, are `hide-secrets.ts`'s.
 */
export function secretForms(value: string): readonly string[] {
  if (value === '') return [];
  const bytes = Buffer.from(value);
  return [
    value,
    encodeURIComponent(value.toWellFormed()),
    encodeURI(value.toWellFormed()),
    new URLSearchParams([['', value]]).toString().slice(1),
    insideJsonText(value),
    bytes.toString('base64'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    ...insideBase64(bytes),
    ...(bytes.length < MIN_HEX_BYTES ? [] : [bytes.toString('hex')]),
  ];
}

/** Quotes and line breaks in a secret must not end the text that it stands in. */
export function insideJsonText(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

/** The hex of fewer is found in all kinds of numbers. */
const MIN_HEX_BYTES = 4;

/** Fewer of these characters are found in all kinds of words. */
const MIN_INSIDE_CHARS = 6;

/**
 * What Base64 makes of a longer text has these characters where the secret stands in it: three bytes are four characters, so
 * it may begin at three places, and the characters at its ends hold bits of its neighbours.
 *
 * ```
 * bytes       ·        ·        S        S        S        ·
 * characters  ·     ·     ·     s     s     s     s     ·
 * ```
 */
function insideBase64(bytes: Buffer): readonly string[] {
  const inner = [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]);
    const begin = Math.ceil((before * 8) / 6);
    const end = Math.floor((encoded.length * 8) / 6);
    return (encoding: 'base64' | 'base64url') => encoded.toString(encoding).slice(begin, end);
  });
  return inner
    .flatMap((written) => [written('base64'), written('base64url')])
    .filter((written) => written.length >= MIN_INSIDE_CHARS);
}
