import type { Problem } from '../shared/definition/diagnostics.ts';

/**
 * One block each, as a person reads it; the first line is `file:line:column`, which editors and terminals make a link.
 * Empty for none.
 */
export function formatProblems(problems: readonly Problem[]): string {
  return problems.map((problem) => `${formatProblem(problem)}\n`).join('\n');
}

function formatProblem(problem: Problem): string {
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== null).join(':');
  const lines = [`${place}  ${problem.path}`, `  ${problem.severity}: ${problem.message}`];
  if (problem.allowed !== null) lines.push(`  allowed: ${problem.allowed}`);
  if (problem.remedy !== null) lines.push(`  do this: ${problem.remedy}`);
  return lines.map(printable).join('\n');
}

/** Names come from files: a control character in one must not move the reader's cursor. */
function printable(line: string): string {
  return line.replaceAll(/\p{Cc}/gu, '\uFFFD');
}
