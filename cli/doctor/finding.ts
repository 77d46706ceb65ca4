import type { Deployment, Region } from '../../shared/monitor.ts';
import type { Identity } from '../account/account.ts';
import { awsErrorText, kindOfAwsError } from '../account/aws-error.ts';
import type { Inspection } from '../account/inspection.ts';

export type CheckName =
  | 'bootstrap'
  | 'replicas'
  | 'schedules'
  | 'dead-letters'
  | 'secrets'
  | 'subscriptions'
  | 'sms'
  | 'clock'
  | 'heartbeat'
  | 'last-slot';

/** One line of the doctor's. */
export interface Finding {
  readonly check: CheckName;
  /** Null: it is about no one region. */
  readonly region: Region | null;
  /** `unseen`: it could not be looked at, which is not the same as well. */
  readonly state: 'ok' | 'warning' | 'problem' | 'unseen';
  readonly message: string;
  /** What to do; null where nothing has to be done. */
  readonly remedy: string | null;
}

/** What every check gets. */
export interface Examination {
  readonly deployment: Deployment;
  readonly account: Inspection;
  readonly identity: Identity;
  /** This machine's clock, corrected by AWS's where that is known. */
  readonly nowEpochMs: number;
}

export type Check = (examination: Examination) => Promise<Finding[]>;

export type Found = Pick<Finding, 'state' | 'message' | 'remedy'>;

export function fine(message: string): Found {
  return { state: 'ok', message, remedy: null };
}

/**
 * Looks, and says in a finding why it could not where AWS refuses: one thing that cannot be seen must hide nothing else.
 * `permissions`: what looking needs.
 */
export async function look(
  check: CheckName,
  region: Region | null,
  permissions: string,
  work: () => Promise<readonly Found[]>,
): Promise<Finding[]> {
  try {
    return (await work()).map((found) => ({ check, region, ...found }));
  } catch (error) {
    return [{ check, region, ...whyUnseen(error, permissions) }];
  }
}

function whyUnseen(error: unknown, permissions: string): Found {
  const said = awsErrorText(error);
  const unseen = (message: string, remedy: string): Found => ({ state: 'unseen', message, remedy });
  switch (kindOfAwsError(error)) {
    case 'denied':
      return unseen('could not look: not allowed', `Allow ${permissions}.`);
    case 'unreachable':
      return unseen(`could not look: no answer (${said})`, 'Look at the network and at the AWS Health Dashboard.');
    case 'credentials':
      // The doctor has asked who it is before; what is refused here is the region.
      return unseen(`could not look: ${said}`, 'Enable the region for this account, if it is one that has to be.');
    case 'absent':
    case 'other':
      return unseen(`could not look: ${said}`, 'Try again; what stays is worth an issue.');
  }
}
