import { z } from 'zod';
import { SECRET_STORES } from '../monitor.ts';
import { MAX_MEMORY_MB, MAX_TIMEOUT_MS, MIN_MEMORY_MB } from '../plan/lambda-bounds.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../schedule.ts';
import { MAX_DURATION_MS } from './durations-and-ratios.ts';
import { every, SEVERITIES, timeout } from './monitor-base-schema.ts';
import { complain, duration, patterned, region, webAddress } from './schema-leaves.ts';

/** What a user writes in `parallax.json`. */

const PROTOCOLS = ['email', 'sms', 'https'] as const;

const subscriber = z
  .strictObject({
    email: patterned(/^[^\s@]+@[^\s@]+$/, 'an e-mail address', 'Write it as name@domain.')
      .optional()
      .meta({ description: 'An e-mail address. AWS sends it a confirmation to click.' }),
    sms: patterned(
      /^\+[1-9]\d{6,14}$/,
      'a phone number',
      'Write it in E.164: + and the country code, digits only, such as "+15555550100".',
    )
      .optional()
      .meta({ description: 'A phone number in E.164, such as "+15555550100".' }),
    https: webAddress(['https:'])
      .optional()
      .meta({ description: 'An https:// URL that receives JSON. It must confirm the subscription.' }),
    severity: z.array(z.enum(SEVERITIES)).min(1).optional().meta({
      description: 'Which severities reach it: of "critical", "warning", "info". Default: all.',
    }),
  })
  .check((ctx) => {
    const given = PROTOCOLS.filter((protocol) => ctx.value[protocol] !== undefined);
    if (given.length === 1 || ctx.issues.length > 0) return;
    complain(
      ctx,
      given.length === 0 ? 'The recipient has no address.' : `The recipient has ${given.length} addresses.`,
      {
        allowed: 'exactly one of email, sms, https',
        remedy:
          given.length === 0
            ? 'Add one, such as {"email": "oncall@your.domain"}.'
            : 'Make each a recipient of its own.',
      },
    );
  })
  .meta({ oneOf: PROTOCOLS.map((protocol) => ({ required: [protocol] })) });

const kept = (minMs: number, stepMs: number) => duration({ minMs, maxMs: MAX_DURATION_MS, stepMs }).optional();

// Each level is made from the one before it, which must therefore outlive a window of the next and a late catch-up.
const retention = z
  .strictObject({
    results: kept(6 * HOUR_MS, 5 * MINUTE_MS).meta({
      description: 'Single results: from "6h", a multiple of 5m. Default: "48h".',
      default: '48h',
    }),
    fiveMinutes: kept(DAY_MS, 5 * MINUTE_MS).meta({
      description: 'Five-minute windows: from "1d", a multiple of 5m. Default: "14d".',
      default: '14d',
    }),
    hours: kept(7 * DAY_MS, HOUR_MS).meta({
      description: 'Hours: from "7d", a multiple of 1h. Default: "90d".',
      default: '90d',
    }),
    days: kept(30 * DAY_MS, DAY_MS).meta({
      description: 'Days: from "30d", a multiple of 1d. Default: "730d".',
      default: '730d',
    }),
    incidents: kept(DAY_MS, HOUR_MS).meta({
      description: 'Ended incidents and sent notifications: from "1d", a multiple of 1h. Default: "365d".',
      default: '365d',
    }),
  })
  .meta({ description: 'How long each level of detail is kept.' });

const whole = (low: number, high: number) => z.int().min(low).max(high);

const sized = (what: string) =>
  z
    .strictObject({
      memoryMb: whole(MIN_MEMORY_MB, MAX_MEMORY_MB)
        .optional()
        .meta({
          description: `Memory in MB, from ${MIN_MEMORY_MB} to ${MAX_MEMORY_MB}; CPU comes with it, 1769 being one vCPU.`,
        }),
      timeout: duration({ minMs: SECOND_MS, maxMs: MAX_TIMEOUT_MS, stepMs: SECOND_MS })
        .optional()
        .meta({ description: 'When Lambda ends a run: whole seconds up to "15m".' }),
      reservedConcurrency: whole(1, 1_000).optional().meta({
        description: 'How many runs at once, from 1 to 1000, taken from what the account has. Default: not limited.',
      }),
    })
    .optional()
    .meta({ description: what });

