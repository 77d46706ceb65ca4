import { padEnd, padStart } from '../local/text-width.ts';
import { MINUTES_PER_MONTH } from '../shared/plan/assumed.ts';
import { type CostLine, LINE_NAMES, type LineName } from '../shared/plan/cost.ts';
import type { Plan } from '../shared/plan/plan.ts';
import { PRICE_UNITS } from '../shared/plan/prices.ts';
import type { PlannedShard, RegionResources } from '../shared/plan/resources.ts';

/** Runs of a minute's monitors end within seconds. */
const LONG_RUN_MS = 20_000;

/** The plan as a person reads it. */
export function planTable(plan: Plan): string {
  return [creation(plan), work(plan), costs(plan), comparison(plan), notes(plan)].join('\n');
}

function creation(plan: Plan): string {
  const heading = [
    'region',
    'is',
    'monitors',
    'prober',
    'shards',
    'aggregator',
    'schedules',
    'queues',
    'alarms',
    'logs',
  ];
  const rows = plan.regions.map((region) => [
    region.region,
    roles(region),
    count(region.monitors),
    sizeOf(region, 'prober'),
    region.isProbed ? count(region.shards.length) : '—',
    sizeOf(region, 'aggregator'),
    ...[region.schedules, region.queues, region.alarms, region.logGroups].map(count),
  ]);
  return `${plan.name} creates, with a replica of the table in each region:\n\n${table([heading, ...rows], [0, 1, 3, 5])}`;
}

function roles({ isHome, isStandby, isProbed }: RegionResources): string {
  return [isHome ? 'home' : null, isStandby ? 'standby' : null, isProbed ? 'probes' : null].filter(Boolean).join(', ');
}

function sizeOf({ functions }: RegionResources, kind: string): string {
  const found = functions.find((each) => each.kind === kind);
  return found === undefined ? '—' : `${count(found.memoryMb)} MB, ${count(found.timeoutMs / 1_000)} s`;
}

function work(plan: Plan): string {
  const { table: use } = plan;
  const shards = plan.regions.flatMap(({ region, shards: own }) => own.map((shard) => ({ ...shard, region })));
  const runs = plan.regions.reduce((sum, { schedules }) => sum + schedules, 0) * MINUTES_PER_MONTH;
  const perCheck = use.checksPerMonth === 0 ? 0 : use.writeUnitsPerMonth / use.checksPerMonth;
  const facts = [
    ['checks', count(use.checksPerMonth)],
    ['runs of functions', count(runs)],
    ['a prober’s run', `${range(shards, 'expectedMs')} expected, ${range(shards, 'longestMs')} where all targets hang`],
    ['an aggregator’s run', `${seconds(plan.aggregatorRunMs)}, over ${count(use.resultsPerRun)} results`],
    ['write units', `${count(use.writeUnitsPerMonth)} in each replica, ${perCheck.toFixed(3)} a check`],
    ['read units', `${use.readUnitsPerRun.toFixed(1)} a run of the aggregator`],
    ['stored', `${gigabytes(use.storedBytes)} in each replica, once old results make way for new ones`],
  ];
  return `In a month of ${MINUTES_PER_MONTH / 24 / 60} days:\n\n${table(facts, [0, 1])}`;
}

function range(shards: readonly PlannedShard[], which: 'expectedMs' | 'longestMs'): string {
  const all = shards.map(({ runTime }) => runTime[which]);
  if (all.length === 0) return '—';
  const [low, high] = [seconds(Math.min(...all)), seconds(Math.max(...all))];
  return low === high ? low : `${low} to ${high}`;
}

function costs(plan: Plan): string {
  const millions = plan.table.checksPerMonth / 1_000_000;
  const perMillion = (amount: number) => (millions === 0 ? '—' : dollars(amount / millions));
  const rows = LINE_NAMES.flatMap((name): string[][] => {
    const lines = plan.lines.filter((line) => line.name === name);
    if (lines.length === 0) return [];
    const amount = sum(lines.map((line) => line.dollars));
    return [[name, quantityOf(lines), priceOf(lines), dollars(amount), perMillion(amount)]];
  });
  const total = ['all', '', '', dollars(plan.dollarsPerMonth), perMillion(plan.dollarsPerMonth)];
  const heading = ['', 'quantity', 'unit price', '$ a month', '$ a million checks'];
  const byRegion = plan.regions.map(({ region }) => {
    const own = sum(plan.lines.filter((line) => line.region === region).map((line) => line.dollars));
    return [region, dollars(own)];
  });
  return `It costs:\n\n${table([heading, ...rows, total], [0])}\nBy region:\n\n${table(byRegion, [0])}`;
}

