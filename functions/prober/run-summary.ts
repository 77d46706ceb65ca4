import type { Region } from '../../shared/monitor.ts';
import type { Outcome, Phase, Reason } from '../../shared/result.ts';
import { errorMessage } from './failure.ts';
import type { SlotRunReport } from './run-slots.ts';

/** One line of the log: what a run did. There is one a run, never one a check: lines cost more than checks. */
export interface RunSummary {
  readonly message: 'probed';
  readonly region: Region;
  readonly scheduledTime: string;
  readonly shard: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Slots that were too old to be checked. */
  readonly skipped: number;
  /** Slots that somebody paused. */
  readonly paused: number;
  /** Why pauses could not be read; then everything was checked. */
  readonly controlsError: string | null;
  /** Whether a control target answered at the run's start; true where there is none. */
  readonly networkWorks: boolean;
  readonly batches: { readonly stored: number; readonly alreadyThere: number; readonly lost: number };
  readonly wallMs: number;
  readonly maxLateMs: number;
  /** The first {@link MAX_NOT_PASSED} results that did not pass; details carry no secrets. */
  readonly notPassed: readonly {
    readonly monitorId: string;
    readonly slotEpochMs: number;
    readonly outcome: Outcome;
    readonly reason: Reason | null;
    readonly failedPhase: Phase | null;
    readonly detail: string | null;
  }[];
  /** Why batches were lost, the first few. */
  readonly errors: readonly string[];
}

/** Bounds on one line, so that an outage of everything does not cost more than the checks. */
const MAX_NOT_PASSED = 10;
const MAX_ERRORS = 3;

export function summaryOf(
  run: Pick<RunSummary, 'region' | 'scheduledTime' | 'shard' | 'wallMs' | 'controlsError' | 'networkWorks'>,
  batches: Omit<RunSummary['batches'], 'lost'>,
  report: SlotRunReport,
): RunSummary {
  const { results, storeErrors } = report;
  const count = (outcome: Outcome) => results.filter((result) => result.outcome === outcome).length;
  return {
    message: 'probed',
    region: run.region,
    scheduledTime: run.scheduledTime,
    shard: run.shard,
    outcomes: { passed: count('passed'), failed: count('failed'), inconclusive: count('inconclusive') },
    skipped: report.skipped,
    paused: report.paused,
    controlsError: run.controlsError,
    networkWorks: run.networkWorks,
    batches: { ...batches, lost: storeErrors.length },
    wallMs: Math.round(run.wallMs),
    maxLateMs: Math.round(results.reduce((max, result) => Math.max(max, result.lateMs), 0)),
    notPassed: results
      .filter((result) => result.outcome !== 'passed')
      .slice(0, MAX_NOT_PASSED)
      .map(({ monitorId, slotEpochMs, outcome, reason, failedPhase, detail }) => ({
        monitorId,
        slotEpochMs,
        outcome,
        reason,
        failedPhase,
        detail,
      })),
    errors: storeErrors.slice(0, MAX_ERRORS).map(errorMessage),
  };
}
