import { z } from 'zod';
import { START_TLS } from '../monitor.ts';
import { ReceivedConditions, ResponseTimeConditions } from './condition-schema.ts';
import { alerting, certificate, circumstances, identity } from './monitor-base-schema.ts';
import { host, port } from './schema-leaves.ts';
import { tlsSettings } from './tls-settings-schema.ts';

/** What a user writes for a tcp monitor. */

export const startTls = z.enum(START_TLS);

/** Enough for any protocol's greeting; bodies go over http. */
export const MAX_SEND_CHARS = 64 * 1024;

const tcp = z
  .strictObject({
    host: host().meta({ description: 'A host name, or an IP address (IPv6 without brackets).' }),
    port: port().meta({ description: '1 to 65535.' }),
    tls: z.boolean().optional().meta({
      description: 'true: TLS from the first byte. Default: false, plain text. Not together with startTls.',
      default: false,
    }),
    startTls: startTls.optional().meta({
      description:
        'Begins in plain text, asks for TLS as this protocol does, and goes on with TLS. Not together with tls.',
    }),
    ...tlsSettings,
    send: z.string().min(1).max(MAX_SEND_CHARS).optional().meta({
      description:
        'Text to send once connected, as UTF-8; line ends as the protocol wants them, such as "PING\\r\\n". May hold ${secret:name}. Default: nothing is sent.',
    }),
    encoding: z.enum(['text', 'hex']).optional().meta({
      description:
        'How send is written and what is received is read: "text" (UTF-8), or "hex" for protocols of bytes, such as "00 ff 1a". Default: "text".',
      default: 'text',
    }),
  })
  .meta({
    examples: [{ host: 'db.your.domain', port: 5432 }],
    description: 'Where to connect to, and what to say there.',
  });

const expectations = z
  .strictObject({
    received: ReceivedConditions.optional(),
    responseTime: ResponseTimeConditions.optional(),
    certificate: certificate.optional(),
  })
  .meta({ description: 'What must hold for a check to pass; everything must. Default: a connection.' });

export const TcpSchema = z
  .strictObject({
    ...identity,
    type: z.literal('tcp').meta({ description: 'The kind of check.' }),
    ...circumstances,
    tcp,
    expect: expectations.optional(),
    ...alerting,
  })
  .meta({ id: 'tcp', description: 'Connects to a TCP port, and may send something and look at the answer.' });

/** Checked piece by piece: what is right of it, durations in milliseconds, defaults not yet filled in. */
export const SoundTcp = TcpSchema.partial();
export type ParsedTcp = z.output<typeof SoundTcp>;
