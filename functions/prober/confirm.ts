import type { Monitor } from '../../shared/monitor.ts';
import { type Blame, isTrusted } from '../../shared/result.ts';
import { type Found, foundFailure, type Prober } from './attempt.ts';
import { blameOf } from './blame.ts';
import { type Failure, inconclusive } from './failure.ts';
import { isOnlySlow } from './findings.ts';
import type { Pacer } from './pacer.ts';
import { type Pin, Sightings } from './sightings.ts';
import type { Trace } from './trace.ts';

/** One attempt that has ended. */
export interface Tried {
  readonly found: Found;
  readonly trace: Trace;
  readonly stallMs: number;
}

/** Makes one attempt, on fresh connections, within so many milliseconds. Never rejects. */
export type Try = (prober: Prober, timeoutMs: number) => Promise<Tried>;

/** What all attempts together come to. */
export interface Confirmed {
  /** The attempt that counts: the one that passed, or the first. */
  readonly tried: Tried;
  /** Where that attempt connected to last, or tried to. */
  readonly address: string | null;
  readonly attempts: number;
  readonly blame: Blame | null;
  /** What the first attempt found, and how long it took, where a later one passed. */
  readonly flake: { readonly failure: Failure; readonly totalMs: number | null } | null;
}

/** Less than this is not enough for a connection and an answer: failing by it would say nothing. */
const MIN_ATTEMPT_MS = 200;

/**
 * Makes a check's attempts, all within the monitor's one deadline.
 *
 * ```
 * attempt ─┬─ passed ────────────────────────────────────────────────► passed
 *          ├─ passed at the name's next address, one being dead ─────► passed, a flake; blame: address
 *          ├─ while we stood still: passed, timed out or too slow ───► once again, not counted
 *          └─ failed on the way, or with a 5xx
 *               └─ again, same address, up to `attempts` in all ─┬─ passed ► passed, a flake
 *                    └─ once at another address of the name ─────┼─ passed ► passed, a flake; blame: address
 *                                                                └─ failed ► failed, as the first attempt said
 * ```
 * Other failures are the target's own clear answer, or took all the time there was, and stay as they are. `pace` is asked before each further launch.
 */
export async function confirm(
  prober: Prober,
  monitor: Pick<Monitor, 'attempts' | 'timeoutMs'>,
  pace: Pacer,
  attempt: Try,
): Promise<Confirmed> {
  const startMs = prober.clock.monotonicMs();
  const again = async (sightings: Sightings, pin: Pin | null): Promise<Tried | null> => {
    if (monitor.attempts <= 1 || remainingMs() < MIN_ATTEMPT_MS) return null;
    await pace();
    return remainingMs() < MIN_ATTEMPT_MS ? null : attempt(sightings.through(prober, pin), remainingMs());
  };
  const remainingMs = () => monitor.timeoutMs - (prober.clock.monotonicMs() - startMs);

  let seen = new Sightings();
  let first = await attempt(seen.through(prober, null), monitor.timeoutMs);
  if (isOurs(first)) {
    const seenAgain = new Sightings();
    const repeated = await again(seenAgain, null);
    if (repeated !== null && !(isOurs(repeated) && repeated.stallMs >= first.stallMs)) {
      first = repeated;
      seen = seenAgain;
    }
    first = excused(first);
  }
  const alone = (tried: Tried, attempts: number, blame: Blame | null): Confirmed => ({
    tried,
    address: seen.address,
    attempts,
    blame,
    flake: null,
  });
  const { failure } = first.found;
  if (failure === null) {
    const [dead] = seen.passedOver;
    if (dead === undefined) return alone(first, 1, null);
    const flake = { failure: dead, totalMs: null };
    return { tried: first, address: seen.address, attempts: 1 + seen.passedOver.length, blame: 'address', flake };
  }
  const blame = blameOf(failure);
  if (!mayPass(failure, first.trace)) return alone(first, 1, blame);

  let attempts = 1;
  const flaked = (tried: Tried, sightings: Sightings, seenAs: Blame | null): Confirmed => ({
    tried,
    address: sightings.address,
    attempts,
    blame: seenAs,
    flake: { failure, totalMs: first.trace.totalMs },
  });
  while (attempts < monitor.attempts) {
    const sightings = new Sightings();
    const tried = await again(sightings, seen.same());
    if (tried === null) return alone(first, attempts, blame);
    attempts += 1;
    if (tried.found.failure === null) return flaked(tried, sightings, blame);
  }
  const other = seen.other();
  const sightings = new Sightings();
  const elsewhere = other === null ? null : await again(sightings, other);
  if (elsewhere === null) return alone(first, attempts, blame);
  attempts += 1;
  return elsewhere.found.failure === null ? flaked(elsewhere, sightings, 'address') : alone(first, attempts, blame);
}

/** Its times are ours, and with them its verdict, as far as that rests on times. */
function isOurs({ found: { failure }, trace, stallMs }: Tried): boolean {
  if (isTrusted({ stallMs, totalMs: trace.totalMs })) return false;
  return failure === null || isOfTime(failure);
}

function isOfTime(failure: Failure): boolean {
  return failure.reason === 'timeout' || isOnlySlow(failure);
}

/** A failure that a stall of ours may have made is no failure of the target. */
function excused(tried: Tried): Tried {
  const { failure } = tried.found;
  if (failure === null || !isOurs(tried)) return tried;
  const why = `the prober stood still for ${tried.stallMs} ms during the check, which then found: ${failure.detail}`;
  return { ...tried, found: foundFailure(inconclusive(why, failure.failedPhase)) };
}

/** Whether a fresh connection, or another address, may find something else. */
function mayPass(failure: Failure, trace: Trace): boolean {
  switch (failure.reason) {
    case 'dns':
    case 'connect':
    case 'tls':
    case 'protocol':
      return failure.outcome === 'failed';
    case 'status':
      return trace.status !== null && trace.status >= 500;
    // It took all the time that there was.
    case 'timeout':
    case 'expectation':
    case 'too-large':
    case 'blocked-address':
    case 'prober':
    case 'missed':
    case 'job-failed':
    case 'awaiting':
      return false;
  }
}
