import type { Deployment, HeartbeatMonitor, Monitor, Region } from '../monitor.ts';
import { BATCH_GROUP_MS, MINUTE_MS } from '../schedule.ts';
import { streamMetrics } from '../stream-metrics.ts';
import { LEVEL_MS, type Level, retentionOf } from '../table.ts';
import {
  CALLS_PER_JOB_RUN,
  HEARTBEAT_BYTES,
  INCIDENTS_PER_MONTH,
  ITEM_STORAGE_BYTES,
  MINUTES_PER_MONTH,
  NOTIFICATION_WRITE_UNITS,
  NOTIFICATIONS_PER_INCIDENT,
  PROGRESS_BYTES,
  PROGRESS_REGION_BYTES,
} from './assumed.ts';
import { heldMs, storedLookBacks } from './look-back.ts';
import {
  BATCH_BYTES,
  RESULT_BYTES,
  RESULT_METRIC_BYTES,
  RESULT_STEP_BYTES,
  WINDOW_BYTES,
  WINDOW_METRIC_BYTES,
  WINDOWS_BYTES,
} from './measured.ts';
import { dueInMinute } from './run-time.ts';
import { shardsOf } from './shards.ts';

/** What is asked of the table, on average. Every write happens in every replica. */
export interface TableUse {
  readonly checksPerMonth: number;
  /** Of each replica. */
  readonly writeUnitsPerMonth: number;
  /** The same by what is written. */
  readonly writeUnits: Readonly<Record<WriteKind, number>>;
  readonly writtenBytesPerMonth: number;
  /** Of each replica, once every ring is full. */
  readonly storedBytes: number;
  /** Of the aggregator that works; of the other, which reads heartbeats; of a prober's, which reads what is paused. */
  readonly readUnitsPerRun: number;
  readonly readUnitsPerIdleRun: number;
  readonly readUnitsPerProberRun: number;
  /** Of home's prober, beside those, where a shard has heartbeats: what jobs have called. */
  readonly readUnitsPerHeartbeatsRun: number;
  /** Calls of jobs. */
  readonly heartbeatsPerMonth: number;
  /** Results that a run of the aggregator looks at. */
  readonly resultsPerRun: number;
}

export type WriteKind = 'batches' | Level | 'progress' | 'notifications' | 'heartbeats';

/** DynamoDB's units. */
const WRITE_UNIT_BYTES = 1_024;
const READ_UNIT_BYTES = 4_096;
const LEVELS: readonly Level[] = ['5m', '1h', '1d'];

