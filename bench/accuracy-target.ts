import { readFileSync } from 'node:fs';
import { createServer as createTableServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/**
 * The ground truth: a server in a process of its own that answers `GET /<id>/<delay in µs>` after the delay, and notes
 * for itself how long it took from having read the request to writing the first byte. It speaks just enough HTTP, so
 * that its own queue stays short; what is left of it counts against the clients. On a third port it is a table that
 * accepts every batch.
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

function serve(socket: Socket): void {
  let head = '';
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    const readAtMs = performance.now();
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
const tls = createTlsServer({ key, cert, noDelay: true, ecdhCurve: 'X25519' }, serve);
tls.on('tlsClientError', () => {});

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
  tls: await listening(tls),
  plain: await listening(createServer({ noDelay: true }, serve)),
  table: await listening(table),
};
process.send?.(ports);

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', 1_024, () => resolve((server.address() as AddressInfo).port));
  });
}
