import type { Blame } from '../../shared/result.ts';
import { type Failure, isRefused } from './failure.ts';

/**
 * Whose fault a failure looks like by itself, before anything was tried again. Null for what our own rules refused:
 * neither the target nor the prober is to blame for a definition.
 */
export function blameOf(failure: Failure): Blame | null {
  switch (failure.reason) {
    case 'prober':
      return 'prober';
    case 'dns':
      return 'dns';
    case 'tls':
      return 'tls';
    // Who refuses is there.
    case 'connect':
      return isRefused(failure) ? 'target' : 'path';
    case 'timeout':
      return blameOfTimeout(failure);
    case 'status':
    case 'expectation':
    case 'protocol':
    case 'too-large':
      return 'target';
    // Heartbeats are judged elsewhere.
    case 'missed':
    case 'job-failed':
    case 'awaiting':
    case 'blocked-address':
      return null;
  }
}

function blameOfTimeout({ failedPhase }: Failure): Blame {
  switch (failedPhase) {
    case 'dns':
      return 'dns';
    case 'connect':
      return 'path';
    case 'tls':
      return 'tls';
    case 'firstByte':
    case 'download':
      return 'target';
    // Nothing was sent out: it was us who took all that time.
    case null:
      return 'prober';
  }
}
