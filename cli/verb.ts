/** 0: good. 1: the answer is no (a problem found, a check failed). 2: could not run (usage, a missing file). */
export type ExitCode = 0 | 1 | 2;

/** One `npx parallax <name>`. Each lives in its own file, imported when it is called. */
export interface Verb {
  readonly name: string;
  /** One line, for the list of verbs. */
  readonly summary: string;
  /** What `parallax <name> --help` prints: how it is called, each flag, examples. */
  readonly usage: string;
  /** `argv` is what follows the verb's name. Throw {@link UsageError} for a call that cannot be understood. */
  run(argv: readonly string[], io: CliIo): Promise<ExitCode>;
}

/** All that a verb may touch of its process. stdout is data, stderr is talk. Texts carry their own newlines. */
export interface CliIo {
  stdout(text: string): void;
  stderr(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute; relative arguments are relative to it. */
  readonly cwd: string;
  /** Whether stdout is a terminal, and how many columns it has (80 where it is none). */
  readonly isTTY: boolean;
  readonly columns: number;
  /** Aborted by the first Ctrl-C or SIGTERM: stop cleanly and return. */
  readonly signal: AbortSignal;
}

/** The call cannot be understood: printed with a pointer to `--help`, exit code 2. */
export class UsageError extends Error {
  readonly code = 'usage';
  override readonly name = 'UsageError';
}
