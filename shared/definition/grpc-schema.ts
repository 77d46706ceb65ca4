import { z } from 'zod';
import { GrpcHealthConditions, GrpcStatusConditions, ResponseTimeConditions } from './condition-schema.ts';
import { alerting, certificate, circumstances, identity } from './monitor-base-schema.ts';
import { patterned } from './schema-leaves.ts';
import { tlsSettings } from './tls-settings-schema.ts';

/** What a user writes for a grpc monitor. */

const MAX_MESSAGE_BYTES = 10 * 1024 * 1024;
const MAX_SENT_CHARS = 256 * 1024;

/** `package.Service`, as in the .proto file. */
const SERVICE = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/;
const METHOD = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\/[A-Za-z_]\w*$/;
const BASE64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const grpc = z
  .strictObject({
    url: z.string().meta({
      description:
        'Scheme, host and port: https://, or http:// for HTTP/2 without TLS. May hold ${env:NAME} and ${env:NAME:-default}.',
    }),
    service: patterned(SERVICE, 'a service', 'Write its full name, such as "acme.Checkout".').optional().meta({
      description:
        'The service whose health is asked for (grpc.health.v1.Health/Check). Default: the whole server. Not together with method.',
    }),
    method: patterned(METHOD, 'a method', 'Write it in full, such as "acme.Checkout/Ping".').optional().meta({
      description: 'A unary method to call instead of the health check, such as "acme.Checkout/Ping".',
    }),
    message: patterned(BASE64, 'Base64', 'Encode the serialized message as Base64, with its padding.')
      .check(z.maxLength(MAX_SENT_CHARS))
      .optional()
      .meta({ description: 'The message for the method: protobuf bytes as Base64. Default: an empty message.' }),
    ...tlsSettings,
    metadata: z.record(z.string(), z.string().max(8_192)).optional().meta({
      description: 'Metadata values by name. Credentials belong in ${secret:name}.',
    }),
    maxMessageBytes: z
      .int()
      .min(1)
      .max(MAX_MESSAGE_BYTES)
      .optional()
      .meta({
        description: 'A larger answer fails as too-large. Bytes, 1 to 10,485,760. Default: 1,048,576 (1 MiB).',
        default: 1024 * 1024,
      }),
  })
  .meta({ examples: [{ url: 'https://grpc.your.domain' }], description: 'The server, and what is called there.' });

const expectations = z
  .strictObject({
    status: GrpcStatusConditions.optional(),
    health: GrpcHealthConditions.optional(),
    responseTime: ResponseTimeConditions.optional(),
    certificate: certificate.optional(),
  })
  .meta({
    description: 'What must hold for a check to pass; everything must. Default: status OK, and health SERVING.',
  });

export const GrpcSchema = z
  .strictObject({
    ...identity,
    type: z.literal('grpc').meta({ description: 'The kind of check.' }),
    ...circumstances,
    grpc,
    expect: expectations.optional(),
    ...alerting,
  })
  .meta({ id: 'grpc', description: 'Asks a gRPC server for its health, or calls a unary method.' });

/** Checked piece by piece: what is right of it, durations in milliseconds, defaults not yet filled in. */
export const SoundGrpc = GrpcSchema.partial();
export type ParsedGrpc = z.output<typeof SoundGrpc>;
