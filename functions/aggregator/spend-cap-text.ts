import { endOf } from '../../shared/control.ts';
import { humanInstant } from '../../shared/human.ts';
import type { Incident, Notification } from '../../shared/incident.ts';
import { isSameCap } from '../../shared/spend-cap.ts';
import { targetOf } from '../../shared/target.ts';
import type { CapChange } from './cap-spending.ts';
import { compose, row, since } from './notification-text.ts';

/** That a monitor is paused by its spend cap, or goes on. */
export function spendCapNotification({ monitor, kind, slotEpochMs, control, ...change }: CapChange): Notification {
  const isOver = kind === 'resolved';
  const headline = isOver ? 'is checked again' : 'is PAUSED: its spend cap is reached';
  const incident: Incident = { ...change.incident, summary: `${monitor.id} ${headline}` };
  const end = endOf(control);
  const isChanged = !isSameCap(monitor.spendCap, control.spendCap);
  const itsEnd = isChanged ? 'its cap was changed in the definitions' : 'its period is over';
  const goesOn = control.endedEarly === null ? itsEnd : `ended by ${control.endedEarly.by}`;
  const body = [
    `${monitor.name} ${headline}.`,
    '',
    row('What', targetOf(monitor)),
    row('Why', isOver ? goesOn : (control.reason ?? 'its spend cap is reached')),
    row('Since', since(incident, slotEpochMs)),
    isOver
      ? null
      : row('Fault', 'nobody is known to be at fault: a price, a longer answer, or a cap that is too tight'),
    row('Meaning', isOver ? 'its slots count again' : `it is not checked until ${humanInstant(end)}`),
    isOver ? null : row('Do', `to go on in this period all the same: npx parallax resume ${monitor.id}`),
    monitor.runbook === null ? null : row('Runbook', monitor.runbook),
    row('Incident', `${incident.id} (${incident.severity})`),
  ];
  return compose(incident, kind, slotEpochMs, headline, `until ${humanInstant(end)}`, body, []);
}
