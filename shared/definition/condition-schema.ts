import { RE2JS } from 're2js';
import { z } from 'zod';
import { GRPC_HEALTH, GRPC_STATUSES, HTTP_PROTOCOLS } from '../monitor.ts';
import { anyJson, complain, duration } from './schema-leaves.ts';

/**
 * What stands inside `expect`: a bare value means equals, an object holds operators, and all of them must hold.
 * A missing value fails every condition except `exists: false`.
 */

const MAX_PATTERN_CHARS = 1_000;
const MAX_CHOICES = 200;

/** An RE2 pattern, which runs in linear time on any input. */
export function pattern() {
  return z.string().check((ctx) => {
    if (ctx.value.length > MAX_PATTERN_CHARS) {
      return complain(ctx, `The pattern is longer than ${MAX_PATTERN_CHARS} characters.`, { remedy: 'Shorten it.' });
    }
    try {
      RE2JS.compile(ctx.value);
    } catch (error) {
      complain(ctx, `The pattern is not RE2: ${error instanceof Error ? error.message : String(error)}.`, {
        remedy: 'See https://github.com/google/re2/wiki/Syntax; RE2 has no look-around and no back-references.',
      });
    }
  });
}

const above = (unit: string) => `The value must be more than this${unit}.`;
const below = (unit: string) => `The value must be less than this${unit}.`;
const between = (unit: string) => `[low, high]: the value must be from low to high${unit}, both included.`;

const numbers = {
  above: z
    .number()
    .optional()
    .meta({ description: above('') }),
  below: z
    .number()
    .optional()
    .meta({ description: below('') }),
  between: z
    .tuple([z.number(), z.number()])
    .optional()
    .meta({ description: between('') }),
};

const exists = z.boolean().optional().meta({
  description:
    'true: there must be a value, of any kind. false: there must be none; nothing else can be asked of it then.',
});

const length = z
  .union([
    z.int(),
    atLeastOneOperator(
      z.strictObject({
        ...numbers,
        not: z.int().optional().meta({ description: 'The length must not be this.' }),
        oneOf: z.array(z.int()).max(MAX_CHOICES).optional().meta({ description: 'The length must be one of these.' }),
      }),
    ),
  ])
  .optional()
  .meta({ description: 'How many characters of a text or elements of an array: a whole number, or operators.' });

const textOperators = {
  not: z.string().optional().meta({ description: 'The text must not be exactly this.' }),
  oneOf: z
    .array(z.string())
    .max(MAX_CHOICES)
    .optional()
    .meta({ description: 'The text must be exactly one of these.' }),
  contains: z
    .string()
    .optional()
    .meta({ description: 'The text must have this somewhere in it; upper and lower case differ.' }),
  excludes: z
    .string()
    .optional()
    .meta({ description: 'The text must not have this anywhere in it; upper and lower case differ.' }),
  matches: pattern().optional().meta({
    description: 'An RE2 pattern that must be found somewhere in the text; ^ and $ tie it to the ends.',
  }),
  length,
};

export const StatusConditions = z
  .union([
    z.int(),
    atLeastOneOperator(
      z.strictObject({
        ...numbers,
        not: z.int().optional().meta({ description: 'The status must not be this.' }),
        oneOf: z.array(z.int()).max(MAX_CHOICES).optional().meta({ description: 'The status must be one of these.' }),
      }),
    ),
  ])
  .meta({
    examples: [200, { oneOf: [200, 204] }],
    description:
      'HTTP status of the last hop, 100 to 599: a number, or operators such as {"oneOf": [200, 204]}. Default: {"between": [200, 299]}.',
  });

const responseTime = () => duration({ minMs: 0, maxMs: 60_000 });

export const ResponseTimeConditions = atLeastOneOperator(
  z.strictObject({
    above: responseTime()
      .optional()
      .meta({ description: above(' (a duration such as "5ms")') }),
    below: responseTime()
      .optional()
      .meta({ description: below(' (a duration such as "800ms")') }),
    between: z
      .tuple([responseTime(), responseTime()])
      .optional()
      .meta({ description: between(' (durations)') }),
  }),
).meta({
  examples: [{ below: '800ms' }],
  description:
    'On the whole time of the check, from looking up the name to the last byte: operators with durations, such as {"below": "800ms"}. Default: only the timeout.',
});

export const HeaderConditions = z
  .union([z.string(), atLeastOneOperator(z.strictObject({ ...numbers, ...textOperators, exists }))])
  .meta({
    examples: [{ contains: 'json' }],
    description:
      'The exact value, or operators such as {"contains": "json"}. above, below and between read it as a number.',
  });

export const BodyConditions = z
  .union([z.string(), atLeastOneOperator(z.strictObject({ ...textOperators, exists }))])
  .meta({
    examples: [{ contains: 'ok' }],
    description: 'On the decoded body as text: the exact text, or operators such as {"contains": "ok"}.',
  });

export const JsonConditions = z
  .union([
    z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(anyJson)]),
    atLeastOneOperator(
      z.strictObject({
        ...numbers,
        not: anyJson.optional().meta({ description: 'The value must not equal this JSON value.' }),
        oneOf: z.array(anyJson).max(MAX_CHOICES).optional().meta({
          description:
            'The value must equal one of these JSON values; with one element, the way to compare with an object.',
        }),
        contains: anyJson
          .optional()
          .meta({ description: 'A text must have this in it, or an array must have this element.' }),
        excludes: anyJson
          .optional()
          .meta({ description: 'A text must not have this in it, or an array must not have this element.' }),
        matches: textOperators.matches,
        exists,
        length,
      }),
    ),
  ])
  .meta({
    examples: ['ok', { below: 100 }],
    description: 'The exact JSON value, or operators such as {"below": 100}. A missing value always fails.',
  });

