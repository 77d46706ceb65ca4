import type { Socket } from 'node:net';
import type { Clock } from './clock.ts';
import { brokenOff, type Failure, failed } from './failure.ts';
import type { Trace } from './trace.ts';
import { clientFrame, type Frame, FrameError, FrameReader, OPCODES } from './websocket-frames.ts';

/** The first message; or how the server said goodbye before one. */
export type FirstMessage = { readonly text: string } | { readonly goodbye: string };

/** Bound on what comes before a message is whole: pings, and its own parts. */
const MAX_FRAMES = 1_000;

/** Random bytes: 4, for each frame. */
export type MaskingKey = () => Buffer;

/**
 * Reads the first message of an open connection, of text or not. Pings before it are answered.
 * `head`: what came along with the upgrade.
 */
export function firstMessage(
  clock: Clock,
  socket: Socket,
  head: Buffer,
  maxMessageBytes: number,
  maskingKey: MaskingKey,
  trace: Trace,
): Promise<FirstMessage | Failure> {
  return new Promise((resolve, reject) => {
    const reader = new FrameReader(maxMessageBytes);
    const parts: Buffer[] = [];
    let isText = false;
    let bytes = 0;
    let frames = 0;
    const end = (outcome: FirstMessage | Failure) => {
      socket.pause();
      resolve(outcome);
    };

    const take = (frame: Frame): FirstMessage | null => {
      frames += 1;
      if (frames > MAX_FRAMES) throw new FrameError('malformed', `no message within ${MAX_FRAMES} frames`);
      switch (frame.opcode) {
        case OPCODES.ping:
          socket.write(clientFrame(OPCODES.pong, frame.payload, maskingKey()));
          return null;
        case OPCODES.pong:
          return null;
        case OPCODES.close:
          return { goodbye: goodbye(frame.payload) };
        case OPCODES.continuation:
          if (parts.length === 0) throw new FrameError('malformed', 'a message begins with a continuation');
          break;
        default:
          if (parts.length > 0) throw new FrameError('malformed', 'a message begins inside of another');
          isText = frame.opcode === OPCODES.text;
      }
      parts.push(frame.payload);
      bytes += frame.payload.length;
      trace.bodyBytes = bytes;
      if (bytes > maxMessageBytes) {
        throw new FrameError('too-large', `the message is larger than ${maxMessageBytes} bytes`);
      }
      return frame.isFinal ? { text: messageText(Buffer.concat(parts), isText) } : null;
    };

    const onData = (chunk: Buffer) => {
      const atMs = clock.monotonicMs();
      try {
        reader.push(chunk);
        for (let frame = reader.next(); frame !== null; frame = reader.next()) {
          const outcome = take(frame);
          if (outcome === null) continue;
          trace.leaveAt('download', atMs);
          trace.endAt(atMs);
          return end(outcome);
        }
      } catch (error) {
        if (!(error instanceof FrameError)) return reject(error);
        end(failed(error.code === 'too-large' ? 'too-large' : 'protocol', 'download', error.message));
      }
    };

    socket.on('data', onData);
    const ended = () => end(failed('protocol', 'download', 'the connection ended without a close frame'));
    socket.once('end', ended);
    socket.once('close', ended);
    socket.once('error', (error) => end(brokenOff(error, 'download', 'while waiting for a message')));
    // Paused since the upgrade, so that nothing was lost in between.
    socket.resume();
    if (head.length > 0) onData(head);
  });
}

/** RFC 6455 section 5.5.1: a code of two bytes, then a reason. */
function goodbye(payload: Buffer): string {
  if (payload.length < 2) return 'the server closed without a message';
  const reason = UTF8.decode(payload.subarray(2));
  return `the server closed with code ${payload.readUInt16BE(0)}${reason === '' ? '' : ` ${JSON.stringify(reason)}`}`;
}

function messageText(payload: Buffer, isText: boolean): string {
  if (!isText) return UTF8.decode(payload);
  try {
    return STRICT_UTF8.decode(payload);
  } catch {
    throw new FrameError('malformed', 'a text message is not UTF-8');
  }
}

const UTF8 = new TextDecoder();
const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true });
