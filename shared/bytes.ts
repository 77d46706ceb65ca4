/** A stored encoding could not be read: written by a newer version, or damaged. */
export class CodecError extends Error {
  override readonly name = 'CodecError';
  readonly code = 'bad-encoding';
}

/**
 * Appends to a growing buffer. Integers are LEB128 varints of at most 53 bits, so that small numbers take one byte.
 * @see https://protobuf.dev/programming-guides/encoding/#varints (varints and zigzag)
 */
export class ByteWriter {
  #bytes = new Uint8Array(1_024);
  #length = 0;

  /** An integer from 0 to 2^53 − 1. */
  uvarint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`uvarint takes 0 to 2^53 - 1, got ${value}`);
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** An integer from −2^52 to 2^52 − 1. */
  svarint(value: number): void {
    this.uvarint(value < 0 ? -value * 2 - 1 : value * 2);
  }

  /** Any finite number: a multiple of 0.001 below 2^42 takes a varint, others nine bytes. */
  number(value: number): void {
    const thousandths = Math.round(value * 1_000);
    if (Math.abs(thousandths) < 2 ** 50 && thousandths / 1_000 === value && !Object.is(value, -0)) {
      this.uvarint((thousandths < 0 ? -thousandths * 2 - 1 : thousandths * 2) * 2);
      return;
    }
    this.uvarint(1);
    this.#reserve(8);
    new DataView(this.#bytes.buffer).setFloat64(this.#length, value);
    this.#length += 8;
  }

  /** UTF-8 with its byte length in front. A lone surrogate becomes U+FFFD. */
  text(value: string): void {
    const encoded = textEncoder.encode(value);
    this.uvarint(encoded.length);
    this.#reserve(encoded.length);
    this.#bytes.set(encoded, this.#length);
    this.#length += encoded.length;
  }

  append(other: ByteWriter): void {
    this.#reserve(other.#length);
    this.#bytes.set(other.#bytes.subarray(0, other.#length), this.#length);
    this.#length += other.#length;
  }

  get length(): number {
    return this.#length;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(byteCount: number): void {
    const needed = this.#length + byteCount;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** Reads what {@link ByteWriter} wrote. Throws {@link CodecError} past the end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#position >= this.#bytes.length;
  }

  uvarint(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= 0x80) {
      const byte = this.#bytes[this.#position++];
      if (byte === undefined) throw new CodecError('ends in the middle of a number');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
    }
    throw new CodecError('holds a number of over 53 bits');
  }

  svarint(): number {
    return unzigzag(this.uvarint());
  }

  number(): number {
    const tagged = this.uvarint();
    if (tagged % 2 === 0) return unzigzag(tagged / 2) / 1_000;
    const start = this.#take(8);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset).getFloat64(start);
  }

  text(): string {
    const length = this.uvarint();
    const start = this.#take(length);
    return textDecoder.decode(this.#bytes.subarray(start, start + length));
  }

  #take(byteCount: number): number {
    const start = this.#position;
    if (start + byteCount > this.#bytes.length) throw new CodecError('ends in the middle of a value');
    this.#position += byteCount;
    return start;
  }
}

const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder();

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
