import { z } from 'zod';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../schedule.ts';
import { SPEND_PERIODS } from '../spend-cap.ts';
import { formatDuration, MAX_DURATION_MS, parseDurationMs } from './durations-and-ratios.ts';
import { complain, duration, patterned, quote, ratio, region, webAddress } from './schema-leaves.ts';

/** What a user writes for a monitor of any kind. Each kind's own schema brings the rest. */

export const SEVERITIES = ['critical', 'warning', 'info'] as const;
const MAX_TIMEOUT_MS = 60_000;

/** Whole seconds that divide a minute. */
const SUB_MINUTE_MS = [5_000, 6_000, 10_000, 12_000, 15_000, 20_000, 30_000];

const identifier = () =>
  patterned(/^[a-z0-9][a-z0-9-]{0,63}$/, 'an id', 'Use 1 to 64 of a–z, 0–9 and -, beginning with a letter or digit.');

/** How often: a divisor of a minute, or whole minutes, so that slots fall on the same instants in every region. */
export const every = () =>
  z
    .string()
    .transform((text, ctx) => {
      const ms = parseDurationMs(text);
      if (ms !== null && (SUB_MINUTE_MS.includes(ms) || (ms >= MINUTE_MS && ms <= DAY_MS && ms % MINUTE_MS === 0)))
        return ms;
      complain(ctx, ms === null ? `${quote(text)} is not a duration.` : `A check cannot run every ${text}.`, {
        remedy: `Write ${SUB_MINUTE_MS.map((allowed) => `"${formatDuration(allowed)}"`).join(', ')}, or whole minutes from "1m" to "1d".`,
      });
      return z.NEVER;
    })
    .meta({ pattern: '^\\d+(\\.\\d+)?(ms|s|m|h|d)$|\\$\\{env:' });

// Larger than `every` is allowed: each check has its own deadline and checks of neighbouring slots may overlap;
// a slow target that is looked at often is exactly what a long timeout is for.
export const timeout = () => duration({ minMs: 1, maxMs: MAX_TIMEOUT_MS });

export const AlertSchema = z
  .strictObject({
    id: patterned(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/,
      'a policy id',
      'Use 1 to 80 letters, digits, dots, - and _, beginning with a letter or digit.',
    )
      .optional()
      .meta({
        description:
          'Unique in this monitor, and stable: incidents carry it. Default: the metric, with -2, -3 when repeated.',
      }),
    metric: z.string().meta({
      description:
        'availability, errorRate, errorRate.4xx, errorRate.5xx, errorRate.<reason>, flakeRate (passed only when tried again), latency.p50|p90|p95|p99, certificate.daysLeft, <custom metric> (its average) or <custom metric>.avg|max|min|last|p95|sum; of a stream timeToFirstEvent, timeToFirstToken, interTokenP95, tokensPerSecond, outputTokens, inputTokens, cachedInputTokens and cost, with the same endings. With .vsWeek behind a percentile of latency, or an average, sum or p95 of another: as a multiple of what is usual in the week before, such as cost.sum.vsWeek.',
    }),
    above: z.union([z.number(), z.string()]).optional().meta({
      description:
        'Breaches above this. Ratio for availability, error and flake rates ("5%"), duration for latency and a stream\'s times ("800ms"), days for certificates, a multiple (3) for .vsWeek, else a number. Exactly one of above and below.',
    }),
    below: z.union([z.number(), z.string()]).optional().meta({
      description:
        'Breaches below this. Ratio for availability, error and flake rates ("99%"), duration for latency and a stream\'s times ("800ms"), days for certificates ("14d"), a multiple for .vsWeek, else a number. Exactly one of above and below.',
    }),
    over: duration({ minMs: 5_000, maxMs: MAX_DURATION_MS }).optional().meta({
      description:
        'The window that is looked at: a duration from `every` to the longest retention. Default: "5m", or `every` where that is longer.',
    }),
    regions: z
      .union([z.enum(['any', 'majority', 'all', 'pooled']), z.int().min(1)])
      .optional()
      .meta({
        description:
          'How many regions must breach: "any", a number, "majority" or "all"; "pooled" merges their results and looks once. Default: "majority".',
        default: 'majority',
      }),
    severity: z.enum(SEVERITIES).optional().meta({ description: 'Default: critical.', default: 'critical' }),
    confirm: z.int().min(1).max(100).optional().meta({
      description: 'Consecutive slots that must breach before it opens, 1 to 100. Default: 1.',
      default: 1,
    }),
    recover: z.int().min(1).max(100).optional().meta({
      description: 'Consecutive slots that must not breach before it resolves, 1 to 100. Default: 2.',
      default: 2,
    }),
    remindEvery: z
      .union([z.literal('never'), duration({ minMs: MINUTE_MS, maxMs: 30 * DAY_MS })])
      .optional()
      .meta({
        description:
          'How often an open incident is said again: a duration from "1m" to "30d", or "never". Default: "4h".',
        default: '4h',
      }),
  })
  .meta({
    examples: [{ metric: 'availability', below: '99%', over: '5m' }],
    description: 'A rule that opens an incident.',
  });

