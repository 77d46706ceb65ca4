/**
 * The frames of RFC 6455, as a client without extensions sends and reads them.
 *
 * ```
 *  FIN RSV  opcode │ MASK length │ length continued │ masking key │ payload
 *   1   3     4    │  1     7    │     0, 16, 64    │   0 or 32   │
 * ```
 * @see https://www.rfc-editor.org/rfc/rfc6455#section-5.2
 */
export interface Frame {
  readonly opcode: Opcode;
  /** The last of its message. */
  readonly isFinal: boolean;
  readonly payload: Buffer;
}

export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
export type Opcode = (typeof OPCODES)[keyof typeof OPCODES];

const FIN = 0x80;
const RESERVED = 0x70;
const OPCODE = 0x0f;
const MASK = 0x80;
const LENGTH = 0x7f;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MAX_CONTROL_BYTES = 125;

/** What a server sent is no frame, or a larger one than is read. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  readonly code: 'malformed' | 'too-large';

  constructor(code: 'malformed' | 'too-large', message: string) {
    super(message);
    this.code = code;
  }
}

/** A whole message or control frame of a client. `maskingKey`: 4 bytes, at random each time. */
export function clientFrame(opcode: Opcode, payload: Buffer, maskingKey: Buffer): Buffer {
  const { length } = payload;
  const head =
    length < LENGTH_16
      ? Buffer.from([FIN | opcode, MASK | length])
      : length < 2 ** 16
        ? Buffer.from([FIN | opcode, MASK | LENGTH_16, length >> 8, length & 0xff])
        : Buffer.from([FIN | opcode, MASK | LENGTH_64, 0, 0, 0, 0, 0, 0, 0, 0]);
  if (length >= 2 ** 16) head.writeBigUInt64BE(BigInt(length), 2);
  const masked = payload.map((byte, index) => byte ^ (maskingKey[index % 4] ?? 0));
  return Buffer.concat([head, maskingKey, masked]);
}

/** Takes a server's bytes as they come, and gives whole frames. */
export class FrameReader {
  readonly #maxPayloadBytes: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** With fewer, there is no use in looking: putting chunks together costs time. */
  #neededBytes = 2;

  /** `maxPayloadBytes`: a frame that announces more is refused before it is read. */
  constructor(maxPayloadBytes: number) {
    this.#maxPayloadBytes = Math.max(maxPayloadBytes, MAX_CONTROL_BYTES);
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** Null until a whole one is there. @throws FrameError */
  next(): Frame | null {
    if (this.#bytes < this.#neededBytes) return null;
    const bytes = Buffer.concat(this.#chunks);
    const head = this.#head(bytes);
    const end = head === null ? bytes.length + 1 : head.payloadAt + head.payloadBytes;
    this.#neededBytes = end > bytes.length ? end : 2;
    const taken = head !== null && end <= bytes.length ? end : 0;
    this.#chunks = [bytes.subarray(taken)];
    this.#bytes = bytes.length - taken;
    if (head === null || taken === 0) return null;
    return { opcode: head.opcode, isFinal: head.isFinal, payload: bytes.subarray(head.payloadAt, end) };
  }

  #head(bytes: Buffer) {
    const [first = 0, second = 0] = bytes;
    const opcode = Object.values(OPCODES).find((known) => known === (first & OPCODE));
    if (opcode === undefined) throw new FrameError('malformed', `a frame has the unknown opcode ${first & OPCODE}`);
    if ((first & RESERVED) !== 0) throw new FrameError('malformed', 'a frame has reserved bits set');
    if ((second & MASK) !== 0) throw new FrameError('malformed', 'a frame of the server is masked');
    const isFinal = (first & FIN) !== 0;
    const short = second & LENGTH;
    if (opcode >= OPCODES.close && (!isFinal || short > MAX_CONTROL_BYTES)) {
      throw new FrameError('malformed', 'a control frame is in parts, or too long');
    }
    const payloadAt = short === LENGTH_64 ? 10 : short === LENGTH_16 ? 4 : 2;
    if (bytes.length < payloadAt) return null;
    const payloadBytes =
      short === LENGTH_64 ? Number(bytes.readBigUInt64BE(2)) : short === LENGTH_16 ? bytes.readUInt16BE(2) : short;
    if (payloadBytes > this.#maxPayloadBytes) {
      throw new FrameError('too-large', `the message is larger than ${this.#maxPayloadBytes} bytes`);
    }
    return { opcode, isFinal, payloadAt, payloadBytes };
  }
}