function quantityOf(lines: readonly CostLine[]): string {
  const total = sum(lines.map(({ quantity }) => quantity));
  return total < 100 ? total.toFixed(2) : count(total);
}

function priceOf(lines: readonly CostLine[]): string {
  const [first] = lines;
  if (first === undefined) return '';
  const { unit, per } = PRICE_UNITS[first.price];
  const amounts = lines.map(({ unitPrice }) => unitPrice);
  const [low, high] = [Math.min(...amounts), Math.max(...amounts)];
  const amount = low === high ? `$${low}` : `$${low} to $${high}`;
  return per === 1 ? `${amount} / ${unit}` : `${amount} / million ${unit}`;
}

function comparison({ alternatives, dollarsPerMonth }: Plan): string {
  const times = (other: number) => (dollarsPerMonth === 0 ? '—' : `${ratio(other / dollarsPerMonth)} times`);
  const { synthetics, oneRunPerCheck } = alternatives;
  return `The same checks would cost:\n\n${table(
    [
      ['on CloudWatch Synthetics', dollars(synthetics), times(synthetics)],
      ['with a run and an item for each', dollars(oneRunPerCheck), times(oneRunPerCheck)],
    ],
    [0],
  )}`;
}

function notes(plan: Plan): string {
  const own = plan.prices.regions;
  const where =
    Object.keys(own).length === 0 ? 'the same in every region' : `with own prices in ${Object.keys(own).join(', ')}`;
  return [
    ...lastingNote(plan),
    `Prices as of ${plan.prices.asOf}, ${where}. Free tiers are not taken off: an account has them once, for all that runs in it.`,
    `A month in which every target hangs until its timeout would cost ${dollars(plan.outageDollarsPerMonth)}.`,
    `AWS adds or removes one replica with each update of a table. A new table gets all ${plan.regions.length} at once; where it exists already, as many deploys are needed as regions come or go.`,
    '',
  ].join('\n');
}

/** What nobody expects of five seconds instead of a minute. */
function lastingNote({ regions, lines }: Plan): string[] {
  const lasting = regions.flatMap(({ shards }) => shards.filter(({ runTime }) => runTime.expectedMs > LONG_RUN_MS));
  if (lasting.length === 0) return [];
  const proberTime = sum(lines.filter(({ name }) => name === 'prober time').map((line) => line.dollars));
  return [
    `Monitors that are due several times a minute keep ${count(lasting.length)} ${lasting.length === 1 ? 'run' : 'runs'} of the prober alive for most of each minute: that is most of the ${dollars(proberTime)} for prober time.`,
  ];
}

/** The names that cost most, all regions together, with their sums. */
export function costliestLines(
  plan: Plan,
  most: number,
): readonly { readonly name: LineName; readonly dollars: number }[] {
  return LINE_NAMES.map((name) => ({
    name,
    dollars: sum(plan.lines.filter((line) => line.name === name).map((line) => line.dollars)),
  }))
    .sort((a, b) => b.dollars - a.dollars)
    .slice(0, most);
}

export function dollars(amount: number): string {
  if (amount > 0 && amount < 0.005) return '<$0.01';
  return `$${amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}

function ratio(times: number): string {
  return times < 10 ? times.toFixed(1) : count(times);
}

function count(n: number): string {
  return Math.round(n).toLocaleString('en-US');
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1_073_741_824).toFixed(2)} GB`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Columns two spaces apart, to the right but for those named. */
function table(rows: readonly (readonly string[])[], left: readonly number[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (left.includes(column) ? padEnd : padStart)(cell, widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `  ${line}\n`)
    .join('');
}
