import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { errorCode, type Failure, failed } from './failure.ts';

/** What we say that we can read. Brotli and gzip are what nearly every server speaks. */
export const ACCEPT_ENCODING = 'gzip, br';

/** Bound on encodings laid over one another; nobody needs two. */
const MAX_ENCODINGS = 2;

type Decoder = (encoded: Buffer, bound: { readonly maxOutputLength: number }) => Promise<Buffer>;

// Off the main thread, so that a large body does not delay the clocks of other checks.
const inflate: Decoder = promisify(zlib.inflate);
const inflateRaw: Decoder = promisify(zlib.inflateRaw);
const gunzip: Decoder = promisify(zlib.gunzip);

const DECODERS: Readonly<Record<string, Decoder>> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  br: promisify(zlib.brotliDecompress),
  zstd: promisify(zlib.zstdDecompress),
  // RFC 9110 means zlib's format; some servers have always sent the bare one.
  deflate: (encoded, bound) =>
    inflate(encoded, bound).catch((error) =>
      errorCode(error) === 'Z_DATA_ERROR' ? inflateRaw(encoded, bound) : Promise.reject(error),
    ),
};

/** Undoes `content-encoding`. Memory is bounded by the given size, whatever a hostile body would unfold to. */
export async function decodeBody(
  wire: Buffer,
  contentEncoding: string | undefined,
  maxBodyBytes: number,
): Promise<Buffer | Failure> {
  const encodings = (contentEncoding ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');
  if (wire.length === 0) return wire;
  if (encodings.length > MAX_ENCODINGS)
    return failed('protocol', 'download', `the body is encoded ${encodings.length} times`);

  let body = wire;
  for (const name of encodings.reverse()) {
    const decode = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
    if (decode === undefined) {
      return failed('protocol', 'download', `the body has content-encoding "${name}", which was not asked for`);
    }
    try {
      body = await decode(body, { maxOutputLength: maxBodyBytes });
    } catch (error) {
      return errorCode(error) === 'ERR_BUFFER_TOO_LARGE'
        ? tooLarge(maxBodyBytes, ' once decoded')
        : failed('protocol', 'download', `the body says content-encoding "${name}" and cannot be decoded as that`);
    }
  }
  return body;
}

export function tooLarge(maxBodyBytes: number, when: string): Failure {
  return failed('too-large', 'download', `the body is larger than ${maxBodyBytes} bytes${when}`);
}

/** By the charset that the answer names; UTF-8 where it names none, or one that nobody knows. */
export function bodyText(body: Buffer, contentType: string | undefined): string {
  const charset = /;\s*charset="?([^";\s]+)/i.exec(contentType ?? '')?.[1];
  if (charset === undefined || /^utf-?8$/i.test(charset)) return UTF8.decode(body);
  try {
    return new TextDecoder(charset).decode(body);
  } catch {
    return UTF8.decode(body);
  }
}

const UTF8 = new TextDecoder();
