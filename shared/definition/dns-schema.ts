import { z } from 'zod';
import { DNS_RECORDS } from '../monitor.ts';
import { AnswersConditions, ResponseTimeConditions } from './condition-schema.ts';
import { alerting, circumstances, identity } from './monitor-base-schema.ts';
import { domainName } from './schema-leaves.ts';

/** What a user writes for a dns monitor. */

const dns = z
  .strictObject({
    name: domainName().meta({
      description: 'The name that is asked for, such as "your.domain" or "_dmarc.your.domain".',
    }),
    record: z.enum(DNS_RECORDS).optional().meta({ description: 'The kind of record. Default: A.', default: 'A' }),
    resolver: z
      .string()
      .optional()
      .meta({
        examples: ['1.1.1.1'],
        description:
          'IP address of the name server to ask, with its port where that is not 53: "1.1.1.1", "192.0.2.1:5353", "[2001:db8::1]:53". Default: the name servers of the machine that checks.',
      }),
  })
  .meta({ examples: [{ name: 'your.domain', record: 'MX' }], description: 'What is asked, and whom.' });

const expectations = z
  .strictObject({ answers: AnswersConditions.optional(), responseTime: ResponseTimeConditions.optional() })
  .meta({ description: 'What must hold for a check to pass; everything must. Default: at least one answer.' });

export const DnsSchema = z
  .strictObject({
    ...identity,
    type: z.literal('dns').meta({ description: 'The kind of check.' }),
    ...circumstances,
    dns,
    expect: expectations.optional(),
    ...alerting,
  })
  .meta({ id: 'dns', description: 'Asks a name server, and looks at its answers.' });

/** Checked piece by piece: what is right of it, durations in milliseconds, defaults not yet filled in. */
export const SoundDns = DnsSchema.partial();
export type ParsedDns = z.output<typeof SoundDns>;
