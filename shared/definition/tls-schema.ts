import { z } from 'zod';
import { IssuerConditions, NamesConditions, ResponseTimeConditions, TlsVersionConditions } from './condition-schema.ts';
import { alerting, certificate, circumstances, identity } from './monitor-base-schema.ts';
import { host, port } from './schema-leaves.ts';
import { startTls } from './tcp-schema.ts';
import { tlsSettings } from './tls-settings-schema.ts';

/** What a user writes for a tls monitor. */

const tls = z
  .strictObject({
    host: host().meta({ description: 'A host name, or an IP address (IPv6 without brackets).' }),
    port: port().optional().meta({
      description: '1 to 65535. Default: 443, or the usual port of the protocol in startTls.',
    }),
    serverName: host().optional().meta({
      description: 'The name that is asked for (SNI), and that the certificate must be for. Default: the host.',
    }),
    ...tlsSettings,
    startTls: startTls.optional().meta({
      description: 'Begins in plain text, and asks for TLS as this protocol does. Default: TLS from the first byte.',
    }),
  })
  .meta({ examples: [{ host: 'your.domain' }], description: 'Where to connect to, and for which name.' });

const expectations = z
  .strictObject({
    certificate: certificate.optional(),
    protocol: TlsVersionConditions.optional(),
    names: NamesConditions.optional(),
    issuer: IssuerConditions.optional(),
    responseTime: ResponseTimeConditions.optional(),
  })
  .meta({
    description:
      'What must hold for a check to pass; everything must. Always: a certificate that a known authority signed, for this name, valid now.',
  });

export const TlsSchema = z
  .strictObject({
    ...identity,
    type: z.literal('tls').meta({ description: 'The kind of check.' }),
    ...circumstances,
    tls,
    expect: expectations.optional(),
    ...alerting,
  })
  .meta({ id: 'tls', description: 'Makes a TLS handshake, and looks at the certificate.' });

/** Checked piece by piece: what is right of it, durations in milliseconds, defaults not yet filled in. */
export const SoundTls = TlsSchema.partial();
export type ParsedTls = z.output<typeof SoundTls>;
