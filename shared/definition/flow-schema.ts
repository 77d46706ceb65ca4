import { z } from 'zod';
import { pattern, ResponseTimeConditions } from './condition-schema.ts';
import { expectations, request } from './http-schema.ts';
import { metrics } from './metrics-schema.ts';
import { alerting, circumstances, identity } from './monitor-base-schema.ts';
import { complain, patterned } from './schema-leaves.ts';

/** What a user writes for a flow monitor. */

const MAX_STEPS = 20;
const MAX_CAPTURES = 20;

const captureSource = z
  .strictObject({
    json: z.string().optional().meta({ description: 'A JSONPath (RFC 9535) to a text or a number, such as "$.id".' }),
    header: z.string().optional().meta({ description: 'The name of a header.' }),
    body: pattern()
      .optional()
      .meta({ description: 'An RE2 pattern; its first group, or the whole match, is the value.' }),
  })
  .check((ctx) => {
    const given = Object.keys(ctx.value).length;
    if (given === 1 || ctx.issues.length > 0) return;
    complain(ctx, given === 0 ? 'The capture has no source.' : 'The capture has more than one source.', {
      allowed: 'exactly one of json, header, body',
      remedy: given === 0 ? 'Add one, such as {"json": "$.access_token"}.' : 'Keep one; name the others differently.',
    });
  })
  .meta({ minProperties: 1, maxProperties: 1, examples: [{ json: '$.access_token' }] });

const step = z
  .strictObject({
    name: patterned(
      /^[a-z][a-z0-9-]{0,47}$/,
      'the name of a step',
      'Use 1 to 48 of a–z, 0–9 and -, beginning with a letter.',
    )
      .optional()
      .meta({
        description:
          'Unique in this flow, and stable: its time is the metric <name>-ms. 1 to 48 of a–z, 0–9 and -. Default: step-1, step-2, … and cleanup-1, cleanup-2, ….',
      }),
    request,
    expect: expectations.optional(),
    capture: z
      .record(z.string(), captureSource)
      .optional()
      .meta({
        examples: [{ token: { json: '$.access_token' } }],
        description:
          'Values of the answer by name, for ${name} in what later steps send and expect. One that is missing fails the step.',
      }),
    metrics,
  })
  .check((ctx) => {
    if (Object.keys(ctx.value.capture ?? {}).length <= MAX_CAPTURES) return;
    complain(ctx, 'The step captures too much.', { remedy: `Capture at most ${MAX_CAPTURES} values in one step.` });
  })
  .meta({
    id: 'flow-step',
    examples: [{ request: { url: 'https://api.your.domain/health' } }],
    description: 'One request of a flow.',
  });

export const FlowSchema = z
  .strictObject({
    ...identity,
    type: z.literal('flow').meta({ description: 'The kind of check.' }),
    ...circumstances,
    steps: z
      .array(step)
      .min(1)
      .max(MAX_STEPS)
      .meta({ description: 'Requests, one after another; the first that does not pass ends the flow. 1 to 20.' }),
    cleanup: z.array(step).max(MAX_STEPS).optional().meta({
      description:
        'Requests that are made after the steps, whatever became of those, such as deleting what a step created. They never fail the check, and do not count in its time. At most 20.',
    }),
    expect: z
      .strictObject({ responseTime: ResponseTimeConditions.optional() })
      .optional()
      .meta({ description: 'What must hold for the flow as a whole; each step has an expect of its own.' }),
    ...alerting,
  })
  .meta({ id: 'flow', description: 'Sends HTTP requests one after another, each with what earlier answers brought.' });

/** Checked piece by piece: what is right of it, durations in milliseconds, defaults not yet filled in. */
export const SoundFlow = FlowSchema.partial();
export type ParsedFlow = z.output<typeof SoundFlow>;
export type ParsedStep = z.output<typeof step>;
