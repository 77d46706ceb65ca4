import type { Json, StreamFormat } from '../../shared/monitor.ts';
import type { StreamEvent } from './event-stream.ts';

/** What one event says of the answer that it is part of. Most say one thing, or nothing. */
export interface AnswerPart {
  /** More of the answer's text. */
  readonly text?: string;
  /** Something was generated that is not part of the text, such as reasoning or a tool's arguments. */
  readonly unseen?: 'reasoning' | 'tool';
  readonly usage?: Usage;
  /** The API's own word for why it stopped. */
  readonly stopReason?: string;
  /** The answer is whole: nothing after it matters. */
  readonly isEnd?: boolean;
  /** The API gave up, in its own words. */
  readonly error?: string;
  /** The event is none of this format, as the end of a sentence. */
  readonly malformed?: string;
}

/** Tokens, as far as the API counted them so far. A later count replaces an earlier one. */
export interface Usage {
  /** All of the prompt, whatever of it came from a cache. */
  readonly inputTokens?: number;
  /** The part of `inputTokens` that was read from a cache. */
  readonly cachedInputTokens?: number;
  /** The part of `inputTokens` that was written to a cache. */
  readonly cacheWriteTokens?: number;
  readonly outputTokens?: number;
  /** The part of `outputTokens` that is reasoning. */
  readonly reasoningTokens?: number;
}

export function answerPart(format: StreamFormat, event: StreamEvent): AnswerPart {
  if (event.data === '[DONE]') return { isEnd: true };
  if (format === 'sse') return { text: event.data };
  const parsed = parseObject(event.data);
  if (parsed === null) return { malformed: `the data of an event ("${event.type}") is not a JSON object` };
  const error = errorIn(parsed);
  if (error !== null) return { error };
  switch (format) {
    case 'openai-chat':
      return chatPart(parsed);
    case 'openai-responses':
      return responsesPart(parsed);
    case 'anthropic-messages':
      return messagesPart(parsed);
  }
}

/**
 * Chunks of one choice; the chunk with the usage comes last, has no choice, and only where
 * `stream_options.include_usage` asked for it.
 * @see https://platform.openai.com/docs/api-reference/chat-streaming/streaming
 */
function chatPart(chunk: Json): AnswerPart {
  const choice = at(chunk, 'choices', 0);
  const delta = at(choice, 'delta');
  const text = textAt(delta, 'content') ?? textAt(delta, 'refusal');
  const reasoning = textAt(delta, 'reasoning_content') ?? textAt(delta, 'reasoning');
  const stopReason = textAt(choice, 'finish_reason');
  const usage = at(chunk, 'usage');
  return {
    ...(text === null ? {} : { text }),
    ...(reasoning !== null
      ? { unseen: 'reasoning' }
      : at(delta, 'tool_calls', 0) !== undefined
        ? { unseen: 'tool' }
        : {}),
    ...(stopReason === null ? {} : { stopReason }),
    ...(typeof usage === 'object' && usage !== null
      ? {
          usage: counted({
            inputTokens: at(usage, 'prompt_tokens'),
            cachedInputTokens: at(usage, 'prompt_tokens_details', 'cached_tokens'),
            outputTokens: at(usage, 'completion_tokens'),
            reasoningTokens: at(usage, 'completion_tokens_details', 'reasoning_tokens'),
          }),
        }
      : {}),
  };
}

/** @see https://platform.openai.com/docs/api-reference/responses-streaming */
function responsesPart(event: Json): AnswerPart {
  const delta = textAt(event, 'delta');
  switch (at(event, 'type')) {
    case 'response.output_text.delta':
    case 'response.refusal.delta':
      return delta === null ? {} : { text: delta };
    case 'response.reasoning_text.delta':
    case 'response.reasoning_summary_text.delta':
      return { unseen: 'reasoning' };
    case 'response.function_call_arguments.delta':
      return { unseen: 'tool' };
    case 'response.completed':
    case 'response.incomplete': {
      const response = at(event, 'response');
      const usage = at(response, 'usage');
      const stopReason = textAt(response, 'incomplete_details', 'reason') ?? textAt(response, 'status');
      return {
        ...(stopReason === null ? {} : { stopReason }),
        usage: counted({
          inputTokens: at(usage, 'input_tokens'),
          cachedInputTokens: at(usage, 'input_tokens_details', 'cached_tokens'),
          outputTokens: at(usage, 'output_tokens'),
          reasoningTokens: at(usage, 'output_tokens_details', 'reasoning_tokens'),
        }),
        isEnd: true,
      };
    }
    default:
      return {};
  }
}

