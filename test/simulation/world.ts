import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { seededRandom } from '../../bench/random.ts';
import { type Aggregation, aggregate } from '../../functions/aggregator/aggregate.ts';
import { Store } from '../../functions/aggregator/store.ts';
import { readWindows } from '../../shared/history.ts';
import type { Notification } from '../../shared/incident.ts';
import type { Deployment, Region } from '../../shared/monitor.ts';
import { MINUTE_MS, SECOND_MS } from '../../shared/schedule.ts';
import { batchPut } from '../../shared/table.ts';
import { deploymentOf, failureOf, monitorOf, REGIONS, requestTo, resultOf } from '../shared/build.ts';
import { type Change, Replica } from './replica.ts';

export const HOME = 'us-east-1';
export const STANDBY = 'eu-west-1';
const START = Date.UTC(2026, 0, 5, 12);

/** Which troubles a run has. Those of networks and clocks there always are: delays, duplicates, runs that are late. */
export interface Troubles {
  /** A region is cut off from the others for a while. */
  readonly partitions: boolean;
  /** An aggregator's commands and sending fail, in the middle of a run or for a while; its runs may be missed. */
  readonly crashes: boolean;
  /** Home's aggregator is gone for a while. */
  readonly homeGone: boolean;
  /** A region's prober can reach nothing for a while. */
  readonly cutOff: boolean;
}

/** In minutes from the start, the end excluded. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export interface Outage extends Stretch {
  readonly regions: readonly Region[];
}

export interface HiddenRegion extends Stretch {
  readonly region: Region;
}

/** What came out of one of the topics. */
export interface Page {
  readonly sender: Region;
  readonly sentAtMinute: number;
  readonly notification: Notification;
}

export interface History {
  readonly outages: readonly Outage[];
  /** Regions whose results one aggregator at least could not see: cut off, or not to be read. */
  readonly hidden: readonly HiddenRegion[];
  readonly pages: readonly Page[];
  /** What is still open, or unsent, in the end. */
  readonly unfinished: readonly string[];
  /** Failures that home's windows count and that no target has had, each a sentence. */
  readonly miscounted: readonly string[];
}

/** Minutes of a run; in the last of them all is well, so that what was begun can end. */
export const MINUTES = 110;
const QUIET_MINUTES = 25;
const TABLE = 'simulated';

/** Two slots confirm an outage; some of them may have been missed, or be late. */
export const SHORTEST_OUTAGE_MINUTES = 5;

/** The one that has outages, and two whose failures are a region's own. */
const CHECKOUT = monitorOf();
const MONITORS = [
  CHECKOUT,
  ...['search', 'billing'].map((id) => monitorOf({ id, request: requestTo(`https://${id}.example/`) })),
];
const UNREACHED = { reason: 'timeout', failedPhase: 'connect', status: null, blame: 'path' } as const;

type Event = { readonly at: number; readonly nth: number; readonly run: () => Promise<void> | void };

/**
 * Three regions with a prober and a replica each, and an aggregator in two of them, in simulated time. Everything
 * that happens is derived from the seed.
 */
