import { Worker } from 'node:worker_threads';
import type { Fault } from './demo-faults.ts';
import type { DemoWorkerData } from './demo-worker.ts';

/** The demo API, running. Definitions reach it as `${env:demo}`. */
export interface Demo {
  readonly url: string;
  switchOn(fault: Fault): Promise<void>;
  healAll(): Promise<void>;
  close(): Promise<void>;
}

/** Always the same where it is free, so that a command in the shell's history still works. */
const DEMO_PORT = 4_681;

/** What the sample definitions' secrets are on this machine. */
export const DEMO_SECRETS: Readonly<Record<string, string>> = { 'demo-token': 'demo-session-token' };

/** On that port, or on a free one where it is taken. */
export async function startDemo(port: number = DEMO_PORT): Promise<Demo> {
  const workerData: DemoWorkerData = { port };
  const worker = new Worker(new URL('./demo-worker.ts', import.meta.url), { workerData });
  const url = await new Promise<string>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  const faults = async (method: 'POST' | 'DELETE', query: URLSearchParams): Promise<void> => {
    const response = await fetch(`${url}/_faults?${query}`, { method });
    await response.body?.cancel();
  };
  return {
    url,
    switchOn: ({ path, region, fault }) =>
      faults(
        'POST',
        new URLSearchParams({ fault, ...(path === null ? {} : { path }), ...(region === null ? {} : { region }) }),
      ),
    healAll: () => faults('DELETE', new URLSearchParams()),
    close: async () => {
      const exited = new Promise((resolve) => worker.once('exit', resolve));
      worker.postMessage('close');
      await exited;
    },
  };
}
