import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { ipv6Bytes, question } from './name-server.ts';

/** What is answered to one question: records' data, an error code of RFC 1035, other bytes altogether, or nothing. */
export type ZoneAnswer = readonly Buffer[] | { readonly code: number } | { readonly raw: Buffer } | 'silent';

const TYPES: Readonly<Record<string, number>> = { A: 1, NS: 2, CNAME: 5, MX: 15, TXT: 16, AAAA: 28, SRV: 33, CAA: 257 };
const NXDOMAIN = 3;

/** A name server on UDP for any kind of record, by `MX acme.test`. What is not listed does not exist. Answers its port. */
export async function serveZone(
  t: TestContext,
  zone: Readonly<Record<string, ZoneAnswer>>,
  onQuestion: () => void = () => {},
): Promise<number> {
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const { name, type, end } = question(query);
    const record = Object.keys(TYPES).find((key) => TYPES[key] === type);
    const answer = zone[`${record} ${name}`] ?? { code: NXDOMAIN };
    if (answer !== 'silent') socket.send(reply(query.subarray(0, end), type, answer), from.port, from.address);
    onQuestion();
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  return socket.address().port;
}

/** Data of records, as on the wire. */
export const data = {
  address: (ip: string): Buffer => (ip.includes(':') ? ipv6Bytes(ip) : Buffer.from(ip.split('.').map(Number))),
  name: nameBytes,
  mx: (priority: number, exchange: string): Buffer => Buffer.concat([numbers(priority), nameBytes(exchange)]),
  srv: (priority: number, weight: number, port: number, target: string): Buffer =>
    Buffer.concat([numbers(priority, weight, port), nameBytes(target)]),
  txt: (...parts: readonly string[]): Buffer => Buffer.concat(parts.map(counted)),
  caa: (flags: number, tag: string, value: string): Buffer =>
    Buffer.concat([Buffer.from([flags]), counted(tag), Buffer.from(value)]),
};

function reply(asked: Buffer, type: number, answer: Exclude<ZoneAnswer, 'silent'>): Buffer {
  if ('raw' in answer) return Buffer.concat([asked.subarray(0, 2), answer.raw]);
  const records = 'code' in answer ? [] : answer;
  const header = Buffer.from(asked);
  header.writeUInt16BE(0x8180 | ('code' in answer ? answer.code : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  header.writeUInt32BE(0, 8);
  const name = 0xc000 | 12; // it stands in the question
  return Buffer.concat([
    header,
    ...records.flatMap((record) => [numbers(name, type, 1), Buffer.from([0, 0, 0, 1]), numbers(record.length), record]),
  ]);
}

function nameBytes(name: string): Buffer {
  return Buffer.concat([...name.split('.').map(counted), Buffer.from([0])]);
}

function counted(text: string): Buffer {
  return Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]);
}

function numbers(...values: readonly number[]): Buffer {
  return Buffer.from(values.flatMap((value) => [value >> 8, value & 0xff]));
}
