import { availableParallelism } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { CLIENTS } from './accuracy-client.ts';
import { type MeasuredRun, measureScene, type Scene, type SceneRuns, startTarget } from './accuracy-scene.ts';
import { loadAverage } from './cpu-limit.ts';

/** At one CPU and 100 fresh TLS checks in one run. */
const MARKS = { p50Ms: 0.3, p99Ms: 3, overSlowestMs: 1_500 };
const MARKED: Omit<Scene, 'client'> = { checks: 100, scheme: 'https', delay: 'constant', cpus: 1 };
/** Of the prober; the other clients, whose errors are large, run three times. */
const WARM_RUNS = 5;
const FEW: readonly Omit<Scene, 'client'>[] = [
  { ...MARKED, checks: 1 },
  { ...MARKED, checks: 10 },
  MARKED,
  { ...MARKED, delay: 'logNormal' },
  { ...MARKED, scheme: 'http' },
  { ...MARKED, cpus: 0.58 },
];
const ALL: readonly Omit<Scene, 'client'>[] = [1, 0.58].flatMap((cpus) =>
  (['https', 'http'] as const).flatMap((scheme) => [
    ...[1, 10, 100, 300].map((checks) => ({ cpus, scheme, delay: 'constant', checks }) as const),
    { cpus, scheme, delay: 'logNormal', checks: 100 } as const,
  ]),
);

/**
 * How far what the prober stores is from what the target did, beside clients that launch everything at once.
 * A machine that others use moves these numbers by more than a change of the code does: marks are printed as met or
 * missed, and only a run that measured nothing, or a check that did not pass, fails the benchmark.
 *
 * @param thoroughly the whole matrix, in four minutes; else what the marks need, within one
 */
export async function measureAccuracy(thoroughly: boolean): Promise<{ met: boolean }> {
  const target = await startTarget(Math.min(1, availableParallelism() - 1));
  let complete = true;
  let told = false;
  try {
    for (const scene of thoroughly ? ALL : FEW) {
      for (const client of CLIENTS) {
        const runs = await measureScene({ ...scene, client }, target, client === 'prober' ? WARM_RUNS : 3);
        if (!told) console.log(`${conditions(runs)}\n\n${HEADINGS}`);
        told = true;
        console.log(row({ ...scene, client }, runs));
        if (client !== 'prober') continue;
        complete &&= [runs.cold, ...runs.warm].every(
          (run) => run.errorsMs.length === scene.checks && run.results.every(({ outcome }) => outcome === 'passed'),
        );
        if (scene.delay === 'logNormal') console.log(percentiles(runs));
        if (isDeepStrictEqual(scene, MARKED)) console.log(verdicts(runs));
      }
    }
  } finally {
    await target.end();
  }
  if (!complete) console.error('Not every check of the prober passed and was measured.');
  return { met: complete };
}

function conditions({ limit, pinned }: SceneRuns): string {
  const cpu = limit === 'quota' ? 'CPU by quota' : 'no CPU quota here: everything runs on a full core';
  const cores = pinned ? 'client and target on a core each' : 'client and target wherever the system puts them';
  return [
    `${cpu}; ${cores}; load ${loadAverage()?.toFixed(1) ?? 'unknown'} before the first run.`,
    `Error: the client's first byte against the target's own record, in ms. Of ${WARM_RUNS} warm runs in one process: each`,
    'quantile is the median of the runs’ quantiles; "best" is the best run’s p99; "trusted" is the p99 of those checks,',
    '"of 100" their share, during which the prober did not stand still; "cold" is the process’s first run.',
    'fetch cannot tell a handshake from an answer: its error holds the handshake. Runs during which the machine’s host gave',
    'its CPUs to others are "disturbed", made again, and left out where three or more were not.',
  ].join('\n');
}

const WIDTHS = [5, 6, 10, 6, 11, 8, 8, 8, 8, 8, 8, 7, 9, 9, 9, 7, 7, 7, 9];
const HEADINGS = cells(
  'cpus',
  'scheme',
  'delay',
  'checks',
  'client',
  'p50',
  'p95',
  'p99',
  'max',
  'best',
  'trusted',
  'of 100',
  'cold p50',
  'cold max',
  'CPU ms/check',
  'wall ms',
  'load ms',
  'RSS MB',
  'disturbed',
);

function row(scene: Scene, { cold, warm, loadMs, disturbed }: SceneRuns): string {
  const error = (q: number) => median(warm.map((run) => quantile(run.errorsMs, q))).toFixed(2);
  return cells(
    String(scene.cpus),
    scene.scheme,
    scene.delay,
    String(scene.checks),
    scene.client,
    error(0.5),
    error(0.95),
    error(0.99),
    error(1),
    Math.min(...warm.map((run) => quantile(run.errorsMs, 0.99))).toFixed(2),
    median(warm.map((run) => quantile(run.trustedErrorsMs, 0.99))).toFixed(2),
    median(warm.map((run) => (100 * run.trustedErrorsMs.length) / run.errorsMs.length)).toFixed(0),
    quantile(cold.errorsMs, 0.5).toFixed(1),
    quantile(cold.errorsMs, 1).toFixed(1),
    median(warm.map((run) => run.cpuMs / scene.checks)).toFixed(1),
    median(warm.map((run) => run.wallMs)).toFixed(0),
    loadMs.toFixed(0),
    Math.max(...warm.map((run) => run.rssMb)).toFixed(0),
    String(disturbed),
  );
}

/** What a person would read of the run, beside what was so. */
function percentiles({ warm }: SceneRuns): string {
  const said = [0.5, 0.95, 0.99].map((q) => {
    const of = (values: (run: MeasuredRun) => readonly number[]) =>
      median(warm.map((run) => quantile(values(run), q))).toFixed(1);
    return `p${q * 100} ${of((run) => run.reportedMs)} (true: ${of((run) => run.trueMs)})`;
  });
  return `      first byte as stored: ${said.join(', ')} ms`;
}

function verdicts({ warm }: SceneRuns): string {
  const p50 = median(warm.map((run) => quantile(run.errorsMs, 0.5)));
  const p99 = median(warm.map((run) => quantile(run.errorsMs, 0.99)));
  const over = median(warm.map(overSlowest));
  const said = (name: string, value: number, mark: number) =>
    `${value <= mark ? 'met   ' : 'missed'}  ${name} ${value.toFixed(2)} ms (mark: ${mark} ms)`;
  return [
    said('p50 of the error', p50, MARKS.p50Ms),
    said('p99 of the error', p99, MARKS.p99Ms),
    said('run’s wall time over its slowest check', over, MARKS.overSlowestMs),
  ]
    .map((line) => `      ${line}`)
    .join('\n');
}

function overSlowest(run: MeasuredRun): number {
  return run.wallMs - Math.max(...run.results.map(({ totalMs }) => totalMs ?? 0));
}

/** Nearest rank. */
function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function cells(...texts: readonly string[]): string {
  return texts.map((text, column) => text.padStart(WIDTHS[column] ?? 8)).join(' ');
}
