/** Bytes as people write them: two hex digits each, with or without spaces between. Null where it is nothing of the kind. */
export function hexBytes(written: string): Uint8Array | null {
  const digits = written.replaceAll(/\s+/g, '');
  return /^(?:[0-9a-f]{2})+$/i.test(digits) ? Uint8Array.from(Buffer.from(digits, 'hex')) : null;
}

/** `00 ff 1a`: with a space between two bytes, so that no text stands across half of one. */
export function hexText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
