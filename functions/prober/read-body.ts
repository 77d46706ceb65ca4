import type { Readable } from 'node:stream';
import { tooLarge } from './body.ts';
import type { Clock } from './clock.ts';
import type { Failure } from './failure.ts';
import type { Trace } from './trace.ts';

/** Who looks at a body while it comes in. */
export interface Intake {
  /** What came so far, for when the deadline strikes. */
  readonly soFar: string;
  /** `whole`: nothing more is read. A failure ends the exchange. `atMs` is of the exchange's clock. */
  take(piece: Uint8Array, atMs: number): 'more' | 'whole' | Failure;
  /** The body has ended. */
  end(): Failure | null;
}

/** How a protocol tells that a body has not come to its end. */
export interface Ends {
  /** Asked when the source has ended: whether that was in the middle. */
  readonly truncated: () => boolean;
  /** `error` null: it says no more than that. */
  readonly broken: (error: Error | null, bytes: number) => Failure;
}

/** The body as on the wire, read into memory within its bound. */
export function readBody(
  clock: Clock,
  source: Readable,
  { maxBodyBytes, intake }: { readonly maxBodyBytes: number; readonly intake: Intake | null },
  ends: Ends,
  trace: Trace,
): Promise<Buffer | Failure> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let isOver = false;
    trace.bodyBytes = 0;
    if (intake !== null) trace.soFar = () => intake.soFar;
    const end = (outcome: Buffer | Failure) => {
      isOver = true;
      resolve(outcome);
    };
    const endWhole = () => {
      trace.leave('download');
      end(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
    };
    const guarded = (work: () => void) => {
      if (isOver) return;
      try {
        work();
      } catch (error) {
        isOver = true;
        reject(error);
      }
    };
    source.on('data', (chunk: Buffer) =>
      guarded(() => {
        bytes += chunk.length;
        trace.bodyBytes = bytes;
        if (bytes > maxBodyBytes) {
          end(tooLarge(maxBodyBytes, ''));
          trace.close();
          return;
        }
        chunks.push(chunk);
        const taken = intake?.take(chunk, clock.monotonicMs()) ?? 'more';
        if (taken === 'more') return;
        if (taken === 'whole') endWhole();
        else end(taken);
        trace.close();
      }),
    );
    source.once('end', () =>
      guarded(() => {
        if (ends.truncated()) return end(ends.broken(null, bytes));
        const unfinished = intake?.end() ?? null;
        if (unfinished === null) endWhole();
        else end(unfinished);
      }),
    );
    source.once('error', (error) => end(ends.broken(error, bytes)));
    source.once('close', () => guarded(() => end(ends.broken(null, bytes))));
  });
}
