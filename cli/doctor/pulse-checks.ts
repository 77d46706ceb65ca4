import { type Progress, progressGet, progressOf } from '../../shared/aggregator-table.ts';
import { type Control, isPaused, readControls } from '../../shared/control.ts';
import { tableName } from '../../shared/environment.ts';
import { readResults } from '../../shared/history.ts';
import { humanDuration, humanInstant } from '../../shared/human.ts';
import type { Deployment, Region } from '../../shared/monitor.ts';
import { aggregatorRegions } from '../../shared/resource-names.ts';
import { lastSlotUntil, MINUTE_MS, SECOND_MS } from '../../shared/schedule.ts';
import { kindOfAwsError } from '../account/aws-error.ts';
import { type Check, type Examination, type Found, fine, look } from './finding.ts';

const READS = 'dynamodb:GetItem and dynamodb:Query';
/** AWS refuses requests that are signed five minutes off; ages here are corrected, those elsewhere are not. */
const CLOCK_OFF_MS = 30 * SECOND_MS;

/** Whether this machine's clock agrees with AWS's. */
export const checkClock: Check = ({ deployment, account }) =>
  look('clock', deployment.home, 'dynamodb:DescribeTable', async (): Promise<Found[]> => {
    const offsetMs = await account.clockOffsetMs(deployment.home);
    if (Math.abs(offsetMs) < CLOCK_OFF_MS) return [fine('this machine’s clock agrees with AWS’s')];
    const message = `this machine’s clock is ${humanDuration(Math.abs(offsetMs))} ${offsetMs > 0 ? 'behind' : 'ahead of'} AWS’s`;
    return [{ state: 'warning', message, remedy: 'Set it: beyond 5 minutes AWS refuses every request.' }];
  });

/** Home is missed by its standby, and the standby by us, after this long. */
export const checkHeartbeats: Check = async ({ deployment, account, nowEpochMs }) => {
  const looks = aggregatorRegions(deployment).map((writer) =>
    look('heartbeat', writer, READS, async (): Promise<Found[]> => {
      const progress = await progressIn({ deployment, account }, writer);
      const role = writer === deployment.home ? 'home' : 'the standby';
      if (progress === null) {
        const message = `the aggregator in ${role} has never run`;
        return [{ state: 'problem', message, remedy: 'See docs/runbook.md#aggregator-not-running' }];
      }
      const ageMs = nowEpochMs - progress.heartbeatEpochMs;
      if (ageMs > deployment.standbyAfterMs) {
        const message = `the aggregator in ${role} last ran ${humanDuration(ageMs)} ago, at ${humanInstant(progress.heartbeatEpochMs)}`;
        return [{ state: 'problem', message, remedy: 'See docs/runbook.md#aggregator-not-running' }];
      }
      if (ageMs < -CLOCK_OFF_MS) {
        const message = `the aggregator in ${role} ran ${humanDuration(-ageMs)} in the future: its clock is off`;
        return [{ state: 'problem', message, remedy: 'Lambda’s clock is AWS’s to set; open a support case.' }];
      }
      if (writer !== deployment.home && progress.active) {
        const message = 'the standby is doing home’s work';
        return [{ state: 'warning', message, remedy: `Look at ${deployment.home}; it is handed back by itself.` }];
      }
      return [fine(`the aggregator in ${role} ran ${humanDuration(Math.max(0, ageMs))} ago`)];
    }),
  );
  return (await Promise.all(looks)).flat();
};

/** A run begins anywhere in its minute; storing and replicating take seconds. On top of the checks' own timeout. */
const SETTLE_MS = 2 * MINUTE_MS;

/** Whether each region's newest results are as new as its schedule says. */
export const checkLastSlots: Check = async (examination) => {
  const { deployment, nowEpochMs } = examination;
  const looks = deployment.regions.map((region) =>
    look('last-slot', region, READS, async (): Promise<Found[]> => {
      const controls = await fromEither(examination, (replica) => controlsIn(examination, replica));
      const expected = lastExpectedSlot(deployment, region, controls, nowEpochMs);
      if (expected === null) return [fine('nothing is due: it has no monitors, or all are paused')];
      const results = await fromEither(examination, (replica) =>
        readResults(historyIn(examination, replica), region, expected, nowEpochMs),
      );
      const newest = results.at(-1);
      if (newest !== undefined) return [fine(`last slot ${humanDuration(nowEpochMs - newest.slotEpochMs)} ago`)];
      const message = `no result since the slot of ${humanInstant(expected)}`;
      return [{ state: 'problem', message, remedy: 'See docs/runbook.md#prober-not-running' }];
    }),
  );
  return (await Promise.all(looks)).flat();
};

/** The newest slot that must have a result by now; null where none is due. */
function lastExpectedSlot(
  { monitors }: Pick<Deployment, 'monitors'>,
  region: Region,
  controls: readonly Control[],
  nowEpochMs: number,
): number | null {
  const slots = monitors
    .filter((monitor) => monitor.regions.includes(region))
    .map((monitor) => ({ monitor, slot: lastSlotUntil(monitor, nowEpochMs - monitor.timeoutMs - SETTLE_MS) }))
    .filter(({ monitor, slot }) => !isPaused(monitor, slot, controls))
    .map(({ slot }) => slot);
  return slots.length === 0 ? null : Math.max(...slots);
}

type Access = Pick<Examination, 'deployment' | 'account'>;

async function progressIn({ deployment, account }: Access, writer: Region): Promise<Progress | null> {
  const get = progressGet(tableName(deployment.name), writer);
  const item = await fromEither({ deployment, account }, (replica) => account.item(replica, get));
  return progressOf(item)?.progress ?? null;
}

function controlsIn({ deployment, account }: Access, replica: Region): Promise<Control[]> {
  return readControls((input) => account.query(replica, input), tableName(deployment.name), deployment);
}

function historyIn({ deployment, account }: Access, replica: Region) {
  return {
    table: tableName(deployment.name),
    writers: [deployment.home],
    retention: deployment.retention,
    query: (input: Parameters<typeof account.query>[1]) => account.query(replica, input),
    onDamage: () => {},
  };
}

/** From home's replica; from standby's where home's does not answer. */
async function fromEither<T>({ deployment }: Access, read: (replica: Region) => Promise<T>): Promise<T> {
  try {
    return await read(deployment.home);
  } catch (error) {
    if (deployment.standby === null || kindOfAwsError(error) !== 'unreachable') throw error;
    return read(deployment.standby);
  }
}
