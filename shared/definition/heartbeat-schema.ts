import { z } from 'zod';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../schedule.ts';
import { alerting, circumstances, identity } from './monitor-base-schema.ts';
import { duration } from './schema-leaves.ts';

/** What a user writes for a heartbeat monitor. */

/** A job that is due once a year, with a leap day. */
const MAX_HEARTBEAT_MS = 366 * DAY_MS;

/** A URL's segment, and a header: both carry this much everywhere. */
const MAX_TOKEN_CHARS = 512;

const heartbeat = z
  .strictObject({
    every: duration({ minMs: MINUTE_MS, maxMs: MAX_HEARTBEAT_MS }).meta({
      description: 'How often the job is due to succeed: a duration from "1m" to "366d".',
    }),
    grace: duration({ minMs: SECOND_MS, maxMs: MAX_HEARTBEAT_MS }).optional().meta({
      description:
        'How much later than that a success may come, from "1s": what a run may take longer, or begin later, than another. Default: a tenth of every, at least "1m" and at most "1h".',
    }),
    token: z.string().min(1).max(MAX_TOKEN_CHARS).meta({
      description: 'What the job proves itself with, one for each monitor. Belongs in ${secret:name}.',
    }),
  })
  .meta({
    examples: [{ every: '1d', grace: '1h', token: '${secret:nightly-backup}' }],
    description: 'When the job is due, and how it proves itself.',
  });

const expectations = z
  .strictObject({
    responseTime: z
      .strictObject({
        below: duration({ minMs: SECOND_MS, maxMs: MAX_HEARTBEAT_MS }).meta({
          description: 'How long a run may take from its start to its success: a duration from "1s".',
        }),
      })
      .optional()
      .meta({
        examples: [{ below: '2h' }],
        description:
          'On the time of a run. It needs a job that tells its start. Default: no limit but the next due time.',
      }),
  })
  .meta({ description: 'What must hold beside being in time.' });

const { tags, runbook, regions, every } = circumstances;

export const HeartbeatSchema = z
  .strictObject({
    ...identity,
    type: z.literal('heartbeat').meta({ description: 'The kind of check.' }),
    tags,
    runbook,
    regions,
    every,
    heartbeat,
    expect: expectations.optional(),
    ...alerting,
  })
  .meta({ id: 'heartbeat', description: 'Waits for a job to call, and fails when it does not.' });

/** Checked piece by piece: what is right of it, durations in milliseconds, defaults not yet filled in. */
export const SoundHeartbeat = HeartbeatSchema.partial();
export type ParsedHeartbeat = z.output<typeof SoundHeartbeat>;
