import { GetScheduleCommand, type SchedulerClient } from '@aws-sdk/client-scheduler';
import type { Region } from '../../shared/monitor.ts';
import { kindOfAwsError } from './aws-error.ts';
import type { Inspection } from './inspection.ts';

export function inspectSchedules(clientOf: (region: Region) => SchedulerClient): Pick<Inspection, 'schedule'> {
  return {
    schedule: async (region, Name) => {
      try {
        const { State } = await clientOf(region).send(new GetScheduleCommand({ Name }));
        return State === 'DISABLED' ? 'DISABLED' : 'ENABLED';
      } catch (error) {
        if (kindOfAwsError(error) === 'absent') return null;
        throw error;
      }
    },
  };
}
