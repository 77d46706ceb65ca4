/** A place in a JSON value: keys and indices from the root. */
export type JsonPath = readonly (string | number)[];

/** 1-based, as editors count. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong, or (a warning) probably not meant. Never shows a header's value or a body: they may hold secrets. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  /** As it was given, or relative to the working directory. */
  readonly file: string;
  /** RFC 9535 JSONPath, such as `$.expect.json["$.a"].below` or `$[2].id`. */
  readonly path: string;
  /** Null where the file could not be read. */
  readonly line: number | null;
  readonly column: number | null;
  /** What is wrong. */
  readonly message: string;
  /** What may stand there. */
  readonly allowed: string | null;
  /** What to do. */
  readonly remedy: string | null;
}

export interface Complaint {
  readonly message: string;
  readonly allowed?: string | null;
  readonly remedy?: string | null;
}

/** Where the problems of one file's value go. Paths are relative to that value. */
export interface Reporter {
  error(path: JsonPath, complaint: Complaint): void;
  warning(path: JsonPath, complaint: Complaint): void;
  /** The same file, inside `path`. */
  at(path: JsonPath): Reporter;
}

/**
 * Collects into `problems`. `positionOf` answers for the nearest existing ancestor of a path. What is said about an
 * `isSettled` path is dropped: its cause is reported already.
 */
export function reporterFor(
  file: string,
  positionOf: (path: JsonPath) => Position | null,
  problems: Problem[],
  isSettled: (path: JsonPath) => boolean = () => false,
  base: JsonPath = [],
): Reporter {
  const report = (severity: Problem['severity'], path: JsonPath, complaint: Complaint): void => {
    const full = [...base, ...path];
    if (isSettled(full)) return;
    const position = positionOf(full);
    problems.push({
      severity,
      file,
      path: formatPath(full),
      line: position?.line ?? null,
      column: position?.column ?? null,
      message: complaint.message,
      allowed: complaint.allowed ?? null,
      remedy: complaint.remedy ?? null,
    });
  };
  return {
    error: (path, complaint) => report('error', path, complaint),
    warning: (path, complaint) => report('warning', path, complaint),
    at: (path) => reporterFor(file, positionOf, problems, isSettled, [...base, ...path]),
  };
}

/** `$.expect.json["$.a"].below`: a name where JSONPath has the shorthand, else a quoted key. */
export function formatPath(path: JsonPath): string {
  let text = '$';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(step)) text += `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

/** By file in the order given, then by place: as a reader goes through them. */
export function sortProblems(problems: readonly Problem[], files: readonly string[]): Problem[] {
  const rank = new Map(files.map((file, index) => [file, index]));
  return problems.toSorted(
    (a, b) =>
      (rank.get(a.file) ?? -1) - (rank.get(b.file) ?? -1) ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0),
  );
}
