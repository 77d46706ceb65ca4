import type { Socket } from 'node:net';

/** 0 ≤ x < 1, seeded. */
export type Random = () => number;

/** What a hostile server does with a connection. All chance comes from `random`. */
export type Behaviour = (socket: Socket, random: Random) => void;

/** Once the client has said something: `bytes`, piece by piece, then an end or nothing more. */
export const says =
  (bytes: (random: Random, request: string) => readonly (string | Uint8Array)[], ends = true): Behaviour =>
  (socket, random) => {
    socket.once('data', (request: Buffer) => {
      for (const piece of bytes(random, request.toString('latin1'))) socket.write(piece);
      if (ends) socket.end();
    });
  };

/** `start`, and then `more` for as long as somebody reads it, up to a bound that no client should come near. */
export const floods =
  (start: string, more: string | Uint8Array): Behaviour =>
  (socket) => {
    socket.once('data', () => {
      socket.write(start);
      let left = 64 * 1024 * 1024;
      const pump = () => {
        while (left > 0 && !socket.destroyed) {
          left -= more.length;
          if (!socket.write(more)) return;
        }
        socket.end();
      };
      socket.on('drain', pump);
      pump();
    });
  };

export function bytes(random: Random, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, () => Math.floor(random() * 256)));
}

export const repeated = (part: Uint8Array, times: number) => Buffer.concat(Array.from({ length: times }, () => part));
