import {
  CreateScheduleCommand,
  DeleteScheduleCommand,
  GetScheduleCommand,
  ListSchedulesCommand,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import type { RegionalAccount } from './account.ts';

export async function scheduleNames({ scheduler }: RegionalAccount): Promise<string[]> {
  const { Schedules: schedules = [] } = await scheduler.send(new ListSchedulesCommand({}));
  return schedules.map(({ Name: name = '' }) => name);
}

/** Switches everything that runs in the region on or off, as its loss and its return would. */
export async function switchSchedules(account: RegionalAccount, state: 'ENABLED' | 'DISABLED'): Promise<void> {
  for (const Name of await scheduleNames(account)) {
    const { ScheduleExpression, FlexibleTimeWindow, Target } = await account.scheduler.send(
      new GetScheduleCommand({ Name }),
    );
    const same = { Name, ScheduleExpression, FlexibleTimeWindow, Target };
    await account.scheduler.send(new UpdateScheduleCommand({ ...same, State: state }));
  }
}

/** Has a schedule's function invoked once, now, with another event than its own. */
export async function invokeOnce(account: RegionalAccount, scheduleName: string, event: object): Promise<void> {
  const { Target: target } = await account.scheduler.send(new GetScheduleCommand({ Name: scheduleName }));
  await account.scheduler.send(
    new CreateScheduleCommand({
      Name: `${scheduleName}-once`,
      ScheduleExpression: 'at(2020-01-01T00:00:00)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Arn: target?.Arn, RoleArn: target?.RoleArn, Input: JSON.stringify(event) },
    }),
  );
}

export async function forgetInvocation({ scheduler }: RegionalAccount, scheduleName: string): Promise<void> {
  await scheduler.send(new DeleteScheduleCommand({ Name: `${scheduleName}-once` }));
}