export function tableUse(deployment: Deployment): TableUse {
  const regions = probedRegions(deployment);
  const batches = regions.map(({ monitors }) => batchesOf(monitors));
  const held = heldMs(deployment) / MINUTE_MS;
  const aggregators = deployment.standby === null ? 1 : 2;
  const jobs = deployment.monitors.filter((monitor) => monitor.type === 'heartbeat');
  const heartbeatsPerMonth = sum(jobs, heartbeatsIn);
  const progressBytes = PROGRESS_BYTES + regions.length * PROGRESS_REGION_BYTES;
  const writes: Written[] = [
    ...batches.map((each): Written => ({ kind: 'batches', ...each.perMinute, times: MINUTES_PER_MONTH })),
    ...regions.flatMap(({ monitors }) => LEVELS.map((level) => windowsWritten(monitors, level))),
    { kind: 'progress', bytes: progressBytes, units: unitsOf(progressBytes), times: MINUTES_PER_MONTH * aggregators },
    {
      kind: 'notifications',
      bytes: NOTIFICATION_WRITE_UNITS * WRITE_UNIT_BYTES,
      units: NOTIFICATION_WRITE_UNITS,
      times: INCIDENTS_PER_MONTH * NOTIFICATIONS_PER_INCIDENT,
    },
    { kind: 'heartbeats', bytes: HEARTBEAT_BYTES, units: unitsOf(HEARTBEAT_BYTES), times: heartbeatsPerMonth },
  ];
  const unitsOfKind = (kind: WriteKind) => sum(writes, (each) => (each.kind === kind ? each.units * each.times : 0));
  const checksPerMinute = sum(batches, ({ results }) => results);
  // Progress, alerts and controls of either aggregator.
  const headReads = aggregators * (Math.ceil(progressBytes / READ_UNIT_BYTES) + 2);
  return {
    checksPerMonth: checksPerMinute * MINUTES_PER_MONTH,
    writeUnitsPerMonth: sum(writes, ({ units, times }) => units * times),
    writeUnits: {
      batches: unitsOfKind('batches'),
      '5m': unitsOfKind('5m'),
      '1h': unitsOfKind('1h'),
      '1d': unitsOfKind('1d'),
      progress: unitsOfKind('progress'),
      notifications: unitsOfKind('notifications'),
      heartbeats: unitsOfKind('heartbeats'),
    },
    writtenBytesPerMonth: sum(writes, ({ bytes, times }) => bytes * times),
    storedBytes: sum(regions, ({ monitors }, i) => stored(deployment, monitors, batches[i])),
    readUnitsPerRun:
      headReads +
      sum(batches, ({ perMinute }) => Math.ceil((perMinute.bytes * held) / READ_UNIT_BYTES)) +
      sum(regions, ({ monitors }) => windowReads(monitors)),
    readUnitsPerIdleRun: headReads + 2,
    // Controls of either aggregator, not consistently.
    readUnitsPerProberRun: aggregators / 2,
    readUnitsPerHeartbeatsRun: Math.ceil((jobs.length * HEARTBEAT_BYTES) / READ_UNIT_BYTES),
    heartbeatsPerMonth,
    resultsPerRun: checksPerMinute * held,
  };
}

/** Calls of a job in a month that all goes well. */
function heartbeatsIn({ heartbeat }: HeartbeatMonitor): number {
  return (CALLS_PER_JOB_RUN * MINUTES_PER_MONTH * MINUTE_MS) / heartbeat.everyMs;
}

/** Every region that any monitor is checked from, with those monitors. */
export function probedRegions(deployment: Deployment): { readonly region: Region; readonly monitors: Monitor[] }[] {
  return deployment.regions
    .map((region) => ({ region, monitors: deployment.monitors.filter((each) => each.regions.includes(region)) }))
    .filter(({ monitors }) => monitors.length > 0);
}

/** Checks of a monitor from one region in a stretch of time, on average. */
export function checksIn({ everyMs }: Pick<Monitor, 'everyMs'>, ms: number): number {
  return ms / everyMs;
}

interface Written {
  readonly kind: WriteKind;
  readonly bytes: number;
  readonly units: number;
  /** A month. */
  readonly times: number;
}

interface Batches {
  /** A minute's. */
  readonly results: number;
  /** Items a minute. */
  readonly items: number;
  readonly perMinute: { readonly bytes: number; readonly units: number };
}

/** A region's batches: one for each shard and group of slots in which anything is due. */
function batchesOf(monitors: readonly Monitor[]): Batches {
  let [results, items, bytes, units] = [0, 0, 0, 0];
  for (const members of shardsOf(monitors).values()) {
    for (let start = 0; start < MINUTE_MS; start += BATCH_GROUP_MS) {
      const group = groupOf(members, start);
      if (group.results === 0) continue;
      const itemBytes = BATCH_BYTES + group.resultBytes / group.chance;
      results += group.results;
      items += group.chance;
      bytes += group.chance * itemBytes;
      units += group.chance * unitsOf(itemBytes);
    }
  }
  return { results, items, perMinute: { bytes, units } };
}

/** What falls into the group that starts so long after the minute, on average, and the chance that anything does. */
function groupOf(monitors: readonly Monitor[], startMs: number) {
  let [results, resultBytes, none] = [0, 0, 1];
  for (const monitor of monitors) {
    const due =
      monitor.everyMs >= MINUTE_MS
        ? startMs === 0
          ? dueInMinute(monitor)
          : 0
        : slotsBelow(monitor, startMs + BATCH_GROUP_MS) - slotsBelow(monitor, startMs);
    results += due;
    const ownBytes = metricsOf(monitor) * RESULT_METRIC_BYTES + stepsIn(monitor) * RESULT_STEP_BYTES;
    resultBytes += due * (RESULT_BYTES + ownBytes);
    none *= Math.max(0, 1 - due);
  }
  return { results, resultBytes, chance: 1 - none };
}

