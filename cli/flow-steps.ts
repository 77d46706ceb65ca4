import type { FlowMonitor, FlowStep } from '../shared/monitor.ts';
import type { Result, StepResult } from '../shared/result.ts';

/** A step of a flow as it is defined, and what came of it. */
export interface FlowStepMade {
  readonly name: string;
  readonly isCleanup: boolean;
  /** Null: it was not made, since an earlier one ended the flow, or what it cleans up was never there. */
  readonly made: StepResult | null;
}

/** Every step of the flow, clean-up last. */
export function stepsOf({ steps, cleanup }: FlowMonitor, result: Pick<Result, 'steps'>): readonly FlowStepMade[] {
  const madeOf =
    (isCleanup: boolean) =>
    ({ name }: FlowStep) => ({
      name,
      isCleanup,
      made: result.steps?.find((made) => made.name === name && made.isCleanup === isCleanup) ?? null,
    });
  return [...steps.map(madeOf(false)), ...cleanup.map(madeOf(true))];
}
