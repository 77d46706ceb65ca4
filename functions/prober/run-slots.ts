import { type Control, isPaused } from '../../shared/control.ts';
import type { Monitor, Region } from '../../shared/monitor.ts';
import type { Batch, Result } from '../../shared/result.ts';
import { BATCH_GROUP_MS, MINUTE_MS, slotsIn } from '../../shared/schedule.ts';
import type { Secret } from '../../shared/secret-member.ts';
import { secretTexts } from '../../shared/target.ts';
import type { Check } from './attempt.ts';
import { type Clock, sleep } from './clock.ts';
import type { Pacer } from './pacer.ts';
import { NO_SECRETS, type SecretSource, secretNames } from './secrets.ts';

/** One run's slots: those in [startEpochMs, startEpochMs + periodMs) of these monitors. */
export interface SlotRun {
  readonly region: Region;
  readonly shard: number;
  readonly monitors: readonly Monitor[];
  /** What stands, as of the run's start. */
  readonly controls: readonly Control[];
  readonly startEpochMs: number;
  readonly periodMs: number;
}

export interface SlotRunner {
  readonly clock: Clock;
  readonly pace: Pacer;
  readonly secrets: SecretSource;
  /** Never rejects. */
  readonly check: (check: Check) => Promise<Result>;
  /** Called once per batch, as soon as its last check has ended. What it rejects with comes out of the run. */
  readonly store: (batch: Batch) => Promise<void>;
}

export interface SlotRunReport {
  readonly results: readonly Result[];
  /** Slots that were too old to be checked: there is no data for them, which is neither up nor down. */
  readonly skipped: number;
  /** Slots that somebody paused: not planned at all. */
  readonly paused: number;
  /** What went wrong in storing, one for each batch that could not be stored. */
  readonly storeErrors: readonly unknown[];
}

/** A slot older than this is not checked any more: what is found now says nothing about then. */
export const MAX_SLOT_AGE_MS = 2 * MINUTE_MS;

/**
 * Runs all slots, and stores them in batches of {@link BATCH_GROUP_MS}, grouped by slot alone so that a duplicate
 * run writes to the same keys.
 *
 * ```
 * schedule      0 s       15 s      30 s      45 s      60 s
 * slots         A B C     A         A         A
 * started late    ├──────── whole run moved by the delay ────────┤
 * launched        A·B·C     A         A         A                  paced, A's distance kept
 * stored              ▲       ▲         ▲         ▲                one batch each
 * ```
 * A schedule fires anywhere within its minute. The whole run moves by that delay, instead of catching up with the
 * slots that have passed: a monitor's checks keep their distance, and a run takes its period and the last check's
 * timeout, however late it began. `lateMs` says what the delay was.
 */
export async function runSlots(runner: SlotRunner, run: SlotRun): Promise<SlotRunReport> {
  const { clock } = runner;
  const delayMs = Math.max(0, clock.epochMs() - run.startEpochMs);
  const due = slotsOf(run);
  const meant = due.filter(({ monitor, slotEpochMs }) => !isPaused(monitor, slotEpochMs, run.controls));
  const planned = plan(run, meant);
  const readSecrets = secretsOfRun(runner.secrets, new Set([...planned.values()].flat().map(({ monitor }) => monitor)));
  const results: Result[] = [];
  const storeErrors: unknown[] = [];

  const launch = async ({ monitor, slotEpochMs }: Planned): Promise<Result | null> => {
    // Before the pacing, so that neither a slow Parameter Store nor its end moves anybody else.
    const secrets = await readSecrets(monitor);
    const waitMs = slotEpochMs + delayMs - clock.epochMs();
    if (waitMs > 0) await sleep(clock, waitMs);
    await runner.pace();
    if (clock.epochMs() - slotEpochMs > MAX_SLOT_AGE_MS) return null;
    return runner.check({ monitor, slotEpochMs, secrets });
  };

  const storeGroup = async (startEpochMs: number, group: readonly Planned[]): Promise<void> => {
    const ended = await Promise.all(group.map(launch));
    const found = ended.filter((result) => result !== null);
    results.push(...found);
    if (found.length === 0) return;
    try {
      await runner.store({ region: run.region, startEpochMs, shard: run.shard, results: found });
    } catch (error) {
      storeErrors.push(error);
    }
  };

  await Promise.all([...planned].map(([startEpochMs, group]) => storeGroup(startEpochMs, group)));
  return { results, skipped: meant.length - results.length, paused: due.length - meant.length, storeErrors };
}

interface Planned {
  readonly monitor: Monitor;
  readonly slotEpochMs: number;
}

/** Everything that is due in the run, in order. */
function slotsOf(run: SlotRun): Planned[] {
  return run.monitors
    .flatMap((monitor) =>
      slotsIn(monitor, run.startEpochMs, run.startEpochMs + run.periodMs).map((slotEpochMs) => ({
        monitor,
        slotEpochMs,
      })),
    )
    .sort((a, b) => a.slotEpochMs - b.slotEpochMs);
}

/** What is to be checked, by the start of its batch. Counted from the run's start: no other run shares a key. */
function plan(run: SlotRun, slots: readonly Planned[]): ReadonlyMap<number, readonly Planned[]> {
  const groupMs = Math.min(BATCH_GROUP_MS, run.periodMs);
  return Map.groupBy(
    slots,
    ({ slotEpochMs }) => run.startEpochMs + Math.floor((slotEpochMs - run.startEpochMs) / groupMs) * groupMs,
  );
}

/** Reads the secrets of all these monitors together and at once; a monitor without secrets does not wait. */
function secretsOfRun(
  source: SecretSource,
  monitors: ReadonlySet<Monitor>,
): (monitor: Monitor) => Promise<ReadonlyMap<string, Secret>> {
  const namesOf = new Map([...monitors].map((monitor) => [monitor, secretNames(secretTexts(monitor))]));
  const names = [...new Set([...namesOf.values()].flat())];
  const all = names.length === 0 ? Promise.resolve(NO_SECRETS) : source.read(names);
  return async (monitor) => {
    const own = namesOf.get(monitor) ?? [];
    if (own.length === 0) return NO_SECRETS;
    const read = await all;
    return new Map([...read].filter(([name]) => own.includes(name)));
  };
}
