import { z } from 'zod';
import { auth } from './auth-schema.ts';
import {
  AnswerConditions,
  BodyConditions,
  HeaderConditions,
  HttpProtocolConditions,
  JsonConditions,
  ResponseTimeConditions,
  StatusConditions,
  StopReasonConditions,
} from './condition-schema.ts';
import { metrics } from './metrics-schema.ts';
import { alerting, certificate, circumstances, identity } from './monitor-base-schema.ts';
import { anyJson } from './schema-leaves.ts';
import { price, stream } from './stream-schema.ts';
import { tlsSettings } from './tls-settings-schema.ts';

/** What a user writes for an http monitor. Defaults that depend on other properties are filled in by `resolve-http.ts`. */

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
/** What a prober reads of one body at most; the default is a tenth. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
const MAX_REQUEST_BODY_CHARS = 256 * 1024;

export const request = z
  .strictObject({
    url: z.string().meta({
      description: 'Absolute http:// or https:// URL. May hold ${env:NAME}, ${env:NAME:-default} and ${secret:name}.',
    }),
    method: z.enum(METHODS).optional().meta({ description: 'Default: GET.', default: 'GET' }),
    headers: z
      .record(z.string(), z.string().max(8_192))
      .optional()
      .meta({ description: 'Header values by name; names in any case. Credentials belong in ${secret:name}.' }),
    body: z.string().max(MAX_REQUEST_BODY_CHARS).optional().meta({
      description: 'The body as text, at most 262,144 characters. May hold ${secret:name}. Not together with json.',
    }),
    json: anyJson.optional().meta({
      description:
        'The body as any JSON value; sets content-type: application/json unless headers say otherwise. Not together with body.',
    }),
    auth: auth.optional(),
    ...tlsSettings,
    http2: z.boolean().optional().meta({
      description:
        'true: HTTP/2 is offered beside HTTP/1.1 in the TLS handshake, and the target chooses. Default: false, HTTP/1.1 alone.',
      default: false,
    }),
    redirects: z.int().min(0).max(10).optional().meta({
      description: 'How many redirects are followed, 0 to 10. 0: a redirect is the answer. Default: 5.',
      default: 5,
    }),
    maxBodyBytes: z
      .int()
      .min(1)
      .max(MAX_BODY_BYTES)
      .optional()
      .meta({
        description:
          'A larger body, before or after decoding, fails as too-large. Bytes, 1 to 10,485,760. Default: 1,048,576 (1 MiB).',
        default: 1024 * 1024,
      }),
  })
  .meta({ examples: [{ url: 'https://api.your.domain/health' }], description: 'What is sent.' });

export const expectations = z
  .strictObject({
    status: StatusConditions.optional(),
    protocol: HttpProtocolConditions.optional(),
    responseTime: ResponseTimeConditions.optional(),
    header: z
      .record(z.string(), HeaderConditions)
      .optional()
      .meta({
        examples: [{ 'content-type': { contains: 'json' } }],
        description: 'Conditions by header name; names in any case.',
      }),
    body: BodyConditions.optional(),
    json: z.record(z.string(), JsonConditions).optional().meta({
      description:
        'Conditions by JSONPath (RFC 9535) into the decoded body, such as {"$.queue.depth": {"below": 100}}.',
    }),
    certificate: certificate.optional(),
  })
  .meta({
    description:
      'What must hold for a check to pass; everything must. Default: a status from 200 to 299 within the timeout.',
  });

export const HttpSchema = z
  .strictObject({
    ...identity,
    type: z.literal('http').optional().meta({ description: 'The kind of check. Default: http.', default: 'http' }),
    ...circumstances,
    request: request.extend({ stream: stream.optional() }).meta(request.meta() ?? {}),
    expect: expectations
      .extend({ answer: AnswerConditions.optional(), stopReason: StopReasonConditions.optional() })
      .meta(expectations.meta() ?? {})
      .optional(),
    price: price.optional(),
    metrics,
    ...alerting,
  })
  .meta({ id: 'http', description: 'Sends an HTTP request and looks at the answer.' });

/** Checked piece by piece: what is right of it, durations in milliseconds, defaults not yet filled in. */
export const SoundHttp = HttpSchema.partial();
export type ParsedHttp = z.output<typeof SoundHttp>;
export type ParsedExpectations = z.output<typeof expectations>;
export type ParsedRequest = z.output<typeof request>;
