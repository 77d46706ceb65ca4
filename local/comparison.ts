import type { MonitorStatus, RegionStatus, StatusResponse, Verdict, WindowSummary } from '../shared/api-types.ts';
import { humanDuration, humanMs, humanRatio } from '../shared/human.ts';
import { resultsNeeded } from '../shared/sketch.ts';
import { controlNote } from './control-note.ts';
import { clip, displayWidth, padEnd, padStart, printable } from './text-width.ts';

/** How a piece of text is meant; what it looks like is up to the terminal. */
export type Tone = 'good' | 'warn' | 'bad' | 'quiet' | 'strong';
export type Paint = (tone: Tone, text: string) => string;

export interface ComparisonOptions {
  /** No line is wider. */
  readonly columns: number;
  /** How many lines there is room for. Where they are too few, monitors that are up are shown without their regions. */
  readonly rows?: number;
  /** Must not change a text's width. Plain text without it. */
  readonly paint?: Paint;
}

/**
 * The regional comparison, monitor × region, as lines without newlines.
 * `—` stands for what is not known, which includes a percentile that its n cannot support; it is never 0.
 * Where it gets narrow, names are shortened, then columns left out, the percentiles' n never before them.
 */
export function renderComparison(status: StatusResponse, options: ComparisonOptions): string[] {
  const paint = options.paint ?? ((_, text) => text);
  const title = `${printable(status.name)} · the last ${humanDuration(status.rangeMs)} · ${clockText(status.asOfEpochMs)} UTC`;
  const lines = [paint('strong', clip(title, options.columns)), ''];
  if (status.monitors.length === 0) return [...lines, clip('There are no monitors.', options.columns)];

  const ending = ['', ...incidentLines(status, options.columns, paint)];
  const note = noteOnDashes(status, options.columns, paint);
  const room = (options.rows ?? Number.POSITIVE_INFINITY) - lines.length - 1 - note.length - ending.length;
  const folded = foldedToFit(status.monitors, room);
  const rows = status.monitors.flatMap((monitor) => rowsOf(monitor, folded.has(monitor), status.asOfEpochMs));
  const layout = layOut(rows, options.columns);
  lines.push(headingLine(layout, paint));
  for (const row of rows) lines.push(rowLine(layout, row, paint));
  return [...lines, ...note, ...ending];
}

/** The last ones first, and none that someone has to look at. */
function foldedToFit(monitors: readonly MonitorStatus[], room: number): ReadonlySet<MonitorStatus> {
  const folded = new Set<MonitorStatus>();
  let over = monitors.reduce((sum, { regions }) => sum + 1 + regions.length, 0) - room;
  for (const monitor of monitors.toReversed()) {
    if (over <= 0) break;
    if (monitor.verdict !== 'up') continue;
    folded.add(monitor);
    over -= monitor.regions.length;
  }
  return folded;
}

interface Row {
  readonly cells: Readonly<Record<ColumnName, string>>;
  readonly tone: Tone;
}

type ColumnName = 'monitor' | 'region' | 'verdict' | 'availability' | 'p50' | 'p95' | 'p99' | 'n' | 'latest';

interface Column {
  readonly name: ColumnName;
  readonly heading: string;
  readonly align: 'left' | 'right';
}

const COLUMNS: readonly Column[] = [
  { name: 'monitor', heading: 'MONITOR', align: 'left' },
  { name: 'region', heading: 'REGION', align: 'left' },
  { name: 'verdict', heading: 'VERDICT', align: 'left' },
  { name: 'availability', heading: 'AVAIL', align: 'right' },
  { name: 'p50', heading: 'P50', align: 'right' },
  { name: 'p95', heading: 'P95', align: 'right' },
  { name: 'p99', heading: 'P99', align: 'right' },
  { name: 'n', heading: 'N', align: 'right' },
  { name: 'latest', heading: 'LATEST', align: 'left' },
];

/** The first is left out first. */
const LEFT_OUT: readonly ColumnName[] = ['p99', 'p50', 'latest', 'p95', 'n', 'availability'];

const GAP = '  ';
const NAME_MIN = 8;
const LATEST_MIN = 12;

function rowsOf(monitor: MonitorStatus, folded: boolean, nowEpochMs: number): Row[] {
  const cells = (name: string, region: string, window: WindowSummary, verdict: string, latest: string) => ({
    monitor: name,
    region: printable(region),
    verdict,
    availability: humanRatio(window.availability),
    p50: humanMs(window.latency.p50Ms),
    p95: humanMs(window.latency.p95Ms),
    p99: humanMs(window.latency.p99Ms),
    n: String(window.latency.n),
    latest,
  });
  const controls = monitor.controls ?? [];
  const paused = controls.some(({ kind }) => kind === 'pause');
  const note = controlNote(controls, nowEpochMs);
  // That nothing is known of a paused monitor goes without saying.
  const because = monitor.because === null || paused ? '' : printable(monitor.because);
  const head: Row = {
    cells: cells(
      printable(monitor.name),
      folded ? `all ${monitor.regions.length}` : 'all',
      monitor.overall,
      paused ? 'paused' : monitor.verdict,
      [note, because].filter((part) => part !== '').join('; '),
    ),
    tone: paused ? 'quiet' : VERDICT_TONES[monitor.verdict],
  };
  const regions = monitor.regions.map((region): Row => {
    const latest = paused ? NOT_CHECKED : latestOf(region);
    return { cells: cells('', region.region, region, '', latest.text), tone: latest.tone };
  });
  return folded ? [head] : [head, ...regions];
}

