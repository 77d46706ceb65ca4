import { humanNumber } from '../shared/human.ts';
import { type Outcome, PHASES, type Result } from '../shared/result.ts';
import { type CheckedFile, SKIPPED_BECAUSE } from './check-run.ts';
import { type FlowStepMade, stepsOf } from './flow-steps.ts';

const MARKS: Readonly<Record<Outcome, string>> = { passed: '✓', failed: '✗', inconclusive: '?' };

const HEADINGS = ['', 'monitor', 'status', 'total', 'dns', 'connect', 'tls', 'first byte', 'download'];

/** Columns before this one are text, and stand left; numbers stand right. */
const FIRST_NUMBER = 2;

/** For a person: a line a monitor, times in milliseconds, `—` for a phase that did not happen, and what is wrong beneath. */
export function checkTable(files: readonly CheckedFile[]): string {
  const lines = files.flatMap(({ file, checked, skipped }) => [
    { title: file },
    ...checked.flatMap(({ monitor, result }) => [
      { cells: [MARKS[result.outcome], result.monitorId, ...numbers(result)] },
      ...(monitor.type === 'flow' ? stepsOf(monitor, result).map(stepLine) : []),
      ...(monitor.type === 'http' && monitor.stream !== undefined ? [{ detail: streamNumbers(result) }] : []),
      ...explained(result),
    ]),
    ...skipped.flatMap(({ id }) => [{ cells: ['–', id] }, { detail: SKIPPED_BECAUSE }]),
  ]);
  const rows = [HEADINGS, ...lines.flatMap((line) => ('cells' in line ? [line.cells] : []))];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const row = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        column < FIRST_NUMBER ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();

  const text = lines.map((line) => {
    if ('title' in line) return `\n${line.title}`;
    return 'cells' in line ? row(line.cells) : `     ${line.detail}`;
  });
  return `${[`${row(HEADINGS)}   (ms)`, ...text].join('\n')}\n`;
}

function numbers({ status, totalMs, phases }: Pick<Result, 'status' | 'totalMs' | 'phases'>): readonly string[] {
  return [
    status === null ? '—' : String(status),
    milliseconds(totalMs),
    ...PHASES.map((phase) => milliseconds(phases[`${phase}Ms`])),
  ];
}

/** A flake has a detail, and no reason. */
function explained({ reason, detail }: Result): readonly { readonly detail: string }[] {
  if (detail === null) return [];
  return [{ detail: reason === null ? detail : `${reason}: ${detail}` }];
}

/** `  ✗ pay`, and its numbers; a step that was not made has none. */
function stepLine({ name, isCleanup, made }: FlowStepMade): { readonly cells: readonly string[] } {
  const mark = made === null ? '·' : MARKS[made.outcome];
  const cells = made === null ? PHASES.map(() => '—').concat('—', '—') : numbers(made);
  return { cells: ['', `  ${mark} ${name}${isCleanup ? ' (clean-up)' : ''}`, ...cells] };
}

/** `first token 412.0 · 45.2 tokens/s · 20 tokens · $0.0022`, as far as they are known. */
function streamNumbers({ metrics }: Result): string {
  const { timeToFirstToken = null, tokensPerSecond, outputTokens, cost } = metrics;
  return [
    `first token ${milliseconds(timeToFirstToken)}`,
    ...(tokensPerSecond === undefined ? [] : [`${tokensPerSecond.toFixed(1)} tokens/s`]),
    ...(outputTokens === undefined ? [] : [`${outputTokens} token${outputTokens === 1 ? '' : 's'}`]),
    ...(cost === undefined ? [] : [`$${humanNumber(cost)}`]),
  ].join(' · ');
}

function milliseconds(ms: number | null): string {
  return ms === null ? '—' : ms.toFixed(1);
}
