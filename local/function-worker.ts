import { parentPort, workerData } from 'node:worker_threads';

/** Runs one Lambda's handler as it is, in a thread whose environment is that function's. Started by `function-host.ts`. */
export interface FunctionWorkerData {
  readonly functionName: string;
  /** URL of the module that exports `handler`. */
  readonly handler: string;
}

/** Events and results travel as JSON, as they do in Lambda: what JSON drops is dropped here too. */
export interface Invocation {
  readonly id: number;
  readonly eventJson: string;
  readonly deadlineEpochMs: number;
}

export type InvocationOutcome =
  | { readonly id: number; readonly ok: true; readonly resultJson: string | null }
  | { readonly id: number; readonly ok: false; readonly error: string };

/** The part of Lambda's context that a handler can rely on here. */
interface LocalContext {
  readonly functionName: string;
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

type Handler = (event: unknown, context: LocalContext) => unknown;

const port = parentPort;
if (port === null) throw new Error('function-worker.ts runs as a worker thread only');
const { functionName, handler: handlerUrl }: FunctionWorkerData = workerData;

// Imported at once, as Lambda's INIT does; where that fails, each invocation says so.
const loaded: Promise<Handler> = loadHandler();
loaded.catch(() => {});

port.on('message', (invocation: Invocation) => {
  void run(invocation).then((outcome) => port.postMessage(outcome));
});

async function run({ id, eventJson, deadlineEpochMs }: Invocation): Promise<InvocationOutcome> {
  try {
    const handler = await loaded;
    const context: LocalContext = {
      functionName,
      awsRequestId: `local-${functionName}-${id}`,
      getRemainingTimeInMillis: () => Math.max(0, deadlineEpochMs - Date.now()),
    };
    const result = await handler(JSON.parse(eventJson), context);
    return { id, ok: true, resultJson: JSON.stringify(result) ?? null };
  } catch (error) {
    return { id, ok: false, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

async function loadHandler(): Promise<Handler> {
  const module: { readonly handler?: unknown } = await import(handlerUrl);
  const { handler } = module;
  if (!isHandler(handler)) throw new TypeError(`${handlerUrl} exports no function "handler"`);
  return handler;
}

function isHandler(value: unknown): value is Handler {
  return typeof value === 'function';
}
