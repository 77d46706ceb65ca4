/** The ways in which the demo API can be made to misbehave, each the cause of another verdict. */
export const FAULTS = {
  error: 'answers 503',
  slow: 'answers two seconds late',
  hang: 'takes the request and never answers',
  reset: 'resets the connection',
  garbage: 'answers something that is not HTTP',
  wrong: 'answers 200 with an HTML error page',
} as const;

export type FaultKind = keyof typeof FAULTS;

/** Null means every path, or every region. */
export interface Fault {
  readonly path: string | null;
  readonly region: string | null;
  readonly fault: FaultKind;
}

export type FaultScope = Pick<Fault, 'path' | 'region'>;

/** What is broken now. The fault that was switched on last wins where several apply. */
export class FaultSwitchboard {
  #faults: readonly Fault[] = [];

  get faults(): readonly Fault[] {
    return this.#faults;
  }

  /** Replaces the fault of the same scope. */
  switchOn(fault: Fault): void {
    const others = this.#faults.filter((other) => other.path !== fault.path || other.region !== fault.region);
    this.#faults = [...others, fault];
  }

  /** Heals what lies within the scope; everything where it names neither. */
  heal(scope: FaultScope): void {
    this.#faults = this.#faults.filter(
      (fault) =>
        (scope.path !== null && fault.path !== scope.path) || (scope.region !== null && fault.region !== scope.region),
    );
  }

  faultFor(path: string, region: string | null): FaultKind | null {
    const applies = (fault: Fault): boolean =>
      (fault.path === null || fault.path === path) && (fault.region === null || fault.region === region);
    return this.#faults.findLast(applies)?.fault ?? null;
  }
}

export function isFaultKind(text: string | null): text is FaultKind {
  return text !== null && Object.hasOwn(FAULTS, text);
}
