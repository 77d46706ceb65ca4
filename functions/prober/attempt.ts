import { randomBytes } from 'node:crypto';
import type { Monitor, Region } from '../../shared/monitor.ts';
import type { Secret } from '../../shared/secret-member.ts';
import type { AwsIdentity } from './aws-identity.ts';
import type { Network } from './connection.ts';
import type { Failure } from './failure.ts';
import type { Redaction } from './redaction.ts';
import type { StallWatch } from './stalls.ts';
import type { Trace } from './trace.ts';
import type { Trust } from './trust.ts';

/** What checks are made with. One for the whole process. */
export interface Prober extends Network, Trust {
  readonly region: Region;
  /** So many random bytes, as hex digits: for span ids, which need not be the same in a duplicate. */
  readonly randomHex: (bytes: number) => string;
  readonly stalls: StallWatch;
  /** `ip:port` of the name servers that a `dns` check asks which names none. Absent: the system's. */
  readonly nameServers?: readonly string[];
  /** Who the prober itself is in AWS, for requests that are signed as it. */
  readonly aws: AwsIdentity;
}

export function randomHex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}

/** One check to make. */
export interface Check<M extends Monitor = Monitor> {
  readonly monitor: M;
  readonly slotEpochMs: number;
  readonly secrets: ReadonlyMap<string, Secret>;
}

/**
 * One try at a check, as an engine sees it. The engine writes what it sees into the trace, and holds in it whatever
 * must be closed; it ends when that is closed, and may throw: the deadline, our own exceptions and the result are
 * `check.ts`'s.
 */
export interface Attempt<M extends Monitor> extends Check<M> {
  readonly prober: Prober;
  readonly trace: Trace;
  readonly redaction: Redaction;
}

/** What an engine found. */
export interface Found {
  /** Null when all of it held. */
  readonly failure: Failure | null;
  /** The monitor's own metrics that the answer had. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** An answer that was no use, or none. */
export function foundFailure(failure: Failure): Found {
  return { failure, metrics: {} };
}
