import { z } from 'zod';
import { pattern } from './condition-schema.ts';
import { complain } from './schema-leaves.ts';

/** Numbers of the user's own, for kinds of monitors whose answers are documents. */

export const CUSTOM_METRIC_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

const metricSource = z
  .strictObject({
    json: z.string().optional().meta({ description: 'A JSONPath (RFC 9535) to a number, such as "$.queue.depth".' }),
    header: z.string().optional().meta({ description: 'The name of a header that holds a number.' }),
    body: pattern()
      .optional()
      .meta({ description: 'An RE2 pattern; its first group, or the whole match, is the number.' }),
  })
  .check((ctx) => {
    const given = Object.keys(ctx.value).length;
    if (given === 1 || ctx.issues.length > 0) return;
    complain(ctx, given === 0 ? 'The metric has no source.' : 'The metric has more than one source.', {
      allowed: 'exactly one of json, header, body',
      remedy:
        given === 0 ? 'Add one, such as {"json": "$.queue.depth"}.' : 'Keep one; give the others metrics of their own.',
    });
  })
  .meta({ minProperties: 1, maxProperties: 1 });

export const metrics = z.record(z.string(), metricSource).optional().meta({
  description: 'Numbers taken from each answer, by name: letters, digits, - and _.',
});

export type ParsedMetrics = NonNullable<z.output<typeof metrics>>;
