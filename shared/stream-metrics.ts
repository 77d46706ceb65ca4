import type { Price, StreamFormat } from './monitor.ts';

/** What a streamed answer is measured by, beside a monitor's own metrics. `null`: the unit is in the name. */
const STREAM_METRICS = {
  timeToFirstEvent: 'ms',
  timeToFirstToken: 'ms',
  interTokenP95: 'ms',
  tokensPerSecond: null,
  outputTokens: null,
  inputTokens: null,
  cachedInputTokens: null,
  cost: 'dollars',
} as const satisfies Readonly<Record<string, 'ms' | 'dollars' | null>>;

type StreamMetric = keyof typeof STREAM_METRICS;

/** Only an API of these formats counts what it reads. */
const COUNTED_BY_THE_API: readonly StreamMetric[] = ['inputTokens', 'cachedInputTokens'];

/** The names of the metrics that a stream of this format may have. */
export function streamMetrics(format: StreamFormat, price: Price | null): readonly string[] {
  return NAMES.filter(
    (name) => (format !== 'sse' || !COUNTED_BY_THE_API.includes(name)) && (name !== 'cost' || price !== null),
  );
}

const NAMES = Object.keys(STREAM_METRICS) as readonly StreamMetric[];

/** Null for a plain number, and for a name that is none of these. */
export function streamMetricUnit(name: string): 'ms' | 'dollars' | null {
  return isStreamMetric(name) ? STREAM_METRICS[name] : null;
}

export function isStreamMetric(name: string): name is StreamMetric {
  return Object.hasOwn(STREAM_METRICS, name);
}
