import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import type { FunctionWorkerData, Invocation, InvocationOutcome } from './function-worker.ts';

export interface FunctionSettings {
  /** As logs and errors name it, such as `prober eu-west-1`. */
  readonly name: string;
  /** The module that exports `handler`. */
  readonly handler: URL;
  /** The whole environment of the function; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** A run that takes longer is stopped, with the thread it runs in. */
  readonly timeoutMs: number;
  /** Runs at the same time, in one thread; one more is refused as `busy`. */
  readonly maxConcurrent: number;
  /** Each line that the function writes, on stdout or stderr. */
  readonly log: (line: string, stream: 'stdout' | 'stderr') => void;
}

/** One Lambda function on this machine. */
export interface LocalFunction {
  readonly name: string;
  /** The handler's result after a trip through JSON; undefined where it returned nothing. Throws {@link FunctionError}. */
  invoke(event: unknown): Promise<unknown>;
  /** Takes no more, lets what runs finish for that long, then ends the thread. */
  close(graceMs: number): Promise<void>;
}

export class FunctionError extends Error {
  override readonly name = 'FunctionError';
  readonly code: 'threw' | 'died' | 'timeout' | 'busy' | 'closed';

  constructor(code: FunctionError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** One process of ours runs them all, so a leak in one is stopped at what its Lambda would have had. */
const MEMORY_MB = 1_024;

interface Running {
  readonly succeed: (result: unknown) => void;
  readonly fail: (error: FunctionError) => void;
}

/** The thread starts now, and again with the next invocation after it died. */
export function startFunction(settings: FunctionSettings): LocalFunction {
  const running = new Map<number, Running>();
  let nextId = 1;
  let closed = false;
  let ended = false;
  let onIdle = (): void => {};
  let worker: Worker | null = startWorker();

  function startWorker(): Worker {
    const workerData: FunctionWorkerData = { functionName: settings.name, handler: settings.handler.href };
    const started = new Worker(new URL('./function-worker.ts', import.meta.url), {
      env: { ...settings.env },
      workerData,
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    });
    for (const stream of ['stdout', 'stderr'] as const) {
      createInterface({ input: started[stream], crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => {
        // The last lines of a thread come after its end, when nobody may be there to take them.
        if (!ended) settings.log(line, stream);
      });
    }
    started.on('message', (outcome: InvocationOutcome) => settle(outcome));
    started.once('error', (error) => gone(started, new FunctionError('died', `the thread died: ${error.message}`)));
    started.once('exit', (code) => gone(started, new FunctionError('died', `the thread ended with code ${code}`)));
    return started;
  }

  function settle(outcome: InvocationOutcome): void {
    const run = running.get(outcome.id);
    if (run === undefined) return;
    if (outcome.ok) run.succeed(outcome.resultJson === null ? undefined : JSON.parse(outcome.resultJson));
    else run.fail(new FunctionError('threw', outcome.error));
  }

  function gone(which: Worker, error: FunctionError): void {
    if (which !== worker) return;
    worker = null;
    for (const run of [...running.values()]) run.fail(error);
  }

  function invoke(event: unknown): Promise<unknown> {
    if (closed) return Promise.reject(new FunctionError('closed', 'the system is stopping'));
    if (running.size >= settings.maxConcurrent) {
      return Promise.reject(
        new FunctionError('busy', `${running.size} runs are still under way; this one is left out`),
      );
    }
    worker ??= startWorker();
    const target = worker;
    const id = nextId;
    nextId += 1;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const error = new FunctionError('timeout', `not done within ${settings.timeoutMs} ms; stopped`);
        running.get(id)?.fail(error);
        gone(target, new FunctionError('died', 'stopped together with a run that took too long'));
        void target.terminate();
      }, settings.timeoutMs);
      const end = (): void => {
        clearTimeout(timer);
        running.delete(id);
        if (running.size === 0) onIdle();
      };
      running.set(id, {
        succeed: (result) => {
          end();
          resolve(result);
        },
        fail: (error) => {
          end();
          reject(error);
        },
      });
      const invocation: Invocation = {
        id,
        eventJson: JSON.stringify(event),
        deadlineEpochMs: Date.now() + settings.timeoutMs,
      };
      target.postMessage(invocation);
    });
  }

  async function close(graceMs: number): Promise<void> {
    closed = true;
    if (running.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, graceMs);
        onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const last = worker;
    if (last === null) {
      ended = true;
      return;
    }
    gone(last, new FunctionError('closed', 'the system stopped before this run was done'));
    await last.terminate();
    ended = true;
  }

  return { name: settings.name, invoke, close };
}
