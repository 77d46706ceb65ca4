/**
 * What a check, a run and an item take, as benchmarks measure it. The plan's arithmetic rests on these;
 * `test/plan/measured.test.ts` holds them to the code. After a change of an encoding, print them again.
 */

// npm run bench -- write-units: the encoders' own output, in bytes as DynamoDB counts them.

/** A batch without results: keys, names, its head. */
export const BATCH_BYTES = 73;
/** A check in a batch: an id of 17 characters, all phases; one in 200 fails. */
export const RESULT_BYTES = 30.9;
/** What a custom metric adds to that. */
export const RESULT_METRIC_BYTES = 5;
/** What a step of a flow adds to that, beside its time as a metric. */
export const RESULT_STEP_BYTES = 21.1;
/** An item of windows without any. */
export const WINDOWS_BYTES = 69;
/** A monitor's window by the number of checks in it, without its id. */
export const WINDOW_BYTES: readonly (readonly [checks: number, bytes: number])[] = [
  [1, 49.9],
  [5, 62.1],
  [20, 91.5],
  [60, 152.9],
  [300, 326.5],
  [1_440, 450.7],
  [17_280, 648.3],
];
/** What a custom metric adds to that. */
export const WINDOW_METRIC_BYTES: readonly (readonly [checks: number, bytes: number])[] = [
  [1, 33.8],
  [5, 43.1],
  [20, 69.4],
  [60, 125.8],
  [300, 221.1],
  [1_440, 234.9],
  [17_280, 335.5],
];

// npm run bench -- probe-run: the prober's handler against an HTTPS server on the same machine.

/** Handshake and request, as bytes in TCP. */
export const CHECK_REQUEST_BYTES = 745;
/** A fresh TLS connection, its request, and what is expected of the answer; on a full core. */
export const CHECK_CPU_MS = 2.3;
/** Of a run, before its first launch and after its last answer, with a table that answers at once. */
export const RUN_OVERHEAD_MS = 8;
/** The run's one line, when all passed. */
export const RUN_LOG_BYTES = 300;

// npm run bench -- aggregator-run: with a table in memory.

/** CPU for each result that a run looks at, on a full core. */
export const RESULT_CPU_US = 4.5;
/** A result in memory. */
export const RESULT_HEAP_BYTES = 470;
