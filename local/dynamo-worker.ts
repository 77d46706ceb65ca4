import { parentPort, workerData } from 'node:worker_threads';
import dynalite from 'dynalite';
import { systemErrorCode } from './local-error.ts';
import { isForThisMachine, LOOPBACK } from './loopback-server.ts';

/** Runs dynalite in a thread of its own, since it throws from callbacks where its store fails. Started by `dynamo.ts`. */
export interface DynamoWorkerData {
  readonly path: string;
  /** 0: a free one. */
  readonly port: number;
}

/** Answers in flight get this long at the end. */
const DRAIN_MS = 1_000;

const port = parentPort;
if (port === null) throw new Error('dynamo-worker.ts runs as a worker thread only');
const { path, port: tcpPort }: DynamoWorkerData = workerData;

// A client that dies while it sends is thrown by dynalite as an error of its own. It is not: the request is just gone.
process.on('uncaughtException', (error) => {
  if (systemErrorCode(error) === 'ECONNRESET') return;
  throw error;
});

const server = dynalite({ path, createTableMs: 0 });
server.on('error', (error) => {
  throw error;
});
// dynalite lets pages of any origin in (CORS, any signature). The data of a run is not for them.
const listeners = server.listeners('request');
server.removeAllListeners('request');
server.on('request', (request, response) => {
  if (isForThisMachine(request.headers.host) && request.headers.origin === undefined) {
    for (const listener of listeners) listener.call(server, request, response);
  } else {
    response.writeHead(403).end();
  }
});
server.listen(tcpPort, LOOPBACK, () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) port.postMessage(address.port);
});
port.once('message', () => {
  server.close(() => process.exit(0));
  setTimeout(() => server.closeAllConnections(), DRAIN_MS).unref();
});