export async function simulate(seed: number, troubles: Troubles): Promise<History> {
  const random = seededRandom(seed);
  const chance = (probability: number) => random() < probability;
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low));
  const stretch = (low: number, high: number, length: number): Stretch => {
    const from = between(low, high);
    return { from, to: Math.min(from + length, MINUTES - QUIET_MINUTES) };
  };

  const outages = outagesOf(random);
  const partition = { ...stretch(8, 60, between(5, 30)), region: REGIONS[between(0, 3)] ?? HOME };
  const homeGone = stretch(8, 60, between(2, 30));
  const throttled = { ...stretch(8, 60, between(1, 30)), region: REGIONS[between(0, 3)] ?? HOME };
  const cutOff = { ...stretch(8, 70, between(2, 20)), region: REGIONS[between(0, 3)] ?? HOME };
  const sendingFails = { ...stretch(8, 70, between(1, 8)), region: chance(0.5) ? HOME : STANDBY };
  let now = 0;
  const isIn = ({ from, to }: Stretch) => now >= from * MINUTE_MS && now < to * MINUTE_MS;

  const events: Event[] = [];
  let nth = 0;
  const schedule = (at: number, run: Event['run']) => {
    nth += 1;
    events.push({ at, nth, run });
  };

  const replicas = new Map<Region, Replica>(REGIONS.map((region) => [region, new Replica()]));
  const isCut = (a: Region, b: Region) =>
    troubles.partitions && isIn(partition) && (a === partition.region) !== (b === partition.region);
  const carry = (change: Change, from: Region, to: Region) => {
    if (isCut(from, to)) {
      schedule(partition.to * MINUTE_MS + between(1, 20) * SECOND_MS, () => carry(change, from, to));
      return;
    }
    replicas.get(to)?.apply(change);
  };
  for (const [from, replica] of replicas) {
    replica.onChange = (change) => {
      for (const to of REGIONS) {
        if (to === from) continue;
        for (let copies = chance(0.05) ? 2 : 1; copies > 0; copies -= 1) {
          schedule(now + (chance(0.05) ? between(5_000, 60_000) : between(200, 3_000)), () => carry(change, from, to));
        }
      }
    };
  }

  const deployment = deploymentOf(MONITORS, { home: HOME, standby: STANDBY });
  const isCutOff = (region: Region, minute: number) =>
    troubles.cutOff && region === cutOff.region && minute >= cutOff.from && minute < cutOff.to;
  for (const region of REGIONS) {
    for (let minute = 0; minute < MINUTES; minute += 1) {
      if (chance(0.02)) continue; // a run that never was
      const report = () =>
        probe(replicas.get(region), deployment, region, minute, isCutOff(region, minute) ? 'cut off' : outages);
      schedule(minute * MINUTE_MS + (chance(0.05) ? between(20, 90) : between(1, 15)) * SECOND_MS, report);
      if (chance(0.05)) schedule(minute * MINUTE_MS + between(5, 100) * SECOND_MS, report);
    }
  }

  const pages: Page[] = [];
  const aggregators = new Map<Region, () => Promise<void>>();
  for (const [region, second] of [
    [HOME, 20],
    [STANDBY, 40],
  ] as const) {
    const replica = replicas.get(region);
    if (replica === undefined) throw new Error(`no replica in ${region}`);
    let commandsLeft = Number.POSITIVE_INFINITY;
    replica.faultOf = ({ name, partition: of }) => {
      commandsLeft -= 1;
      if (commandsLeft === 0) return chance(0.5) ? 'after' : 'before';
      const isThrottled = troubles.crashes && isIn(throttled) && of === `batch#${throttled.region}`;
      return isThrottled && name === 'QueryCommand' ? 'before' : null;
    };
    const aggregation = aggregationOf(deployment, region, replica, async (notification, destination) => {
      if (troubles.crashes && (chance(0.05) || (isIn(sendingFails) && sendingFails.region === region))) {
        throw new Error('the topic does not answer');
      }
      if (destination === 'topic') pages.push({ sender: region, sentAtMinute: now / MINUTE_MS, notification });
    });
    const run = async () => {
      commandsLeft = troubles.crashes && chance(0.15) ? between(1, 30) : Number.POSITIVE_INFINITY;
      const at = START + now;
      await aggregate(aggregation, at, at + MINUTE_MS - 10 * SECOND_MS).catch(() => {});
      commandsLeft = Number.POSITIVE_INFINITY;
    };
    aggregators.set(region, run);
    for (let minute = 0; minute < MINUTES; minute += 1) {
      const isGone = troubles.homeGone && region === HOME && minute >= homeGone.from && minute < homeGone.to;
      if (isGone || (troubles.crashes && chance(0.05))) continue;
      const at = minute * MINUTE_MS + (second + between(0, 10)) * SECOND_MS;
      schedule(at, run);
      if (chance(0.05)) schedule(at + between(0, 30) * SECOND_MS, run);
      // Two at once, as when a schedule delivers twice.
      if (chance(0.03)) schedule(at, async () => void (await Promise.all([run(), run()])));
    }
  }

  const take = () => {
    events.sort((a, b) => b.at - a.at || b.nth - a.nth);
    return events.pop();
  };
  for (let event = take(); event !== undefined; event = take()) {
    now = Math.max(now, event.at);
    await event.run();
  }
  const hidden = [
    ...(troubles.partitions ? [partition] : []),
    ...(troubles.crashes ? [throttled] : []),
    ...(troubles.cutOff ? [cutOff] : []),
    // The standby alone, and cut off: whoever is left sees one region.
    ...(troubles.partitions && troubles.homeGone && partition.region === STANDBY
      ? REGIONS.map((region) => ({ ...partition, region }))
      : []),
  ];
  const home = replicas.get(HOME);
  const miscounted = home === undefined ? [] : await miscountedOf(home, deployment, outages);
  return { outages, hidden, pages, unfinished: await unfinishedOf(replicas, deployment), miscounted };
}

