/** Answers as AI APIs stream them, event by event, in the shapes of their own wire formats. */

export interface StreamCase {
  readonly text: readonly string[];
  /** Null: the API's own word is left out, and what ends the stream with it. */
  readonly stopReason?: string | null;
  readonly usage?: {
    readonly input: number;
    readonly output: number;
    readonly cached?: number;
    readonly cacheWrite?: number;
    readonly reasoning?: number;
  } | null;
}

export function event(data: unknown, type?: string): string {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return `${type === undefined ? '' : `event: ${type}\n`}data: ${text}\n\n`;
}

/** `/v1/chat/completions` with `stream_options.include_usage`; without usage, as without that option. */
export function chatEvents({ text, stopReason = 'stop', usage = null }: StreamCase): readonly string[] {
  const chunk = (delta: object, finish_reason: string | null = null) =>
    event({
      ...CHAT,
      choices: [{ index: 0, delta, logprobs: null, finish_reason }],
      ...(usage === null ? {} : { usage: null }),
    });
  return [
    chunk({ role: 'assistant', content: '', refusal: null }),
    ...text.map((content) => chunk({ content })),
    ...(stopReason === null ? [] : [chunk({}, stopReason)]),
    ...(usage === null
      ? []
      : [
          event({
            ...CHAT,
            choices: [],
            usage: {
              prompt_tokens: usage.input,
              completion_tokens: usage.output,
              total_tokens: usage.input + usage.output,
              prompt_tokens_details: { cached_tokens: usage.cached ?? 0, audio_tokens: 0 },
              completion_tokens_details: { reasoning_tokens: usage.reasoning ?? 0, audio_tokens: 0 },
            },
          }),
        ]),
    ...(stopReason === null ? [] : [event('[DONE]')]),
  ];
}

const CHAT = { id: 'chatcmpl-7f', object: 'chat.completion.chunk', created: 1_780_000_000, model: 'gpt-x' };

/** `/v1/responses`. Always with its usage. */
export function responsesEvents({ text, stopReason = 'completed', usage = null }: StreamCase): readonly string[] {
  let sequence_number = 0;
  const of = (type: string, members: object) => {
    sequence_number += 1;
    return event({ type, sequence_number, ...members }, type);
  };
  const item = { item_id: 'msg_7f', output_index: 0, content_index: 0 };
  const response = (status: string, members: object = {}) => ({
    id: 'resp_7f',
    object: 'response',
    status,
    error: null,
    ...members,
  });
  const isWhole = stopReason === 'completed';
  return [
    of('response.created', { response: response('in_progress') }),
    of('response.in_progress', { response: response('in_progress') }),
    of('response.content_part.added', { ...item, part: { type: 'output_text', text: '', annotations: [] } }),
    ...text.map((delta) => of('response.output_text.delta', { ...item, delta })),
    of('response.output_text.done', { ...item, text: text.join('') }),
    ...(stopReason === null
      ? []
      : [
          of(isWhole ? 'response.completed' : 'response.incomplete', {
            response: response(isWhole ? 'completed' : 'incomplete', {
              incomplete_details: isWhole ? null : { reason: stopReason },
              usage:
                usage === null
                  ? null
                  : {
                      input_tokens: usage.input,
                      input_tokens_details: { cached_tokens: usage.cached ?? 0 },
                      output_tokens: usage.output,
                      output_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
                      total_tokens: usage.input + usage.output,
                    },
            }),
          }),
        ]),
  ];
}

/** `/v1/messages`. `usage.input` is the whole prompt, of which the API counts the cached parts apart. */
export function messagesEvents({ text, stopReason = 'end_turn', usage = null }: StreamCase): readonly string[] {
  const of = (type: string, members: object = {}) => event({ type, ...members }, type);
  const { input, output, cached = 0, cacheWrite = 0 } = usage ?? { input: 0, output: 0 };
  const inputUsage = {
    input_tokens: input - cached - cacheWrite,
    cache_read_input_tokens: cached,
    cache_creation_input_tokens: cacheWrite,
    output_tokens: 1,
  };
  return [
    of('message_start', {
      message: {
        id: 'msg_7f',
        type: 'message',
        role: 'assistant',
        content: [],
        ...(usage === null ? {} : { usage: inputUsage }),
      },
    }),
    of('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    of('ping'),
    ...text.map((part) => of('content_block_delta', { index: 0, delta: { type: 'text_delta', text: part } })),
    of('content_block_stop', { index: 0 }),
    of('message_delta', {
      delta: { stop_reason: stopReason, stop_sequence: null },
      ...(usage === null ? {} : { usage: { output_tokens: output } }),
    }),
    ...(stopReason === null ? [] : [of('message_stop')]),
  ];
}