const slo = z
  .strictObject({
    objective: ratio().meta({ description: 'The share of good checks: more than 0, less than 1, such as "99.9%".' }),
    over: duration({ minMs: HOUR_MS, maxMs: MAX_DURATION_MS }).meta({
      description: 'The rolling period of the error budget: a duration from "1h", such as "30d".',
    }),
    responseTime: duration({ minMs: 1, maxMs: MAX_TIMEOUT_MS }).optional().meta({
      description: 'A passed check slower than this is not a good one. Default: every passed check is good.',
    }),
  })
  .meta({
    examples: [{ objective: '99.9%', over: '30d' }],
    description: 'A service level objective, from which the error budget follows.',
  });

/** $0.001 would be reached by one check of most models; what is more than a million is no cap. */
const MIN_CAP_DOLLARS = 0.001;
const MAX_CAP_DOLLARS = 1_000_000;

const spendCap = z
  .strictObject({
    dollars: z.number().min(MIN_CAP_DOLLARS).max(MAX_CAP_DOLLARS).meta({
      description: 'What its checks may cost in all regions together: 0.001 to 1,000,000 dollars.',
    }),
    per: z.enum(SPEND_PERIODS).meta({
      description: '"hour", "day", "week" (from Monday) or "month", by the calendar in UTC.',
    }),
  })
  .meta({
    examples: [{ dollars: 5, per: 'day' }],
    description:
      'Pauses the monitor for the rest of the period once its checks have cost this much. Only where checks have the metric cost. Default: no cap.',
  });

/** Inside `expect`, where there may be TLS. */
export const certificate = z
  .strictObject({
    validFor: duration({ minMs: HOUR_MS, maxMs: 3_650 * DAY_MS }).meta({
      description: 'The certificate must stay valid at least this long: a duration from "1h", such as "14d".',
    }),
  })
  .meta({ examples: [{ validFor: '14d' }], description: 'On the TLS certificate. Default: it must be valid now.' });

/** Who it is; stands first in a monitor. */
export const identity = {
  $schema: z.string().optional().meta({ description: 'Where editors find the explanation of this file.' }),
  id: identifier().meta({
    description: 'Unique in the deployment, and stable: results are stored under it. 1 to 64 of a–z, 0–9 and -.',
  }),
  name: z
    .string()
    .min(1)
    .max(80)
    .optional()
    .meta({ description: 'What people read, 1 to 80 characters. Default: the id.' }),
};

/** When and from where it is checked, and what people know of it. */
export const circumstances = {
  tags: z
    .array(z.string().min(1).max(64))
    .max(20)
    .optional()
    .meta({ examples: [['payments']], description: 'Words to group monitors by, at most 20.' }),
  runbook: webAddress(['http:', 'https:'])
    .optional()
    .meta({ description: 'URL of a page for the person who is woken up.' }),
  regions: z.array(region()).min(1).optional().meta({
    description: "AWS regions to check from, of the deployment's regions. Default: all of them.",
  }),
  every: every().optional().meta({
    description:
      'How often each region checks: "5s", "6s", "10s", "12s", "15s", "20s", "30s", or whole minutes from "1m" to "1d". Default: the deployment\'s, else "1m".',
  }),
  timeout: timeout().optional().meta({
    description:
      'Deadline of one check, all redirects and attempts included: a duration up to "60s". May be longer than `every`. Default: the deployment\'s, else "10s".',
  }),
  attempts: z.int().min(1).max(5).optional().meta({
    description:
      'How often a check that fails on the way, or with a 5xx, is tried within its timeout before it has failed, 1 to 5; from 2 on, once more at another address of the name. 1: never again. Default: 2, and 1 for what may have an effect: POST and PATCH, messages that are sent, gRPC methods, flows.',
  }),
};

/** When people are told; stands last. */
export const alerting = {
  alerts: z.array(AlertSchema).max(50).optional().meta({
    description:
      'When to open an incident. Default: one policy, down in a majority of regions for two slots. []: never.',
  }),
  slo: slo.optional(),
  spendCap: spendCap.optional(),
};

/** Checked piece by piece: durations in milliseconds, ratios 0–1; defaults not yet filled in. */
export type ParsedAlert = z.output<typeof AlertSchema>;
export type ParsedSlo = z.output<typeof slo>;
export type ParsedSpendCap = z.output<typeof spendCap>;
const Sound = z.strictObject({ ...identity, ...circumstances, ...alerting }).partial();
export type ParsedBase = z.output<typeof Sound>;
