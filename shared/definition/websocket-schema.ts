import { z } from 'zod';
import {
  HeaderConditions,
  JsonConditions,
  MessageConditions,
  ResponseTimeConditions,
  SubprotocolConditions,
} from './condition-schema.ts';
import { metrics } from './metrics-schema.ts';
import { alerting, certificate, circumstances, identity } from './monitor-base-schema.ts';
import { MAX_SEND_CHARS } from './tcp-schema.ts';
import { tlsSettings } from './tls-settings-schema.ts';

/** What a user writes for a websocket monitor. */

const MAX_MESSAGE_BYTES = 10 * 1024 * 1024;

const websocket = z
  .strictObject({
    url: z.string().meta({
      description: 'Absolute ws:// or wss:// URL. May hold ${env:NAME}, ${env:NAME:-default} and ${secret:name}.',
    }),
    headers: z.record(z.string(), z.string().max(8_192)).optional().meta({
      description:
        'Header values of the upgrade request by name; names in any case. Credentials belong in ${secret:name}.',
    }),
    ...tlsSettings,
    protocols: z
      .array(z.string())
      .max(20)
      .optional()
      .meta({ examples: [['graphql-transport-ws']], description: 'Subprotocols to offer, the preferred one first.' }),
    send: z.string().min(1).max(MAX_SEND_CHARS).optional().meta({
      description: 'Sent as one text message once open. May hold ${secret:name}. Default: nothing is sent.',
    }),
    maxMessageBytes: z
      .int()
      .min(1)
      .max(MAX_MESSAGE_BYTES)
      .optional()
      .meta({
        description: 'A larger message fails as too-large. Bytes, 1 to 10,485,760. Default: 1,048,576 (1 MiB).',
        default: 1024 * 1024,
      }),
  })
  .meta({
    examples: [{ url: 'wss://api.your.domain/ws' }],
    description: 'Where to connect to, and what to say there.',
  });

const expectations = z
  .strictObject({
    message: MessageConditions.optional(),
    json: z.record(z.string(), JsonConditions).optional().meta({
      description: 'Conditions by JSONPath (RFC 9535) into the first message, such as {"$.type": "connection_ack"}.',
    }),
    protocol: SubprotocolConditions.optional(),
    header: z.record(z.string(), HeaderConditions).optional().meta({
      description: 'Conditions by name on the headers of the upgrade; names in any case.',
    }),
    responseTime: ResponseTimeConditions.optional(),
    certificate: certificate.optional(),
  })
  .meta({
    description:
      'What must hold for a check to pass; everything must. Default: the connection opens, and, where something is sent, a message comes back.',
  });

export const WebSocketSchema = z
  .strictObject({
    ...identity,
    type: z.literal('websocket').meta({ description: 'The kind of check.' }),
    ...circumstances,
    websocket,
    expect: expectations.optional(),
    metrics,
    ...alerting,
  })
  .meta({
    id: 'websocket',
    description: 'Opens a WebSocket, and may send a message and look at the first that comes.',
  });

/** Checked piece by piece: what is right of it, durations in milliseconds, defaults not yet filled in. */
export const SoundWebSocket = WebSocketSchema.partial();
export type ParsedWebSocket = z.output<typeof SoundWebSocket>;