/**
 * Usage comes with the first event and, cumulative, with `message_delta`. `input_tokens` leaves out what was read from
 * or written to the prompt's cache.
 * @see https://docs.anthropic.com/en/docs/build-with-claude/streaming
 */
function messagesPart(event: Json): AnswerPart {
  switch (at(event, 'type')) {
    case 'message_start':
      return { usage: messagesUsage(at(event, 'message', 'usage')) };
    case 'content_block_delta':
      switch (at(event, 'delta', 'type')) {
        case 'text_delta': {
          const text = textAt(event, 'delta', 'text');
          return text === null ? {} : { text };
        }
        case 'thinking_delta':
          return { unseen: 'reasoning' };
        case 'input_json_delta':
          return { unseen: 'tool' };
        default:
          return {};
      }
    case 'message_delta': {
      const stopReason = textAt(event, 'delta', 'stop_reason');
      return { ...(stopReason === null ? {} : { stopReason }), usage: messagesUsage(at(event, 'usage')) };
    }
    case 'message_stop':
      return { isEnd: true };
    default:
      return {};
  }
}

function messagesUsage(usage: Json | undefined): Usage {
  const { inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens } = counted({
    inputTokens: at(usage, 'input_tokens'),
    cachedInputTokens: at(usage, 'cache_read_input_tokens'),
    cacheWriteTokens: at(usage, 'cache_creation_input_tokens'),
    outputTokens: at(usage, 'output_tokens'),
  });
  // Without the uncached part, the others are no count of the whole prompt.
  const input =
    inputTokens === undefined
      ? {}
      : {
          inputTokens: inputTokens + (cachedInputTokens ?? 0) + (cacheWriteTokens ?? 0),
          ...(cachedInputTokens === undefined ? {} : { cachedInputTokens }),
          ...(cacheWriteTokens === undefined ? {} : { cacheWriteTokens }),
        };
  return { ...input, ...(outputTokens === undefined ? {} : { outputTokens }) };
}

/**
 * | where                | form                                                              |
 * | -------------------- | ----------------------------------------------------------------- |
 * | OpenAI chat          | `{"error": {"message", "type", "code"}}`, or a text               |
 * | OpenAI responses     | `{"type": "error", "code", "message"}`, `{"type": "response.failed", "response": {"error"}}` |
 * | Anthropic messages   | `{"type": "error", "error": {"type", "message"}}`                 |
 */
function errorIn(event: Json): string | null {
  const type = at(event, 'type');
  const error =
    type === 'response.failed'
      ? at(event, 'response', 'error')
      : (at(event, 'error') ?? (type === 'error' ? event : null));
  if (error === null || error === undefined) return type === 'response.failed' ? 'response.failed' : null;
  if (typeof error === 'string') return error;
  const kind = [textAt(error, 'code'), textAt(error, 'type')].find((one) => one !== null && one !== 'error') ?? null;
  const words = [kind, textAt(error, 'message')].filter((word) => word !== null);
  // Not written as JSON: a hostile one is nested deeper than any stack.
  return words.length === 0 ? 'no word of which' : words.join(': ');
}

function counted(counts: { readonly [K in keyof Usage]: Json | undefined }): Usage {
  const usage: { -readonly [K in keyof Usage]: number } = {};
  for (const name of USAGE) {
    const value = counts[name];
    if (typeof value === 'number' && Number.isFinite(value) && value >= 0) usage[name] = value;
  }
  return usage;
}

const USAGE = ['inputTokens', 'cachedInputTokens', 'cacheWriteTokens', 'outputTokens', 'reasoningTokens'] as const;

function parseObject(text: string): Json | null {
  try {
    const value = JSON.parse(text) as Json;
    return typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function at(value: Json | undefined, ...steps: readonly (string | number)[]): Json | undefined {
  let found = value;
  for (const step of steps) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return undefined;
    found = isList(found) ? found[Number(step)] : found[step];
  }
  return found;
}

/** `Array.isArray`, which does not narrow readonly lists. */
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Null for an empty one, too: it says nothing. */
function textAt(value: Json | undefined, ...steps: readonly (string | number)[]): string | null {
  const found = at(value, ...steps);
  return typeof found === 'string' && found !== '' ? found : null;
}
