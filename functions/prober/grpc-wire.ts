import { GRPC_HEALTH, GRPC_STATUSES } from '../../shared/monitor.ts';

/** What an answer's bytes are not. Its message stands in a sentence about the answer. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly code = 'malformed-message';
}

/** A flag for compression, and the message's length. @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
export const PREFIX_BYTES = 5;

export function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** The one message of a unary answer. @throws WireError */
export function unframed(body: Buffer): Buffer {
  if (body.length < PREFIX_BYTES) throw new WireError('the answer has no message');
  if (body.readUInt8(0) !== 0) throw new WireError('the message is compressed, which was not asked for');
  const message = body.subarray(PREFIX_BYTES);
  if (body.readUInt32BE(1) !== message.length) {
    throw new WireError(`the message says ${body.readUInt32BE(1)} bytes, and ${message.length} came`);
  }
  return message;
}

/** `HealthCheckRequest`: `string service = 1`, left out where it is empty. */
export function healthRequest(service: string): Buffer {
  if (service === '') return Buffer.alloc(0);
  const name = Buffer.from(service);
  return Buffer.concat([Buffer.from([(1 << 3) | LENGTH_DELIMITED]), varint(name.length), name]);
}

/** `HealthCheckResponse`: `ServingStatus status = 1`, by name. Other fields are passed over. @throws WireError */
export function healthOf(message: Buffer): string {
  let health = 0;
  let at = 0;
  const number = (): number => {
    let value = 0;
    for (let byte = 0, scale = 1; byte < MAX_VARINT_BYTES; byte += 1, scale *= 0x80) {
      const next = message[at];
      if (next === undefined) break;
      at += 1;
      value += (next & 0x7f) * scale;
      if (next < 0x80) return value;
    }
    throw new WireError('the health is not a HealthCheckResponse: a number has no end');
  };
  while (at < message.length) {
    const tag = number();
    const isHealth = tag >>> 3 === 1;
    switch (tag & 7) {
      case VARINT: {
        const value = number();
        if (isHealth) health = value;
        continue;
      }
      case FIXED_64:
        at += 8;
        break;
      case LENGTH_DELIMITED:
        at += number();
        break;
      case FIXED_32:
        at += 4;
        break;
      default:
        throw new WireError(`the health is not a HealthCheckResponse: wire type ${tag & 7}`);
    }
    if (at > message.length) throw new WireError('the health is not a HealthCheckResponse: it ends inside of a field');
  }
  return GRPC_HEALTH[health] ?? String(health);
}

/** A status by name; the number of one without. Null where it is none. */
export function statusName(written: string): string | null {
  if (!/^\d{1,9}$/.test(written)) return null;
  return GRPC_STATUSES[Number(written)] ?? String(Number(written));
}

/** `grpc-message` is percent-encoded; what is not is left as it is. */
export function statusMessage(written: string): string {
  try {
    return decodeURIComponent(written);
  } catch {
    return written;
  }
}

/** Protobuf's wire types. @see https://protobuf.dev/programming-guides/encoding/#structure */
const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;
const MAX_VARINT_BYTES = 10;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left & 0x7f) | 0x80);
  return Buffer.from([...bytes, left]);
}
