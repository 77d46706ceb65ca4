import { humanDuration } from '../../shared/human.ts';
import type { RegionEvidence } from '../../shared/incident.ts';
import type { Judgement } from './judge.ts';

/** What is particular in the words about a job that calls. Null where a monitor's usual words do. */

/** `MISSED its heartbeat`, to stand after the monitor's name. */
export function heartbeatHeadline({
  monitor,
  policy,
  kind,
  evidence,
  incident,
  slotEpochMs,
}: Judgement): string | null {
  if (monitor.type !== 'heartbeat') return null;
  const reason = failureOf(evidence)?.reason;
  const lasted = humanDuration(slotEpochMs - incident.sinceEpochMs);
  // What ends it may be a call, or that its token can be read again: nobody says `has called` on that.
  if (policy === null) {
    return kind !== 'resolved' && reason === 'missed' ? 'has NEVER CALLED: no heartbeat since it was defined' : null;
  }
  if (policy.metric.kind !== 'availability') return null;
  if (kind === 'resolved') return `is back: its job succeeded again, after ${lasted}`;
  switch (reason) {
    case 'missed':
      return 'MISSED its heartbeat';
    case 'job-failed':
      return 'FAILED: its job says so';
    case 'expectation':
      return 'took TOO LONG';
    default:
      return null;
  }
}

export function heartbeatFault({ monitor, evidence }: Judgement): string | null {
  if (monitor.type !== 'heartbeat') return null;
  switch (failureOf(evidence)?.reason) {
    case 'missed':
      return 'the job, what starts it, or its way to the heartbeat URL: Parallax was reading, and nothing came';
    case 'job-failed':
      return 'the job: it said so itself';
    case 'expectation':
      return 'the job: it took longer than allowed';
    default:
      return null;
  }
}

/** A few words for an SMS. */
export function heartbeatReason({ monitor, evidence }: Judgement): string | null {
  if (monitor.type !== 'heartbeat') return null;
  const { everyMs, graceMs } = monitor.heartbeat;
  switch (failureOf(evidence)?.reason) {
    case 'missed':
      return `due every ${humanDuration(everyMs)}, grace ${humanDuration(graceMs)}`;
    default:
      return null;
  }
}

function failureOf(evidence: readonly RegionEvidence[]): RegionEvidence['failure'] {
  return evidence.find(({ failure }) => failure !== null)?.failure ?? null;
}
