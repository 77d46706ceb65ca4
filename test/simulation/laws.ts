import { MINUTE_MS } from '../../shared/schedule.ts';
import type { HiddenRegion, History, Outage, Page, Troubles } from './world.ts';

/** From an outage's first slot to the first page: two slots confirm it, late data is waited for, the standby takes over. */
const PAGED_WITHIN_MINUTES = 13;
const DOWN = 'down';

/** What a history has that must not be, each a sentence. */
export function violationsOf(history: History, troubles: Troubles): string[] {
  const { outages, hidden, pages, unfinished, miscounted } = history;
  const isCalm = !troubles.partitions && !troubles.crashes && !troubles.homeGone;
  const down = pages.filter(({ notification }) => notification.incident.policyId === DOWN);
  const majority = outages.filter((outage) => outage.regions.length >= 2);
  const seen = majority.filter((outage) => isSeen(outage, hidden));
  return [
    ...seen.flatMap((outage) => unpaged(outage, down)),
    ...down
      .filter((page) => isOpening(page) && !majority.some((outage) => explains(outage, page)))
      .map((page) => `a page at minute ${page.sentAtMinute} without an outage of a majority`),
    ...unrecovered(pages),
    ...(isCalm ? repeated(pages) : []),
    ...unfinished,
    ...miscounted,
  ];
}

/** Whether somebody can know of two regions that fail: one region's fault is never an outage. */
function isSeen(outage: Outage, hidden: readonly HiddenRegion[]): boolean {
  const meanwhile = hidden.filter(({ from, to }) => from <= outage.to && to >= outage.from);
  return outage.regions.filter((region) => meanwhile.every((one) => one.region !== region)).length >= 2;
}

function unpaged(outage: Outage, pages: readonly Page[]): string[] {
  const until = outage.from + PAGED_WITHIN_MINUTES;
  const isPaged = pages.some(
    (page) => isOpening(page) && page.sentAtMinute >= outage.from && page.sentAtMinute <= until,
  );
  return isPaged ? [] : [`the outage from minute ${outage.from} was not paged by minute ${until}`];
}

function explains(outage: Outage, { notification }: Page): boolean {
  const minute = Math.floor((notification.slotEpochMs % (24 * 60 * MINUTE_MS)) / MINUTE_MS) - 12 * 60;
  return minute >= outage.from && minute <= outage.to + 1;
}

/** Incidents that somebody was told of, and of whose end nobody was. */
function unrecovered(pages: readonly Page[]): string[] {
  const ids = new Set(pages.map(({ notification }) => notification.incident.id));
  return [...ids].flatMap((id) => {
    const own = pages.filter(({ notification }) => notification.incident.id === id);
    const isOver = own.some(({ notification }) => notification.kind === 'resolved');
    const [first] = own;
    return isOver ? [] : [`${id} of ${first?.notification.incident.subject} was never said to be over`];
  });
}

function repeated(pages: readonly Page[]): string[] {
  const ids = pages.map(({ notification }) => notification.id);
  const twice = new Set(ids.filter((id, index) => ids.indexOf(id) !== index));
  const standby = pages.filter(({ sender }) => sender !== 'us-east-1').map(({ notification }) => notification.id);
  return [
    ...[...twice].map((id) => `${id} was sent twice without a reason`),
    ...standby.map((id) => `${id} was sent by the standby while home was well`),
  ];
}

function isOpening({ notification }: Page): boolean {
  return notification.kind === 'opened';
}