const functions = z
  .strictObject({
    prober: sized('Checks, in every region. Below 1769 MB it measures latencies too long.'),
    aggregator: sized('Makes windows and alerts, in home and standby.'),
    api: sized('Answers for the state, in home, where it is deployed.'),
    receiver: sized('Receives heartbeats, in home, where a monitor is one.'),
  })
  .meta({ description: 'Sizes of functions. Default: what `npx parallax plan` says each needs.' });

export const DeploymentSchema = z
  .strictObject({
    $schema: z.string().optional().meta({ description: 'Where editors find the explanation of this file.' }),
    name: patterned(
      /^[a-z][a-z0-9-]{0,31}$/,
      'a deployment name',
      'Use 1 to 32 of a–z, 0–9 and -, beginning with a letter.',
    ).meta({
      description:
        "Names the table, the stacks and the secrets' path: 1 to 32 of a–z, 0–9 and -, beginning with a letter.",
    }),
    // Home and standby need not be probe regions: each gets a replica of the table either way.
    home: region().meta({
      description: 'The AWS region that owns the table and aggregates. Need not be one of regions.',
    }),
    standby: region().optional().meta({
      description:
        'The AWS region that aggregates and notifies while home is gone; not home itself. Default: none, and nobody is paged while home is gone.',
    }),
    regions: z
      .array(region())
      .min(1)
      .meta({ examples: [['us-east-1', 'eu-west-1']], description: 'AWS regions that checks run from, at least one.' }),
    monitors: z
      .array(z.string().min(1))
      .min(1)
      .meta({
        examples: [['monitors/*.json']],
        description:
          'Files or globs of monitor definitions, relative to this file, such as "monitors/*.json". * stays in a directory, ** does not.',
      }),
    allowPrivateAddresses: z.boolean().optional().meta({
      description: 'Whether checks may go to private, loopback and link-local addresses. Default: false.',
      default: false,
    }),
    controls: z
      .array(webAddress(['https:', 'http:']))
      .max(5)
      .optional()
      .meta({
        description:
          "URLs, at most 5, that a prober asks to know whether its own network works: while none of them answers, what it cannot reach is inconclusive. []: it never asks. Default: the region's own AWS endpoints.",
      }),
    secrets: z.enum(SECRET_STORES).optional().meta({
      description:
        'Where ${secret:name} is kept, in each region that checks run from: "parameter-store" (SSM Parameter Store) or "secrets-manager" (AWS Secrets Manager). Default: "parameter-store".',
      default: 'parameter-store',
    }),
    standbyAfter: duration({ minMs: 2 * MINUTE_MS, maxMs: HOUR_MS })
      .optional()
      .meta({
        description: 'How long home may miss its heartbeat before the standby pages: "2m" to "1h". Default: "3m".',
        default: '3m',
      }),
    deadMansSwitch: webAddress(['https:', 'http:']).optional().meta({
      description:
        'A URL that every aggregator run calls with GET; a service outside of AWS that misses the calls can tell you. Default: none.',
    }),
    notify: z
      .array(subscriber)
      .max(50)
      .optional()
      .meta({ examples: [[{ email: 'oncall@your.domain' }]], description: 'Who is told. Default: nobody.' }),
    retention: retention.optional(),
    functions: functions.optional(),
    defaults: z
      .strictObject({
        every: every().optional().meta({
          description:
            'How often, where a monitor does not say: "5s" to "30s", or whole minutes to "1d". Default: "1m".',
          default: '1m',
        }),
        timeout: timeout().optional().meta({
          description: 'Deadline of a check where a monitor does not say, up to "60s". Default: "10s".',
          default: '10s',
        }),
      })
      .optional()
      .meta({ description: 'For every monitor that does not say otherwise.' }),
  })
  .meta({ description: 'One deployment: where it lives, where it checks from, who is told.' });

export type DeploymentInput = z.input<typeof DeploymentSchema>;
export type ParsedDeployment = z.output<typeof DeploymentSchema>;
export type ParsedSubscriber = z.output<typeof subscriber>;
