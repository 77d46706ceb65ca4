import { readFileSync } from 'node:fs';
import { createServer as createTableServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';

/**
 * The ground truth: a server in a process of its own that answers `GET /<id>/<delay in µs>` after the delay, and notes
 * for itself how long it took from having the request's last bytes in its hands, still encrypted, to handing over the
 * first byte. It speaks just enough HTTP, so that its own queue stays short; what is left of it counts against the
 * clients. On a third port it is a table that accepts every batch.
 */
export interface TargetPorts {
  readonly tls: number;
  readonly plain: number;
  readonly table: number;
}

/** What it has noted since it was last asked. */
export interface TargetNotes {
  /** In the order of answering. A request that was sent twice is there twice. */
  readonly answered: readonly (readonly [id: string, delayMs: number])[];
  /** Batches as they were stored, in Base64. */
  readonly batches: readonly string[];
}

const BODY = JSON.stringify({ status: 'ok', note: 'x'.repeat(1_500) });
const ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\nconnection: close\r\n\r\n${BODY}`,
);

let answered: [string, number][] = [];
let batches: string[] = [];

function serve(socket: Duplex, arrivedAtMs: () => number): void {
  let head = '';
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    const readAtMs = arrivedAtMs();
    head += chunk.toString('latin1');
    if (!head.includes('\r\n\r\n')) return;
    const [, id = '', delayUs = '0'] = /^GET \/([\w-]+)\/(\d+) /.exec(head) ?? [];
    head = '';
    setTimeout(() => {
      // Encrypted and handed to the kernel when this returns: no byte was on its way before.
      socket.end(ANSWER);
      answered.push([id, performance.now() - readAtMs]);
    }, Number(delayUs) / 1_000);
  });
}

const certificates = new URL('../test/servers/certificates/', import.meta.url);
const key = readFileSync(new URL('good.key.pem', certificates), 'utf8');
const cert = readFileSync(new URL('good.pem', certificates), 'utf8');
const secureContext = createSecureContext({ key, cert, ecdhCurve: 'X25519' });

/**
 * With TLS over it by hand, to see the request arrive. A TLS server's own socket only says when it has decrypted it, 0.2 ms
 * later where it is still at its side of the handshake: time that it takes to answer, and that would be missing in the truth.
 */
function serveTls(raw: Socket): void {
  let arrivedAtMs = 0;
  const under = new Duplex({
    read() {},
    write: (chunk: Buffer, _, done) => raw.write(chunk, done),
    final: (done) => raw.end(done),
  });
  raw.on('data', (chunk) => {
    arrivedAtMs = performance.now();
    under.push(chunk);
  });
  raw.once('end', () => under.push(null));
  raw.on('error', () => {});
  raw.once('close', () => under.destroy());
  under.on('error', () => {});
  serve(new TLSSocket(under, { isServer: true, secureContext }), () => arrivedAtMs);
}

const table = createTableServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => {
    const { Item } = JSON.parse(body) as { Item?: { data?: { B?: string } } };
    if (Item?.data?.B !== undefined) batches.push(Item.data.B);
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(request.headers['x-amz-target']?.toString().endsWith('.Query') ? '{"Items":[],"Count":0}' : '{}');
  });
});

process.on('message', () => {
  const notes: TargetNotes = { answered, batches };
  answered = [];
  batches = [];
  process.send?.(notes);
});

const ports: TargetPorts = {
  tls: await listening(createServer({ noDelay: true }, serveTls)),
  plain: await listening(createServer({ noDelay: true }, (socket) => serve(socket, () => performance.now()))),
  table: await listening(table),
};
process.send?.(ports);

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', 1_024, () => resolve((server.address() as AddressInfo).port));
  });
}
