/**
 * `npm run bench` runs them all, `npm run bench -- <name>…` those named, and of these all that they have where that takes
 * minutes. Each prints what it measured and fails when it misses its mark.
 */
const names = process.argv.slice(2);
const BENCHMARKS: Readonly<Record<string, () => Promise<{ readonly met: boolean }>>> = {
  'write-units': async () => (await import('./write-units.ts')).measureWriteUnits(),
  'probe-run': async () => (await import('./probe-run.ts')).measureProbeRun(),
  'aggregator-run': async () => (await import('./aggregator-run.ts')).measureAggregatorRun(),
  sketch: async () => (await import('./sketch.ts')).measureSketch(),
  accuracy: async () => (await import('./accuracy.ts')).measureAccuracy(names.length > 0),
  hostile: async () => (await import('./hostile.ts')).measureHostile(),
};

const unknown = names.filter((name) => !(name in BENCHMARKS));
if (unknown.length > 0) {
  console.error(`No benchmark is called ${unknown.join(', ')}; there are ${Object.keys(BENCHMARKS).join(', ')}.`);
  process.exit(2);
}
for (const [name, run] of Object.entries(BENCHMARKS)) {
  if (names.length > 0 && !names.includes(name)) continue;
  console.log(`\n== ${name}`);
  const { met } = await run();
  if (!met) {
    console.error(`${name} misses its mark.`);
    process.exitCode = 1;
  }
}
