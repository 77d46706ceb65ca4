import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { seededRandom } from '../../bench/random.ts';
import { BEHAVIOURS, nameAnswer } from './hostile-behaviours.ts';

/** Where the process listens: TCP ports by behaviour, and a name server's UDP port, all on 127.0.0.1. */
export interface HostilePorts {
  readonly tcp: Readonly<Record<string, number>>;
  readonly udp: number;
}

/**
 * A process of hostile servers, one a behaviour. Its argument is the seed: the n-th connection of a behaviour does the
 * same whenever the seed is the same. It tells its parent the ports, and ends with it.
 */
const seed = Number(process.argv[2]);
const tcp: Record<string, number> = {};
for (const [index, [name, behave]] of Object.entries(BEHAVIOURS).entries()) {
  let nth = 0;
  // Half-open, so that the server's own end of it is under its control.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => {}); // clients break off: that is the point
    socket.once('end', () => setTimeout(() => socket.destroy(), 200));
    nth += 1;
    behave(socket, seededRandom(seed + index * 1_000_003 + nth));
  });
  server.listen(0, '127.0.0.1', 1_024);
  await once(server, 'listening');
  const address = server.address();
  if (address !== null && typeof address !== 'string') tcp[name] = address.port;
}

const random = seededRandom(seed);
// Where an answer that was cut off is asked for again. First, since a TCP port that is free is hardly ever taken in UDP.
const namesByTcp = createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', () => socket.end(Uint8Array.from({ length: 200 }, () => Math.floor(random() * 256))));
});
namesByTcp.listen(0, '127.0.0.1');
await once(namesByTcp, 'listening');
const address = namesByTcp.address();
if (address === null || typeof address === 'string') throw new Error('a TCP server has an address and a port');
const names = createSocket('udp4');
names.on('message', (query, from) => {
  const answer = nameAnswer(query, random);
  if (answer !== null) names.send(answer, from.port, from.address);
});
names.bind(address.port, '127.0.0.1');
await once(names, 'listening');

const ports: HostilePorts = { tcp, udp: address.port };
process.once('disconnect', () => process.exit());
process.send?.(ports);
