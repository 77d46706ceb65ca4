import { NO_PHASES, type Phase, type Phases, type StepResult } from '../../shared/result.ts';
import type { CertificateFacts } from './certificate.ts';
import type { Clock } from './clock.ts';
import type { Failure } from './failure.ts';

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
  #stepsBeforeMs: number | null = null;
  #endMs: number | null = null;
  #outermost: Closable | null = null;
  #isOver = false;

  address: string | null = null;
  certificate: CertificateFacts | null = null;
  status: number | null = null;
  bodyBytes: number | null = null;
  /** `http/1.0`, `http/1.1` or `h2`, of an HTTP answer. */
  protocol: string | null = null;
  redirects = 0;
  /** What has come so far, redacted and short, for when the deadline strikes; null where that says nothing. */
  soFar: (() => string) | null = null;

  /** Of a flow: what has been made of it, clean-up too. Null for other kinds. */
  steps: StepResult[] | null = null;
  #stepName: string | null = null;

  /** Stands before what went wrong: `step 2 "orders": ` in a flow, else nothing. */
  place = '';

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Nobody waits for the check any more: what is still under way must begin nothing. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The phase that is under way, or that ended last. */
  get phase(): Phase | null {
    return this.#phase;
  }

  get phases(): Phases {
    return this.#phases;
  }

  /** From the first phase of the first hop to the end, or until now; of a flow, all steps together. Null when nothing was sent out. */
  get totalMs(): number | null {
    const { stepMs } = this;
    if (this.#stepsBeforeMs === null) return stepMs;
    return microseconds(this.#stepsBeforeMs + (stepMs ?? 0));
  }

  /** The same of the current step alone; a check that is no flow has one. */
  get stepMs(): number | null {
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

  /** The last answer is in: the total ends here. */
  end(): void {
    this.endAt(this.#clock.monotonicMs());
  }

  endAt(atMs: number): void {
    this.#endMs ??= atMs;
  }

  /** The check is over, and everything that is still under way with it. */
  finish(): void {
    this.end();
    this.#isOver = true;
    this.close();
  }

  /** A redirect is followed: what comes is measured anew, except for the total. */
  nextHop(): void {
    this.redirects += 1;
    this.#beginHop();
  }

  /**
   * A step of a flow begins: what comes is measured anew, and what passed until now, but not the time in between, counts
   * in the total.
   */
  beginStep(name: string): void {
    if (this.steps === null) this.steps = [];
    else {
      this.end();
      this.#stepsBeforeMs = this.totalMs;
      this.#startMs = null;
      this.#endMs = null;
      this.redirects = 0;
      this.#beginHop();
    }
    this.#stepName = name;
  }

  /** The step that is under way, if one is, came to this. */
  endStep(failure: Failure | null): void {
    if (this.#stepName === null) return;
    this.steps?.push(this.stepResult(this.#stepName, false, failure));
    this.#stepName = null;
  }

  /** What is known of the current step, as its result. */
  stepResult(name: string, isCleanup: boolean, failure: Failure | null): StepResult {
    const { stepMs } = this;
    return {
      name,
      isCleanup,
      outcome: failure?.outcome ?? 'passed',
      reason: failure?.reason ?? null,
      failedPhase: failure?.failedPhase ?? null,
      totalMs: stepMs,
      phases: stepMs === null ? NO_PHASES : { ...this.#phases },
      status: this.status,
    };
  }

  #beginHop(): void {
    this.close();
    this.#phases = { ...NO_PHASES };
    this.#phase = null;
    this.address = null;
    this.certificate = null;
    this.status = null;
    this.bodyBytes = null;
    this.protocol = null;
    this.soFar = null;
  }

  /**
   * To be closed when the hop or the check ends: the socket, then the TLS over it, then the request over that. Each
   * closes what is below it, and only the outermost is closed by us: Node 24 can crash (SIGSEGV) when the socket below
   * a TLS socket is destroyed first. From here on errors of what is held can no longer end the process.
   */
  hold(closable: Closable): void {
    closable.on('error', ignored);
    // After a deadline, what was under way must not go on, such as a connection to a name that resolved too late.
    if (this.#isOver) closable.destroy();
    else this.#outermost = closable;
  }

  /** Closes the current hop's connection. */
  close(): void {
    this.#outermost?.destroy();
    this.#outermost = null;
  }
}

function ignored(): void {}

function microseconds(durationMs: number): number {
  return Math.round(durationMs * 1_000) / 1_000;
}
