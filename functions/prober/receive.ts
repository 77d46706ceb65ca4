import type { Socket } from 'node:net';
import type { Clock } from './clock.ts';
import { brokenOff, type Failure, failed } from './failure.ts';
import { shown } from './findings.ts';
import type { Trace } from './trace.ts';

/** All that came; null where the server closed without a word. */
export interface Received {
  readonly received: string | null;
}

/** Bound on what is read. What tells a service's health stands at the beginning. */
const MAX_BYTES = 64 * 1024;

/**
 * A look at all that came costs CPU, and a hostile server may send single bytes. So after the first few bytes there is
 * a look whenever a fiftieth more has come, some four hundred at most, and one when nothing came for this long.
 */
const LOOK_GROWTH = 1.02;
const QUIET_MS = 100;

/**
 * Writes `send` and reads until what came `isEnough`, or the server closes, or too much has come.
 *
 * ```
 * connected, or sent ──── first byte ──── the byte that is enough
 * └──── firstByte ───────┘└──────────── download ─────────────┘
 * ```
 */
export function receiveUntil(
  clock: Clock,
  socket: Socket,
  send: string | Uint8Array,
  isEnough: (text: string) => boolean,
  trace: Trace,
  redactUnfinished: (text: string) => string,
  textOf: (bytes: Uint8Array) => string = utf8Text,
): Promise<Received | Failure> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let newestChunkAtMs = 0;
    let nextLookBytes = 0;
    let cancelLook = () => {};
    const text = () => textOf(Buffer.concat(chunks));
    const end = (outcome: Received | Failure) => {
      cancelLook();
      socket.pause();
      resolve(outcome);
    };
    const looked = () => {
      try {
        look();
      } catch (error) {
        reject(error);
      }
    };
    const look = () => {
      cancelLook();
      nextLookBytes = bytes * LOOK_GROWTH;
      const soFar = text();
      if (!isEnough(soFar)) return;
      trace.leaveAt('download', newestChunkAtMs);
      trace.endAt(newestChunkAtMs);
      end({ received: soFar });
    };

    trace.bodyBytes = 0;
    trace.soFar = () => (bytes === 0 ? 'nothing so far' : `so far ${shown(text(), redactUnfinished)}`);
    socket.on('data', (chunk: Buffer) => {
      newestChunkAtMs = clock.monotonicMs();
      if (bytes === 0) {
        trace.leaveAt('firstByte', newestChunkAtMs);
        trace.enterAt('download', newestChunkAtMs);
      }
      bytes += chunk.length;
      trace.bodyBytes = bytes;
      if (bytes > MAX_BYTES) {
        end(failed('too-large', 'download', `more than ${MAX_BYTES} bytes came, and not what was expected`));
        return;
      }
      chunks.push(chunk);
      cancelLook();
      if (bytes >= nextLookBytes) looked();
      else cancelLook = clock.after(QUIET_MS, looked);
    });
    socket.once('end', () => end({ received: bytes === 0 ? null : text() }));
    socket.once('close', () => end({ received: bytes === 0 ? null : text() }));
    socket.once('error', (error) =>
      end(brokenOff(error, bytes === 0 ? 'firstByte' : 'download', 'while waiting for the answer')),
    );
    trace.enter('firstByte');
    if (send.length > 0) socket.write(send);
  });
}

/** Writes, where there is something to write, and waits for no answer. */
export async function sendOnly(socket: Socket, send: string | Uint8Array): Promise<Received | Failure> {
  if (send.length === 0) return { received: null };
  return new Promise((resolve) => {
    socket.once('error', (error) => resolve(brokenOff(error, 'firstByte', 'while sending')));
    socket.write(send, (error) => {
      if (error === null || error === undefined) resolve({ received: null });
    });
  });
}

const UTF8 = new TextDecoder();

function utf8Text(bytes: Uint8Array): string {
  return UTF8.decode(bytes);
}