/** Numbers of its own that each result of a monitor may bring. */
function metricsOf(monitor: Monitor): number {
  if (monitor.type === 'http' && monitor.stream !== undefined) {
    return monitor.metrics.length + streamMetrics(monitor.stream.format, monitor.stream.price).length;
  }
  if (monitor.type !== 'flow') return monitor.metrics.length;
  const steps = [...monitor.steps, ...monitor.cleanup];
  const times = steps.length + (monitor.cleanup.length > 0 ? 1 : 0);
  return steps.reduce((sum, step) => sum + step.metrics.length, times);
}

function stepsIn(monitor: Monitor): number {
  return monitor.type === 'flow' ? monitor.steps.length + monitor.cleanup.length : 0;
}

function slotsBelow({ everyMs }: Monitor, ms: number): number {
  return Math.ceil(ms / everyMs);
}

function windowsWritten(monitors: readonly Monitor[], level: Level): Written {
  const bytes = windowItemBytes(monitors, level);
  return { kind: level, bytes, units: unitsOf(bytes), times: (MINUTES_PER_MONTH * MINUTE_MS) / LEVEL_MS[level] };
}

/** All monitors' windows of one stretch; a monitor that is seldom due is in some of them only. */
function windowItemBytes(monitors: readonly Monitor[], level: Level): number {
  const windows = sum(monitors, (monitor) => {
    const checks = checksIn(monitor, LEVEL_MS[level]);
    const one =
      monitor.id.length + between(WINDOW_BYTES, checks) + metricsOf(monitor) * between(WINDOW_METRIC_BYTES, checks);
    return Math.min(1, checks) * one;
  });
  return WINDOWS_BYTES + windows;
}

/** Read once an hour and a day to make the next level, and every minute by policies that look back further than memory does. */
function windowReads(monitors: readonly Monitor[]): number {
  const units = (level: Level, count: number) =>
    count === 0 ? 0 : Math.ceil((count * windowItemBytes(monitors, level)) / READ_UNIT_BYTES);
  const rollUps = units('5m', 12) / 60 + units('1h', 24) / (24 * 60);
  const policies = sum(
    storedLookBacks(monitors),
    ({ chance, windows }) => chance * sum(LEVELS, (level) => units(level, windows[level])),
  );
  return rollUps + policies;
}

function stored({ retention }: Deployment, monitors: readonly Monitor[], batches: Batches | undefined): number {
  const minutes = retention.resultsMs / MINUTE_MS;
  const results = batches === undefined ? 0 : batches.perMinute.bytes + batches.items * ITEM_STORAGE_BYTES;
  const windows = sum(
    LEVELS,
    (level) =>
      (windowItemBytes(monitors, level) + ITEM_STORAGE_BYTES) * (retentionOf(level, retention) / LEVEL_MS[level]),
  );
  return minutes * results + windows;
}

/** Between the measured points in proportion to the logarithm of the count; the ends hold beyond them. */
function between(points: readonly (readonly [count: number, bytes: number])[], count: number): number {
  const after = points.findIndex(([at]) => at >= count);
  const [high, low] = [points[after === -1 ? points.length - 1 : after], points[after - 1]];
  if (high === undefined) return 0;
  if (low === undefined || after === -1) return high[1];
  const part = Math.log(count / low[0]) / Math.log(high[0] / low[0]);
  return low[1] + part * (high[1] - low[1]);
}

function unitsOf(bytes: number): number {
  return Math.ceil(bytes / WRITE_UNIT_BYTES);
}

function sum<T>(values: readonly T[], of: (value: T, index: number) => number): number {
  return values.reduce((total, value, index) => total + of(value, index), 0);
}
