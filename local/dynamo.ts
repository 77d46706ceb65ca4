import { existsSync, readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ResourceNotFoundException,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import type { DataFolder } from './data-folder.ts';
import type { DynamoWorkerData } from './dynamo-worker.ts';
import { LocalError, oneLine } from './local-error.ts';

/** DynamoDB on this machine: one namespace for all regions, as if replication took no time. */
export interface LocalDynamo {
  /** `http://127.0.0.1:<port>`; stays the same over a restart of the engine. */
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Opening a store of a few hundred MB takes a second or two; what takes longer does not come. */
const START_WITHIN_MS = 15_000;
const CLOSE_WITHIN_MS = 3_000;

/**
 * Opens the folder's database and creates the table where it is missing.
 * The store's own file lock keeps a second run out; it goes with the process, however that ends.
 * Throws {@link LocalError} `database` where the folder is in use by another run or damaged.
 */
export async function startDynamo(
  folder: DataFolder,
  table: string,
  report: (line: string) => void,
): Promise<LocalDynamo> {
  let engine = startEngine(folder.dynamo, 0);
  let closing = false;
  let port: number;
  try {
    port = await within(START_WITHIN_MS, engine.listening);
    await within(START_WITHIN_MS, Promise.race([ensureTable(urlOf(port), table), engine.ended]));
  } catch (error) {
    await engine.worker.terminate();
    throw new LocalError('database', whyNotOpened(folder, error), { cause: error });
  }

  const keepRunning = (): void => {
    engine.ended.catch((error: unknown) => {
      if (closing) return;
      report(`database: stopped (${oneLine(error)}); starting it again`);
      engine = startEngine(folder.dynamo, port);
      keepRunning();
    });
  };
  keepRunning();

  return {
    endpoint: urlOf(port),
    close: async () => {
      closing = true;
      const exited = new Promise((resolve) => engine.worker.once('exit', resolve));
      engine.worker.postMessage('close');
      await within(CLOSE_WITHIN_MS, exited).catch(() => engine.worker.terminate());
    },
  };
}

interface Engine {
  readonly worker: Worker;
  /** Its port. Rejects where the engine ends before. */
  readonly listening: Promise<number>;
  /** Only ever rejects, when the thread ends by itself. */
  readonly ended: Promise<never>;
}

function startEngine(path: string, port: number): Engine {
  const workerData: DynamoWorkerData = { path, port };
  const worker = new Worker(new URL('./dynamo-worker.ts', import.meta.url), { workerData });
  const ended = new Promise<never>((_, reject) => {
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the engine's thread ended with code ${code}`)));
  });
  ended.catch(() => {}); // also read through `listening`; nobody has to look at both
  const listening = Promise.race([new Promise<number>((resolve) => worker.once('message', resolve)), ended]);
  return { worker, listening, ended };
}

/** `DescribeTable` and not `ListTables`: dynalite walks its whole store for the latter. */
async function ensureTable(endpoint: string, table: string): Promise<void> {
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  try {
    await client.send(new DescribeTableCommand({ TableName: table }));
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
    await client.send(
      new CreateTableCommand({
        TableName: table,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
      }),
    );
    await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 0.05, maxDelay: 1 }, { TableName: table });
  } finally {
    client.destroy();
  }
}

/** The store says only that it did not open. Who runs, or ran last, is in the folder's run file. */
function whyNotOpened(folder: DataFolder, error: unknown): string {
  const other = runningOn(folder);
  if (other !== null) {
    return `The data folder ${folder.path} is in use by another run (process ${other}). Stop that one, or choose another folder with --data.`;
  }
  return `The database in ${folder.dynamo} cannot be opened (${oneLine(error)}): another run may be using it, or its files are damaged. Stop the other run, choose another folder with --data, or delete ${folder.dynamo} to begin anew.`;
}

function runningOn(folder: DataFolder): number | null {
  if (!existsSync(folder.run)) return null;
  try {
    const parsed: unknown = JSON.parse(readFileSync(folder.run, 'utf8'));
    if (typeof parsed !== 'object' || parsed === null || !('pid' in parsed) || typeof parsed.pid !== 'number') {
      return null;
    }
    process.kill(parsed.pid, 0);
    return parsed.pid;
  } catch {
    return null; // no such process, not ours to ask, or not readable: the general message holds
  }
}

function urlOf(port: number): string {
  return `http://127.0.0.1:${port}`;
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
