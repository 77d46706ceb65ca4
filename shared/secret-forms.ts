/** What stands in the place of a secret. */
export const REDACTED = '[secret]';

/** A secret as it is, and as URLs, JSON and Base64 would carry it. Empty for an empty one. */
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
  ];
}

/** Quotes and line breaks in a secret must not end the text that it stands in. */
export function insideJsonText(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}