const VERDICT_TONES: Readonly<Record<Verdict, Tone>> = { up: 'good', degraded: 'warn', down: 'bad', unknown: 'quiet' };

/** What was found before the pause says nothing about now. */
const NOT_CHECKED = { text: 'not checked', tone: 'quiet' } as const;

function latestOf({ latest }: RegionStatus): { readonly text: string; readonly tone: Tone } {
  if (latest === null) return { text: 'no result yet', tone: 'quiet' };
  const why = [latest.reason, latest.detail].filter((part) => part !== null).join(': ');
  switch (latest.outcome) {
    case 'passed':
      return {
        text: latest.totalMs === null ? 'passed' : humanMs(latest.totalMs),
        tone: 'good',
      };
    case 'failed':
      return { text: printable(`FAILED ${why}`), tone: 'bad' };
    case 'inconclusive':
      return { text: printable(`inconclusive ${why}`), tone: 'warn' };
  }
}

interface PlacedColumn extends Column {
  readonly width: number;
}

/** Columns and their widths, together with their gaps at most so wide. */
function layOut(rows: readonly Row[], columns: number): readonly PlacedColumn[] {
  let placed: readonly PlacedColumn[] = COLUMNS.map((column) => ({
    ...column,
    width: Math.max(displayWidth(column.heading), ...rows.map((row) => displayWidth(row.cells[column.name]))),
  }));
  placed = shrink(placed, 'latest', LATEST_MIN, columns);
  placed = shrink(placed, 'monitor', NAME_MIN, columns);
  for (const name of LEFT_OUT) {
    if (totalWidth(placed) > columns) placed = placed.filter((column) => column.name !== name);
  }
  // Room that a column left behind goes to the texts again.
  const spare = columns - totalWidth(placed);
  if (spare > 0) return grow(placed, rows, spare);
  // Narrower than anyone reads: every column ends at the edge.
  let left = columns;
  return placed.map((column) => {
    const width = Math.max(0, Math.min(column.width, left));
    left -= width + GAP.length;
    return { ...column, width };
  });
}

function totalWidth(placed: readonly PlacedColumn[]): number {
  return placed.reduce((sum, { width }) => sum + width, 0) + GAP.length * (placed.length - 1);
}

function shrink(
  placed: readonly PlacedColumn[],
  name: ColumnName,
  minimum: number,
  columns: number,
): readonly PlacedColumn[] {
  const over = Math.max(0, totalWidth(placed) - columns);
  return placed.map((column) =>
    column.name === name
      ? { ...column, width: Math.max(Math.min(minimum, column.width), column.width - over) }
      : column,
  );
}

function grow(placed: readonly PlacedColumn[], rows: readonly Row[], spare: number): readonly PlacedColumn[] {
  let left = spare;
  return placed.map((column) => {
    if (column.name !== 'monitor' && column.name !== 'latest') return column;
    const wanted = Math.max(...rows.map((row) => displayWidth(row.cells[column.name])));
    const more = Math.max(0, Math.min(left, wanted - column.width));
    left -= more;
    return { ...column, width: column.width + more };
  });
}

function headingLine(layout: readonly PlacedColumn[], paint: Paint): string {
  return paint('quiet', joined(layout.map((column) => cellOf(column, column.heading))));
}

function rowLine(layout: readonly PlacedColumn[], row: Row, paint: Paint): string {
  const cells = layout.map((column) => {
    const cell = cellOf(column, row.cells[column.name]);
    return column.name === 'verdict' || column.name === 'latest' ? paintText(paint, row.tone, cell) : cell;
  });
  return joined(cells);
}

function cellOf({ align, width }: PlacedColumn, text: string): string {
  const clipped = clip(text, width);
  return align === 'left' ? padEnd(clipped, width) : padStart(clipped, width);
}

function joined(cells: readonly string[]): string {
  return cells
    .filter((cell) => cell !== '')
    .join(GAP)
    .trimEnd();
}

/** The padding stays outside, so that the end of a line can be trimmed. */
function paintText(paint: Paint, tone: Tone, cell: string): string {
  const text = cell.trimEnd();
  return text === '' ? cell : paint(tone, text) + cell.slice(text.length);
}

/** Only where a dash stands beside an n: without results there is nothing to explain. */
function noteOnDashes(status: StatusResponse, columns: number, paint: Paint): string[] {
  const windows = status.monitors.flatMap(({ overall, regions }) => [overall, ...regions]);
  const unsupported = windows.some(({ latency }) => latency.n > 0 && latency.p99Ms === null);
  if (!unsupported) return [];
  const needs = `p50 needs ${resultsNeeded(0.5)} results, p95 ${resultsNeeded(0.95)}, p99 ${resultsNeeded(0.99)}`;
  return [paint('quiet', clip(`— is a percentile that n cannot support: ${needs}.`, columns))];
}

function incidentLines(status: StatusResponse, columns: number, paint: Paint): string[] {
  const open = status.monitors.flatMap(({ openIncidents }) => openIncidents);
  if (open.length === 0) return [paint('quiet', clip('No open incidents.', columns))];
  const lines = open
    .toSorted((a, b) => a.sinceEpochMs - b.sinceEpochMs)
    .map((incident) => {
      const text = `${incident.severity} since ${clockText(incident.sinceEpochMs)} UTC: ${printable(incident.summary)}`;
      return paint(incident.severity === 'critical' ? 'bad' : 'warn', clip(`  ${text}`, columns));
    });
  return [
    paint('strong', clip(open.length === 1 ? 'Open incident' : `Open incidents: ${open.length}`, columns)),
    ...lines,
  ];
}

function clockText(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(11, 19);
}