/** `not` is left out: what has not come yet is not it, so it would hold too early. */
export const ReceivedConditions = z
  .union([
    z.string(),
    atLeastOneOperator(
      z.strictObject({
        contains: textOperators.contains,
        matches: textOperators.matches,
        oneOf: textOperators.oneOf,
        length,
      }),
    ),
  ])
  .meta({
    examples: [{ contains: 'PONG' }],
    description:
      'On all that was received, as text: read until it holds, the server closes or the timeout strikes. The exact text, or operators such as {"contains": "PONG"}. Default: nothing is read.',
  });

export const AnswerConditions = z.union([z.string(), atLeastOneOperator(z.strictObject(textOperators))]).meta({
  examples: [{ contains: '42' }, { excludes: 'CANARY-7f3a' }],
  description:
    'On the text that a stream put together: the exact text, or operators such as {"contains": "42"} and {"excludes": "CANARY-7f3a"}. An answer without text always fails.',
});

export const StopReasonConditions = z.union([z.string(), atLeastOneOperator(z.strictObject(textOperators))]).meta({
  examples: ['stop', { oneOf: ['end_turn', 'stop_sequence'] }],
  description:
    "On the API's own word for why it stopped, such as stop, length, completed, max_output_tokens, end_turn or refusal: the exact word, or operators.",
});

export const MessageConditions = z.union([z.string(), atLeastOneOperator(z.strictObject(textOperators))]).meta({
  examples: [{ contains: 'welcome' }],
  description: 'On the first message as text: the exact text, or operators such as {"contains": "welcome"}.',
});

export const SubprotocolConditions = z
  .union([z.string(), atLeastOneOperator(z.strictObject({ ...textOperators, exists }))])
  .meta({
    examples: ['graphql-transport-ws'],
    description: 'On the subprotocol that the server chose: the exact name, or operators.',
  });

export const TlsVersionConditions = oneOfNames(['TLSv1.2', 'TLSv1.3'], 'version').meta({
  examples: ['TLSv1.3'],
  description:
    'The TLS version agreed on, which is the newest that both sides speak: "TLSv1.2" or "TLSv1.3", or operators such as {"not": "TLSv1.2"}. Default: either; older ones always fail.',
});

export const GrpcStatusConditions = oneOfNames(GRPC_STATUSES, 'status').meta({
  examples: ['OK', { oneOf: ['OK', 'NOT_FOUND'] }],
  description: 'The call\'s status by name, or operators such as {"oneOf": ["OK", "NOT_FOUND"]}. Default: OK.',
});

export const HttpProtocolConditions = oneOfNames(HTTP_PROTOCOLS, 'protocol').meta({
  examples: ['h2'],
  description:
    'The protocol that the last answer came by: "h2", "http/1.1" or "http/1.0", or operators such as {"not": "http/1.0"}. "h2" needs "http2": true in request.',
});

export const GrpcHealthConditions = oneOfNames(GRPC_HEALTH, 'health').meta({
  examples: ['SERVING'],
  description: 'The health that was answered, by name, or operators such as {"not": "NOT_SERVING"}. Default: SERVING.',
});

export const IssuerConditions = z.union([z.string(), atLeastOneOperator(z.strictObject(textOperators))]).meta({
  examples: [{ contains: "Let's Encrypt" }],
  description:
    'On who issued the certificate, by organization, or by common name where there is none: the exact text, or operators.',
});

export const NamesConditions = listOfTexts('name', {
  examples: [{ contains: 'www.your.domain' }],
  description:
    'On the names and addresses that the certificate is for, in lower case as they are listed: all of them in any order, or operators such as {"contains": "www.your.domain"}.',
});

export const AnswersConditions = listOfTexts('answer', {
  examples: [{ contains: '10 mail.your.domain' }],
  description:
    'On the answers: all of them in any order, or operators such as {"contains": "10 mail.your.domain"}. {"exists": false}: there must be none. Default: at least one.',
});

/** One of a closed set of names. */
function oneOfNames<const Names extends readonly [string, ...string[]]>(names: Names, what: string) {
  const name = z.enum(names);
  return z.union([
    name,
    atLeastOneOperator(
      z.strictObject({
        not: name.optional().meta({ description: `The ${what} must not be this.` }),
        oneOf: z
          .array(name)
          .max(MAX_CHOICES)
          .optional()
          .meta({ description: `The ${what} must be one of these.` }),
      }),
    ),
  ]);
}

/** A list whose order says nothing. */
function listOfTexts(what: string, about: { readonly examples: readonly unknown[]; readonly description: string }) {
  return z
    .union([
      z.array(z.string()).min(1).max(MAX_CHOICES),
      atLeastOneOperator(
        z.strictObject({
          contains: z
            .string()
            .optional()
            .meta({ description: `One ${what} must be exactly this.` }),
          exists: z
            .boolean()
            .optional()
            .meta({ description: `true: there must be at least one ${what}. false: there must be none.` }),
          length: length.meta({ description: `How many there are: a whole number, or operators.` }),
        }),
      ),
    ])
    .meta({ ...about, examples: [...about.examples] });
}

function atLeastOneOperator<T extends z.ZodObject>(schema: T): T {
  return schema
    .check((ctx) => {
      if (ctx.issues.length > 0 || Object.keys(ctx.value).length > 0) return;
      complain(ctx, 'This asks for nothing.', {
        remedy: `Add one of ${Object.keys(schema.shape).join(', ')}, or remove it.`,
      });
    })
    .meta({ minProperties: 1 });
}
