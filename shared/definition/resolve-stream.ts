import type { Condition, Json, Price, StreamFormat, StreamReading } from '../monitor.ts';
import { STREAM_FORMATS } from '../monitor.ts';
import { streamMetrics } from '../stream-metrics.ts';
import type { Reporter } from './diagnostics.ts';
import type { ParsedHttp } from './http-schema.ts';
import { bareOr, judged } from './resolve-conditions.ts';
import type { ParsedPrice } from './stream-schema.ts';

/** Paths are relative to the monitor. Undefined where its answer is no stream. */
export function resolveStream(parsed: ParsedHttp, reporter: Reporter): StreamReading | undefined {
  const format = parsed.request?.stream;
  const { answer, stopReason } = parsed.expect ?? {};
  const { price } = parsed;
  if (format === undefined) {
    const without = (path: readonly string[], what: string) =>
      reporter.error(path, {
        message: `${what}, and without "stream" in request the answer is not read as one.`,
        remedy: `Add "stream" to request: ${FORMATS}; or remove this.`,
      });
    if (answer !== undefined) without(['expect', 'answer'], '"answer" is the text of a stream');
    if (stopReason !== undefined) without(['expect', 'stopReason'], '"stopReason" stands in a stream');
    if (price !== undefined) without(['price'], '"price" turns the usage that a stream reports into its cost');
    return undefined;
  }
  if (format === 'sse') {
    const unknown = (path: readonly string[], what: string) =>
      reporter.error(path, {
        message: `"sse" reads events of any kind, and ${what}.`,
        remedy: `Set "stream" in request to the API's own format (${FORMATS}), or remove this.`,
      });
    if (stopReason !== undefined) unknown(['expect', 'stopReason'], 'none is known to say why it stopped');
    if (price !== undefined) unknown(['price'], 'none is known to count tokens');
  }
  if (parsed.request?.method === 'HEAD') {
    reporter.error(['request', 'stream'], {
      message: 'The answer to HEAD has no body, and so no events.',
      remedy: 'Use GET or POST, or remove "stream".',
    });
  }
  warnOfBody(format, parsed.request?.json, price !== undefined, reporter);
  const conditions = (name: string, written: typeof answer): readonly Condition[] =>
    written === undefined ? [] : judged(bareOr(written), 'text', ['expect', name], reporter);
  return {
    format,
    answer: conditions('answer', answer),
    stopReason: conditions('stopReason', stopReason),
    price: price === undefined ? null : resolvePrice(price),
  };
}

/** Of a monitor as it is written, so that an alert on one has no problem of its own where the rest has. */
export function streamMetricNames(value: Json): readonly string[] {
  const request = memberOf(value, 'request');
  const written = memberOf(request, 'stream');
  const format = STREAM_FORMATS.find((known) => known === written);
  if (format === undefined) return [];
  return streamMetrics(format, memberOf(value, 'price') === undefined ? null : FREE);
}

const FORMATS = STREAM_FORMATS.map((format) => `"${format}"`).join(', ');
const FREE: Price = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0 };

/** These APIs stream only where the body asks for it, and some count only where it asks for that. */
function warnOfBody(format: StreamFormat, body: Json | undefined, isPriced: boolean, reporter: Reporter): void {
  if (format === 'sse' || body === undefined) return;
  const path = ['request', 'json'];
  if (memberOf(body, 'stream') !== true) {
    reporter.warning(path, {
      message: 'The body does not ask for a stream, so the API answers as a whole, and this fails.',
      remedy: 'Add "stream": true to the body.',
    });
  }
  if (format === 'openai-chat' && isPriced && memberOf(memberOf(body, 'stream_options'), 'include_usage') !== true) {
    reporter.warning(path, {
      message: 'The body does not ask for the usage, and without it there is no cost.',
      remedy: 'Add "stream_options": {"include_usage": true} to the body.',
    });
  }
}

function resolvePrice({ input, output, cachedInput = input, cacheWrite = input }: ParsedPrice): Price {
  return { input, cachedInput, cacheWrite, output };
}

function memberOf(value: Json | undefined, name: string): Json | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return new Map<string, Json>(Object.entries(value)).get(name);
}
