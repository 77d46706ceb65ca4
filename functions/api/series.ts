import type { MonitorResponse, SeriesPoint } from '../../shared/api-types.ts';
import { cover, floorTo, type History, readWindows } from '../../shared/history.ts';
import { judgedResults } from '../../shared/judged-results.ts';
import type { Deployment, Monitor, Region } from '../../shared/monitor.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../shared/schedule.ts';
import { LEVEL_MS, type Level } from '../../shared/table.ts';
import { WindowStats } from '../../shared/window.ts';
import { summaryOf } from './summaries.ts';

/** At most a few hundred points a region: the finest step that allows it. */
function stepOf(rangeMs: number): { readonly stepMs: number; readonly levels: readonly Level[] } {
  if (rangeMs <= 2 * HOUR_MS) return { stepMs: MINUTE_MS, levels: [] };
  if (rangeMs <= DAY_MS) return { stepMs: LEVEL_MS['5m'], levels: ['5m'] };
  if (rangeMs <= 14 * DAY_MS) return { stepMs: HOUR_MS, levels: ['1h', '5m'] };
  return { stepMs: DAY_MS, levels: ['1d', '1h', '5m'] };
}

/** A monitor's course over [now − range, now), a series per region; steps without a result are left out. */
export async function seriesOf(
  monitor: Monitor,
  deployment: Deployment,
  history: History,
  closedUntilEpochMs: number,
  rangeMs: number,
  nowEpochMs: number,
): Promise<MonitorResponse> {
  const { stepMs, levels } = stepOf(rangeMs);
  const fromEpochMs = floorTo(nowEpochMs - rangeMs, stepMs);
  const read = judgedResults(history, deployment);
  const pointsOf = async (region: Region): Promise<SeriesPoint[]> => {
    const steps = new Map<number, WindowStats>();
    const at = (epochMs: number): WindowStats => {
      const start = floorTo(epochMs, stepMs);
      const stats = steps.get(start) ?? new WindowStats();
      steps.set(start, stats);
      return stats;
    };
    for (const segment of cover(fromEpochMs, nowEpochMs, levels.length === 0 ? 0 : closedUntilEpochMs, levels)) {
      if (segment.level === 'results') {
        for (const result of await read(region, segment.fromEpochMs, segment.toEpochMs)) {
          if (result.monitorId === monitor.id) at(result.slotEpochMs).add(result, monitor.slo?.responseTimeMs ?? null);
        }
        continue;
      }
      const stored = await readWindows(history, region, segment.level, segment.fromEpochMs, segment.toEpochMs);
      for (const [start, windows] of stored) {
        const stats = windows.get(monitor.id);
        if (stats !== undefined) at(start).merge(stats);
      }
    }
    return [...steps].sort(([a], [b]) => a - b).map(([startEpochMs, stats]) => ({ startEpochMs, ...summaryOf(stats) }));
  };
  const regions = monitor.regions.map(async (region) => ({ region, points: await pointsOf(region) }));
  return { id: monitor.id, name: monitor.name, rangeMs, stepMs, regions: await Promise.all(regions) };
}
