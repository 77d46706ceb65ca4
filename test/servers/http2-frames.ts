/** Frames of HTTP/2, for servers that break its rules. @see https://www.rfc-editor.org/rfc/rfc9113#section-6 */

const TYPES = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const;

export const END_STREAM = 1;
export const END_HEADERS = 4;

/** HPACK's `:status: 200`. */
export const STATUS_200 = Uint8Array.of(0x88);

export function http2Frame(
  type: keyof typeof TYPES | number,
  flags: number,
  stream: number,
  body: Uint8Array = new Uint8Array(),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = typeof type === 'number' ? type : TYPES[type];
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

/** What every server begins with. */
export const SETTINGS = http2Frame('settings', 0, 0);

export function settingsOf(...pairs: readonly (readonly [id: number, value: number])[]): Buffer {
  const body = Buffer.alloc(pairs.length * 6);
  for (const [index, [id, value]] of pairs.entries()) {
    body.writeUInt16BE(id, index * 6);
    body.writeUInt32BE(value, index * 6 + 2);
  }
  return http2Frame('settings', 0, 0, body);
}

/** HPACK: a header that is neither in a table nor put into one. Both at most 126 bytes. */
export function literalHeader(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
