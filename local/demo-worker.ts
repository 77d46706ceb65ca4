import { parentPort, workerData } from 'node:worker_threads';
import { createDemoApi } from './demo-api.ts';
import { LocalError } from './local-error.ts';
import { closeServer, listenOnLoopback } from './loopback-server.ts';

/** Runs the demo API in a thread of its own, so that its work does not show in what the probers measure. Started by `demo.ts`. */
export interface DemoWorkerData {
  readonly port: number;
}

const port = parentPort;
if (port === null) throw new Error('demo-worker.ts runs as a worker thread only');
const { port: preferred }: DemoWorkerData = workerData;

const server = createDemoApi(Math.random);
port.once('message', () => {
  void closeServer(server, 0).then(() => process.exit(0));
});
port.postMessage(await listenOnLoopback(server, preferred, '').catch(takeAnother));

function takeAnother(error: unknown): Promise<string> {
  if (!(error instanceof LocalError)) throw error;
  return listenOnLoopback(server, 0, '');
}
