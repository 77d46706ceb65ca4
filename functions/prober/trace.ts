import { NO_PHASES, type Phase, type Phases } from '../../shared/result.ts';
import type { CertificateFacts } from './certificate.ts';
import type { Clock } from './clock.ts';

/** What can be closed at any moment: a socket, plain or TLS. */
export interface Closable {
  destroy(): void;
  on(event: 'error', listener: () => void): unknown;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const FIELD: Readonly<Record<Phase, keyof Phases>> = {
  dns: 'dnsMs',
  connect: 'connectMs',
  tls: 'tlsMs',
  firstByte: 'firstByteMs',
  download: 'downloadMs',
};

/**
 * What is known of a check so far, written as it goes along, so that a deadline can say where it struck.
 * Phases, address, certificate, status and body are of the current hop; a phase that has not ended is null.
 */
export class Trace {
  readonly #clock: Clock;
  #phases: Mutable<Phases> = { ...NO_PHASES };
  #phase: Phase | null = null;
  #phaseStartMs = 0;
  #startMs: number | null = null;
  #endMs: number | null = null;
  readonly #held: Closable[] = [];

  address: string | null = null;
  certificate: CertificateFacts | null = null;
  status: number | null = null;
  bodyBytes: number | null = null;
  redirects = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The phase that is under way, or that ended last. */
  get phase(): Phase | null {
    return this.#phase;
  }

  get phases(): Phases {
    return this.#phases;
  }

  /** From the first phase of the first hop to the end, or until now; null when nothing was sent out. */
  get totalMs(): number | null {
    if (this.#startMs === null) return null;
    return microseconds((this.#endMs ?? this.#clock.monotonicMs()) - this.#startMs);
  }

  enter(phase: Phase): void {
    this.enterAt(phase, this.#clock.monotonicMs());
  }

  enterAt(phase: Phase, atMs: number): void {
    this.#phase = phase;
    this.#phaseStartMs = atMs;
    this.#startMs ??= atMs;
  }

  leave(phase: Phase): void {
    this.leaveAt(phase, this.#clock.monotonicMs());
  }

  leaveAt(phase: Phase, atMs: number): void {
    this.#phases[FIELD[phase]] = microseconds(atMs - this.#phaseStartMs);
  }

  /** Everything is over; later changes to the clock do not count. */
  end(): void {
    this.#endMs ??= this.#clock.monotonicMs();
  }

  /** A redirect is followed: what comes is measured anew, except for the total. */
  nextHop(): void {
    this.close();
    this.redirects += 1;
    this.#phases = { ...NO_PHASES };
    this.#phase = null;
    this.address = null;
    this.certificate = null;
    this.status = null;
    this.bodyBytes = null;
  }

  /** To be closed when the hop or the check ends. From here on its errors can no longer crash the process. */
  hold(closable: Closable): void {
    this.#held.push(closable);
    closable.on('error', ignored);
  }

  close(): void {
    for (const closable of this.#held.splice(0)) closable.destroy();
  }
}

function ignored(): void {}

function microseconds(durationMs: number): number {
  return Math.round(durationMs * 1_000) / 1_000;
}
