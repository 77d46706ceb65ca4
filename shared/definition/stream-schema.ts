import { z } from 'zod';
import { STREAM_FORMATS } from '../monitor.ts';

/** How an http monitor's answer is read as a stream, and what it costs. */

export const stream = z.enum(STREAM_FORMATS).meta({
  examples: ['openai-chat', 'sse'],
  description:
    'The answer is a stream of server-sent events, and each event is timed: "openai-chat", "openai-responses" or "anthropic-messages" read text, usage and stop reason from those APIs\' events; with "sse" each event\'s data is one token. Default: the answer is read as a whole.',
});

const dollars = (description: string) => z.number().min(0).max(1_000_000).meta({ description });

export const price = z
  .strictObject({
    input: dollars('Dollars per million input tokens.'),
    output: dollars('Dollars per million output tokens, reasoning included.'),
    cachedInput: dollars(
      "Dollars per million input tokens that were read from the prompt's cache. Default: as input.",
    ).optional(),
    cacheWrite: dollars(
      "Dollars per million input tokens that were written to the prompt's cache. Default: as input.",
    ).optional(),
  })
  .meta({
    examples: [{ input: 2.5, cachedInput: 1.25, output: 10 }],
    description:
      'What the API charges; with the usage that a stream reports, it gives the metric cost, in dollars per check. Needs "stream" in request.',
  });

export type ParsedPrice = z.output<typeof price>;