/** Some of a majority of regions, some of one alone, with calm between them. */
function outagesOf(random: () => number): Outage[] {
  const outages: Outage[] = [];
  let at = 6 + Math.floor(random() * 6);
  while (at + SHORTEST_OUTAGE_MINUTES + 16 < MINUTES - QUIET_MINUTES) {
    const order = [...REGIONS].sort(() => random() - 0.5);
    const to = at + SHORTEST_OUTAGE_MINUTES + Math.floor(random() * 16);
    outages.push({ from: at, to, regions: order.slice(0, 1 + Math.floor(random() * 3)) });
    at = to + 12 + Math.floor(random() * 8);
  }
  return outages;
}

function isDownFrom(region: Region, minute: number, outages: readonly Outage[]): boolean {
  return outages.some(({ from, to, regions }) => minute >= from && minute < to && regions.includes(region));
}

async function probe(
  replica: Replica | undefined,
  deployment: Deployment,
  region: Region,
  minute: number,
  trouble: 'cut off' | readonly Outage[],
): Promise<void> {
  const slotEpochMs = START + minute * MINUTE_MS;
  const results = MONITORS.map(({ id: monitorId }) => {
    if (trouble === 'cut off') return failureOf({ ...UNREACHED, monitorId, slotEpochMs });
    const isDown = monitorId === CHECKOUT.id && isDownFrom(region, minute, trouble);
    return isDown ? failureOf({ monitorId, slotEpochMs }) : resultOf({ monitorId, slotEpochMs });
  });
  const put = batchPut(TABLE, { region, startEpochMs: slotEpochMs, shard: 0, results }, deployment.retention);
  // A duplicate finds that it is one.
  await replica?.client.send(new PutItemCommand(put)).catch(() => {});
}

function aggregationOf(
  deployment: Deployment,
  writer: Region,
  replica: Replica,
  deliver: Aggregation['deliver'],
): Aggregation {
  const store = new Store(replica.client, TABLE, writer, deployment.retention);
  return {
    deployment,
    writer,
    store,
    history: {
      table: TABLE,
      writers: writer === deployment.home ? [writer] : [deployment.home, writer],
      retention: deployment.retention,
      query: store.query,
      onDamage: (error) => {
        throw error;
      },
    },
    deliver,
  };
}

/** Law: our fault is never their downtime. */
async function miscountedOf(home: Replica, deployment: Deployment, outages: readonly Outage[]): Promise<string[]> {
  const { history } = aggregationOf(deployment, HOME, home, async () => {});
  const end = START + (MINUTES - QUIET_MINUTES) * MINUTE_MS;
  const miscounted: string[] = [];
  for (const region of REGIONS) {
    for (const [start, windows] of await readWindows(history, region, '5m', START, end)) {
      const first = (start - START) / MINUTE_MS;
      const down = [0, 1, 2, 3, 4].filter((minute) => isDownFrom(region, first + minute, outages)).length;
      for (const [id, { failed }] of windows) {
        if (failed > (id === CHECKOUT.id ? down : 0)) miscounted.push(`${failed} of ${id} from ${region} at ${first}`);
      }
    }
  }
  return miscounted;
}

async function unfinishedOf(replicas: ReadonlyMap<Region, Replica>, deployment: Deployment): Promise<string[]> {
  const unfinished: string[] = [];
  for (const [region, replica] of replicas) {
    for (const writer of [HOME, STANDBY]) {
      const store = new Store(replica.client, TABLE, writer, deployment.retention);
      for (const { incident, outbox } of await store.loadAlerts()) {
        if (incident.status === 'open') unfinished.push(`${writer}'s ${incident.subject} is open in ${region}`);
        if (outbox.length > 0)
          unfinished.push(`${writer} has ${outbox.length} of ${incident.subject} unsent in ${region}`);
      }
    }
  }
  return unfinished;
}
