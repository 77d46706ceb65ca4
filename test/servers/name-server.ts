import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIP } from 'node:net';
import type { TestContext } from 'node:test';

/** What a name server answers to one name: addresses, an error, or nothing at all. */
export type NameAnswer = readonly string[] | 'NXDOMAIN' | 'SERVFAIL' | 'silent';

export interface NameServer {
  /** `127.0.0.1:port`, as a resolver takes it. */
  readonly address: string;
  /** `A name` or `AAAA name`, in the order of arrival. */
  readonly questions: readonly string[];
  /** Resolves when the first question has arrived. */
  readonly asked: Promise<void>;
}

/** A name server on UDP, for tests. Names that are not listed do not exist. */
export async function serveNames(t: TestContext, names: Readonly<Record<string, NameAnswer>>): Promise<NameServer> {
  const socket = createSocket('udp4');
  const questions: string[] = [];
  const arrived = Promise.withResolvers<void>();
  socket.on('message', (query, from) => {
    const { name, type, end } = question(query);
    questions.push(`${type === AAAA ? 'AAAA' : 'A'} ${name}`);
    arrived.resolve();
    const answer = names[name] ?? 'NXDOMAIN';
    if (answer !== 'silent') socket.send(reply(query.subarray(0, end), type, answer), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  return { address: `127.0.0.1:${socket.address().port}`, questions, asked: arrived.promise };
}

const A = 1;
const AAAA = 28;
const HEADER_BYTES = 12;

/** The one question of a query, and where it ends. */
export function question(query: Buffer): { readonly name: string; readonly type: number; readonly end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

/** RFC 1035: header and question repeated, then one record per address of the type that was asked for. */
function reply(asked: Buffer, type: number, answer: Exclude<NameAnswer, 'silent'>): Buffer {
  const addresses =
    typeof answer === 'string' ? [] : answer.filter((ip) => (type === A ? isIP(ip) === 4 : isIP(ip) === 6));
  const header = Buffer.from(asked);
  const code = answer === 'NXDOMAIN' ? 3 : answer === 'SERVFAIL' ? 2 : 0;
  header.writeUInt16BE(0x8180 | code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(addresses.length, 6);
  header.writeUInt32BE(0, 8);
  const records = addresses.map((ip) => {
    const data = ip.includes(':') ? ipv6Bytes(ip) : Buffer.from(ip.split('.').map(Number));
    const record = Buffer.alloc(12);
    record.writeUInt16BE(0xc000 | HEADER_BYTES, 0); // the name stands in the question
    record.writeUInt16BE(type, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt32BE(1, 6);
    record.writeUInt16BE(data.length, 10);
    return Buffer.concat([record, data]);
  });
  return Buffer.concat([header, ...records]);
}

export function ipv6Bytes(ip: string): Buffer {
  const [head = '', tail = ''] = ip.split('::');
  const before = head.split(':').filter((group) => group !== '');
  const after = tail.split(':').filter((group) => group !== '');
  const groups = [...before, ...new Array<string>(8 - before.length - after.length).fill('0'), ...after];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}
