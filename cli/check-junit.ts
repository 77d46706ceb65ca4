import type { FlowMonitor } from '../shared/monitor.ts';
import type { Result, StepResult } from '../shared/result.ts';
import { SECOND_MS } from '../shared/schedule.ts';
import { type CheckedFile, SKIPPED_BECAUSE } from './check-run.ts';
import { stepsOf } from './flow-steps.ts';

/**
 * JUnit's XML, as CI systems read it: a suite per file, a case per monitor; `failed` is a failure, `inconclusive` an error,
 * a heartbeat is skipped.
 * @see https://github.com/testmoapp/junitxml
 */
export function checkJunit(files: readonly CheckedFile[]): string {
  const all = files.flatMap(({ checked }) => checked.map(({ result }) => result));
  const suites = files.flatMap(({ file, checked, skipped }) => {
    const results = checked.map(({ result }) => result);
    return [
      `  <testsuite name="${escaped(file)}"${counts(results, skipped.length)}>`,
      ...checked.flatMap((one) => testCase(file, one)),
      ...skipped.flatMap(({ id }) => skippedCase(file, id)),
      '  </testsuite>',
    ];
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="parallax check"${counts(
      all,
      files.reduce((sum, { skipped }) => sum + skipped.length, 0),
    )}>`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n');
}

function testCase(file: string, { monitor, result }: CheckedFile['checked'][number]): readonly string[] {
  const open = `    <testcase classname="${escaped(file)}" name="${escaped(result.monitorId)}" time="${seconds(result.totalMs)}"`;
  const said = [...flake(result), ...(monitor.type === 'flow' ? stepLines(monitor, result) : [])];
  const within = [...problem(result), ...printed(said)];
  return within.length === 0 ? [`${open}/>`] : [`${open}>`, ...within, '    </testcase>'];
}

function problem({ outcome, reason, detail }: Result): readonly string[] {
  if (outcome === 'passed') return [];
  const element = outcome === 'failed' ? 'failure' : 'error';
  return [`      <${element} type="${reason}" message="${escaped(detail ?? '')}"/>`];
}

function printed(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['      <system-out>', ...lines.map(escaped), '      </system-out>'];
}

/** JUnit knows no flakes: such a case has passed, and says so. */
function flake({ outcome, detail }: Result): readonly string[] {
  return outcome === 'passed' && detail !== null ? [detail] : [];
}

/** What the steps of a flow came to: a line each. */
function stepLines(monitor: FlowMonitor, result: Result): readonly string[] {
  return stepsOf(monitor, result).map(({ name, isCleanup, made }) => {
    const what = made === null ? 'not made' : stepWords(made);
    return `${isCleanup ? 'clean-up ' : ''}${name}: ${what}`;
  });
}

/** `failed: status, 503, 12.3 ms` */
function stepWords({ outcome, reason, status, totalMs }: StepResult): string {
  const known = [
    ...(reason === null ? [] : [reason]),
    ...(status === null ? [] : [`${status}`]),
    ...(totalMs === null ? [] : [`${totalMs.toFixed(1)} ms`]),
  ];
  return known.length === 0 ? outcome : `${outcome}: ${known.join(', ')}`;
}

function skippedCase(file: string, id: string): readonly string[] {
  const open = `    <testcase classname="${escaped(file)}" name="${escaped(id)}" time="${seconds(null)}"`;
  return [`${open}>`, `      <skipped message="${escaped(SKIPPED_BECAUSE)}"/>`, '    </testcase>'];
}

function counts(results: readonly Result[], skipped: number): string {
  const count = (outcome: string) => results.filter((result) => result.outcome === outcome).length;
  const totalMs = results.reduce((sum, result) => sum + (result.totalMs ?? 0), 0);
  const some = skipped === 0 ? '' : ` skipped="${skipped}"`;
  return ` tests="${results.length + skipped}" failures="${count('failed')}" errors="${count('inconclusive')}"${some} time="${seconds(totalMs)}"`;
}

function seconds(ms: number | null): string {
  return ((ms ?? 0) / SECOND_MS).toFixed(6);
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** XML 1.0 has no way to write control characters and noncharacters at all. */
function escaped(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, '\uFFFD')
    .replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
}
