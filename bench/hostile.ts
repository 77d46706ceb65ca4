import { runHostile } from '../test/prober/hostile-run.ts';

const RUN = { seed: 20_261_122, checks: 10_000, atOnce: 100 };

/** A deadline is a timer: on a busy machine it comes late by as much as everything that is due before it. */
const MAX_OVERRUN_MS = 2_000;
/** The bodies, decoded bodies and texts of a hundred checks at once, and what V8 has not yet collected. */
const MAX_RSS_GROWTH_BYTES = 600 * 1024 * 1024;

/** What targets that attack can do to a prober: nothing but fail their own checks. */
export async function measureHostile(): Promise<{ met: boolean }> {
  const report = await runHostile(RUN);
  const { sequence, counts, violations, stalls, leaked, worstOverrunMs, wallMs } = report;
  const growth = report.rssPeakBytes - report.rssBeforeBytes;
  console.log(`${sequence.length} checks of hostile servers, ${RUN.atOnce} at once, seed ${RUN.seed}\n`);
  for (const [name, count] of [...counts].sort(([, a], [, b]) => b - a)) {
    console.log(`${name.padEnd(24)} ${String(count).padStart(6)}`);
  }
  console.log(`\nwall time                ${(wallMs / 1_000).toFixed(1).padStart(6)} s`);
  console.log(`latest past a deadline   ${worstOverrunMs.toFixed(0).padStart(6)} ms (at most ${MAX_OVERRUN_MS})`);
  console.log(`memory (RSS) at its peak ${mebibytes(report.rssPeakBytes)} MiB`);
  console.log(`  grown by               ${mebibytes(growth)} MiB (at most ${mebibytes(MAX_RSS_GROWTH_BYTES).trim()})`);
  console.log(`left open                ${leaked.join(', ') || 'nothing'}`);
  console.log(`stood still              ${String(stalls).padStart(6)} checks`);
  for (const violation of new Set(violations)) console.log(`violation: ${violation}`);
  return {
    met:
      sequence.length === RUN.checks &&
      violations.length === 0 &&
      leaked.length === 0 &&
      worstOverrunMs <= MAX_OVERRUN_MS &&
      growth <= MAX_RSS_GROWTH_BYTES,
  };
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0).padStart(6);
}
