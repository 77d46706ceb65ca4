import { ByteReader, ByteWriter } from '../shared/bytes.ts';
import { Sketch } from '../shared/sketch.ts';
import { logNormal, seededRandom } from './random.ts';

const QUANTILES = [0.5, 0.9, 0.95, 0.99, 0.999];
const MAX_ERROR = 0.01;

/** The sketch against exact sorting: worst error, bytes, and time per insert, in one run. */
export async function measureSketch(): Promise<{ met: boolean }> {
  let worst = 0;
  console.log('samples  merged from  worst error  bytes  exact bytes (f64)  insert ns  sorting ns a sample');
  for (const [samples, parts] of [
    [60, 1],
    [1_440, 24],
    [100_000, 500],
    [1_000_000, 5_000],
  ] as const) {
    const random = seededRandom(samples);
    const values = Array.from({ length: samples }, () => logNormal(random, 120, 0.7));
    const insertStart = performance.now();
    const sketches = Array.from({ length: parts }, (_, part) => {
      const sketch = new Sketch();
      for (let i = part; i < samples; i += parts) sketch.add(values[i] ?? 0);
      return sketch;
    });
    const insertNs = ((performance.now() - insertStart) * 1e6) / samples;
    const merged = new Sketch();
    let bytes = 0;
    for (const sketch of sketches) merged.merge(stored(sketch));
    const to = new ByteWriter();
    merged.encode(to);
    bytes = to.length;
    const sortStart = performance.now();
    const sorted = Float64Array.from(values).sort();
    const sortNs = ((performance.now() - sortStart) * 1e6) / samples;
    const error = Math.max(
      ...QUANTILES.map((q) => {
        const exact = sorted[Math.ceil(q * samples) - 1] ?? Number.NaN;
        return Math.abs((merged.quantile(q) ?? Number.NaN) - exact) / exact;
      }),
    );
    worst = Math.max(worst, error);
    console.log(
      [samples, parts, `${(error * 100).toFixed(2)} %`, bytes, samples * 8, insertNs.toFixed(0), sortNs.toFixed(0)]
        .map((cell, i) => String(cell).padStart([7, 12, 12, 6, 18, 10, 20][i] ?? 0))
        .join(' '),
    );
  }
  return { met: worst <= MAX_ERROR };
}

function stored(sketch: Sketch): Sketch {
  const to = new ByteWriter();
  sketch.encode(to);
  return Sketch.decode(new ByteReader(to.finish()));
}
