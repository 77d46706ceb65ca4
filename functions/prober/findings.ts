import type { Condition, Json } from '../../shared/monitor.ts';
import { DAY_MS, HOUR_MS } from '../../shared/schedule.ts';
import { type Comparison, compileCondition, type Expectation } from './condition.ts';
import { type Failure, failed } from './failure.ts';

/** One expectation that did not hold, as a sentence. Values are redacted before they are cut short. */
export type Finding = (redact: (text: string) => string) => string;

/** The first finding, a wrong status before all others, and how many more there are; null when there is none. */
export function failureOf(
  wrongStatus: readonly Finding[],
  others: readonly Finding[],
  redact: (text: string) => string,
): Failure | null {
  const [first, ...rest] = [...wrongStatus, ...others];
  if (first === undefined) return null;
  const more = rest.length === 0 ? '' : ` (and ${rest.length} more)`;
  return failed(wrongStatus.length > 0 ? 'status' : 'expectation', null, `${first(redact)}${more}`);
}

export function compileAll(conditions: readonly Condition[], comparison: Comparison): readonly Expectation[] {
  return conditions.map((condition) => compileCondition(condition, comparison));
}

/** `what` stands before `expected`. `missing`: why there is no value. */
export function findingsOf(
  what: string,
  value: Json | undefined,
  conditions: readonly Expectation[],
  missing = 'it is missing',
): readonly Finding[] {
  return conditions
    .filter((one) => !one.holds(value))
    .map(
      (one) => (redact) =>
        `${what} expected ${one.expected}, ${value === undefined ? `but ${missing}` : `got ${shown(value, redact)}`}`,
    );
}

export function compileResponseTime(conditions: readonly Condition[]): (totalMs: number) => readonly Finding[] {
  const compiled = compileAll(conditions, { asText: false, unit: ' ms' });
  return (totalMs) =>
    compiled
      .filter((one) => !one.holds(totalMs))
      .map(
        (one): Finding =>
          () =>
            `${TOO_SLOW} ${one.expected}, took ${totalMs} ms`,
      );
}

const TOO_SLOW = 'expected a response time';

/** Whether the response time is all that was wrong: of an answer's findings it comes last. */
export function isOnlySlow({ reason, detail }: Failure): boolean {
  // A flow puts the step's place in front.
  return reason === 'expectation' && detail.replace(/^step \d+ "[^"]*": /, '').startsWith(TOO_SLOW);
}

/** `validForMs` null: nothing is asked. `validToEpochMs` null: there was no certificate, since there was no TLS. */
export function certificateFindings(
  validForMs: number | null,
  validToEpochMs: number | null,
  nowEpochMs: number,
): readonly Finding[] {
  if (validForMs === null) return [];
  if (validToEpochMs === null) return [() => 'expected a certificate, but the answer came over plain http'];
  const leftMs = validToEpochMs - nowEpochMs;
  if (leftMs >= validForMs) return [];
  return [() => `expected the certificate to be valid for ${days(validForMs)}, but it expires in ${days(leftMs)}`];
}

function days(durationMs: number): string {
  return durationMs >= DAY_MS ? `${Math.floor(durationMs / DAY_MS)} days` : `${Math.floor(durationMs / HOUR_MS)} hours`;
}

/** Bound on one value in a sentence. */
const MAX_SHOWN_CHARS = 80;

/** Bound on what is searched for secrets in one value, far beyond what is shown even when most of it is secrets. */
const MAX_REDACTED_CHARS = 65_536;

/** Around each text in JSON, with a comma. */
const QUOTES_CHARS = 3;

/** Redacted before it is written as JSON, whose escapes would hide a secret, and after, for the keys of objects. */
export function shown(value: Json, redact: (text: string) => string): string {
  let leftChars = MAX_REDACTED_CHARS;
  const redacted = (_: string, part: unknown) => {
    if (typeof part !== 'string') return part;
    const searched = part.slice(0, Math.max(0, leftChars));
    // Short ones cost by their number.
    leftChars -= part.length + QUOTES_CHARS;
    return searched === '' ? '' : redact(searched);
  };
  const text = redact(jsonText(value, redacted).slice(0, MAX_REDACTED_CHARS));
  return text.length > MAX_SHOWN_CHARS ? `${text.slice(0, MAX_SHOWN_CHARS)}…` : text;
}

/** Parsing has no bound on nesting where writing has one, the stack: a hostile answer may lie between. */
function jsonText(value: Json, replacer: (key: string, part: unknown) => unknown): string {
  try {
    return JSON.stringify(value, replacer);
  } catch {
    return 'a value that is nested too deeply to be shown';
  }
}
