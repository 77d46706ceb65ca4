import type { Price, StreamFormat } from '../../shared/monitor.ts';
import { Sketch } from '../../shared/sketch.ts';
import { type AnswerPart, answerPart, type Usage } from './answer-events.ts';
import { EventStream, type StreamEvent } from './event-stream.ts';
import { type Failure, failed } from './failure.ts';
import type { Intake } from './read-body.ts';

/** What a stream came to. */
export interface StreamedAnswer {
  /** Undefined where no text came. */
  readonly text: string | undefined;
  /** Undefined where the API gave none. */
  readonly stopReason: string | undefined;
}

/**
 * An answer that comes in events, each seen at the time at which its last byte came.
 *
 * ```
 * request written ─── first event ─── first token ─── token ─ … ─ token ─── end
 * └─ timeToFirstEvent ─┘                      └─gap──┘
 * └────── timeToFirstToken ────────────┘      └── generating ─────────┘
 * ```
 * A token here is an event that brings more of the answer, be it text, reasoning or a tool's arguments; the first token
 * is the first one of text. Events that come in one piece come at one time: so their reader sees them, too.
 *
 * Held are the answer's text and the sketch of the gaps, no list of times: both bounded, whatever a server sends.
 */
export class AnswerStream implements Intake {
  readonly #format: StreamFormat;
  readonly #sentAtMs: number;
  readonly #stream = new EventStream();
  readonly #text: string[] = [];
  readonly #gapsMs = new Sketch();
  #events = 0;
  #tokens = 0;
  #firstEventAtMs: number | null = null;
  #firstTextAtMs: number | null = null;
  #firstTokenAtMs: number | null = null;
  #lastTokenAtMs: number | null = null;
  #sawReasoning = false;
  #usage: Usage = {};
  #stopReason: string | undefined;
  #isWhole = false;

  /** `sentAtMs`: when the request was written, by the clock of the pieces. */
  constructor(format: StreamFormat, sentAtMs: number) {
    this.#format = format;
    this.#sentAtMs = sentAtMs;
  }

  get soFar(): string {
    return `${this.#events} events so far`;
  }

  take(piece: Uint8Array, atMs: number): 'more' | 'whole' | Failure {
    for (const event of this.#stream.push(piece)) {
      const failure = this.#see(event, atMs);
      if (failure !== null) return failure;
      if (this.#isWhole) return 'whole';
    }
    return 'more';
  }

  /** The connection has ended in good order; whether the answer has, too. */
  end(): Failure | null {
    if (this.#isWhole) return null;
    if (this.#events === 0) return failed('protocol', 'download', 'the stream ended without a single event');
    if (this.#stream.isUnfinished) return failed('protocol', 'download', 'the stream ended in the middle of an event');
    if (this.#format === 'sse') return null;
    // Some servers of this format leave `[DONE]` out.
    if (this.#format === 'openai-chat' && this.#stopReason !== undefined) return null;
    return failed('protocol', 'download', `the stream ended after ${this.#events} events, before the answer did`);
  }

  get answer(): StreamedAnswer {
    return { text: this.#text.length === 0 ? undefined : this.#text.join(''), stopReason: this.#stopReason };
  }

  /** What stays true of a stream that broke. Absent where it was not seen, or where the gaps cannot support a percentile. */
  get times(): Readonly<Record<string, number>> {
    return withoutNulls({
      timeToFirstEvent: this.#since(this.#firstEventAtMs),
      timeToFirstToken: this.#since(this.#firstTextAtMs),
      interTokenP95: rounded(this.#gapsMs.supportedQuantile(0.95)),
    });
  }

  /**
   * Of a whole answer, by name, as `shared/stream-metrics.ts` lists them. What was not seen is absent, never 0; so is a
   * cost without the API's own count of tokens: a bill is not guessed.
   */
  metrics(price: Price | null): Readonly<Record<string, number>> {
    const { inputTokens, cachedInputTokens } = this.#usage;
    const outputTokens = this.#usage.outputTokens ?? (this.#tokens === 0 ? null : this.#tokens);
    return {
      ...this.times,
      ...withoutNulls({
        tokensPerSecond: this.#tokensPerSecond(),
        inputTokens: inputTokens ?? null,
        cachedInputTokens: cachedInputTokens ?? null,
        outputTokens,
        cost: price === null ? null : costOf(this.#usage, price),
      }),
    };
  }

  #see(event: StreamEvent, atMs: number): Failure | null {
    this.#events += 1;
    this.#firstEventAtMs ??= atMs;
    const part = answerPart(this.#format, event);
    if (part.malformed !== undefined) return failed('protocol', 'download', part.malformed);
    if (part.error !== undefined) return failed('expectation', null, `the stream carried an error: ${part.error}`);
    if (part.text !== undefined) {
      this.#text.push(part.text);
      this.#firstTextAtMs ??= atMs;
    }
    if (part.text !== undefined || part.unseen !== undefined) this.#seeToken(part, atMs);
    if (part.usage !== undefined) this.#usage = { ...this.#usage, ...part.usage };
    if (part.stopReason !== undefined) this.#stopReason = part.stopReason;
    this.#isWhole = part.isEnd === true;
    return null;
  }

  #seeToken(part: AnswerPart, atMs: number): void {
    if (part.unseen === 'reasoning') this.#sawReasoning = true;
    if (this.#lastTokenAtMs !== null) this.#gapsMs.add(atMs - this.#lastTokenAtMs);
    this.#tokens += 1;
    this.#firstTokenAtMs ??= atMs;
    this.#lastTokenAtMs = atMs;
  }

  /** From the first token to the last, in which all but the first were generated. Reasoning that was not sent is not counted. */
  #tokensPerSecond(): number | null {
    if (this.#firstTokenAtMs === null || this.#lastTokenAtMs === null) return null;
    const generatingMs = this.#lastTokenAtMs - this.#firstTokenAtMs;
    const unsent = this.#sawReasoning ? 0 : (this.#usage.reasoningTokens ?? 0);
    const tokens = (this.#usage.outputTokens ?? this.#tokens) - unsent - 1;
    return generatingMs <= 0 || tokens <= 0 ? null : rounded((tokens * 1_000) / generatingMs);
  }

  #since(atMs: number | null): number | null {
    return atMs === null ? null : rounded(atMs - this.#sentAtMs);
  }
}

/** Dollars. */
function costOf(usage: Usage, price: Price): number | null {
  const { inputTokens, outputTokens, cachedInputTokens = 0, cacheWriteTokens = 0 } = usage;
  if (inputTokens === undefined || outputTokens === undefined) return null;
  const uncached = Math.max(0, inputTokens - cachedInputTokens - cacheWriteTokens);
  return (
    (uncached * price.input +
      cachedInputTokens * price.cachedInput +
      cacheWriteTokens * price.cacheWrite +
      outputTokens * price.output) /
    1e6
  );
}

/** To the clock's own microseconds. */
function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1_000) / 1_000;
}

function withoutNulls(metrics: Readonly<Record<string, number | null>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(metrics).filter(
      (entry): entry is [string, number] => entry[1] !== null && Number.isFinite(entry[1]),
    ),
  );
}
