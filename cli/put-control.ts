import { printable } from '../local/text-width.ts';
import {
  applies,
  type Control,
  type ControlKind,
  DEFAULT_CONTROL_MS,
  MAX_CONTROL_MS,
  MAX_REASON_CHARS,
  MIN_CONTROL_MS,
  newControl,
} from '../shared/control.ts';
import { parseDurationMs } from '../shared/definition/durations-and-ratios.ts';
import { humanDuration, humanInstant } from '../shared/human.ts';
import { parseArguments } from './arguments.ts';
import { CONNECTION_FLAGS, CONNECTION_USAGE, type Connect, connect, connected, inHomeOrStandby } from './connection.ts';
import { loadControls, saveControl, signature } from './control-records.ts';
import { parseTarget, targetText } from './control-target.ts';
import { UsageError, type Verb } from './verb.ts';

/** What is told apart between `pause` and `silence`, in words. */
export interface ControlWords {
  readonly kind: ControlKind;
  readonly summary: string;
  readonly explanation: string;
  /** `Paused` */
  readonly done: string;
  /** What that means for so many monitors. */
  readonly meaning: (monitors: number) => string;
}

/** `pause` and `silence`. */
export function controlVerb(words: ControlWords, open: Connect = connect, now: () => number = Date.now): Verb {
  const { kind } = words;
  return {
    name: kind,
    summary: words.summary,
    usage: usageOf(words),
    async run(argv, io) {
      const { values, positionals } = parseArguments(argv, {
        ...CONNECTION_FLAGS,
        for: { type: 'string' },
        reason: { type: 'string' },
        standby: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      });
      const [text, ...more] = positionals;
      if (text === undefined || more.length > 0) throw new UsageError(`${kind} takes one monitor, tag:<tag> or all.`);
      const forMs = parseFor(values.for);
      const reason = parseReason(values.reason);
      return connected(kind, open, values, io, async (connection) => {
        const target = parseTarget(text, connection.deployment);
        const by = await signature(connection);
        const write = async (region: string): Promise<Control> => {
          const standing = await loadControls(connection, region);
          const previous =
            standing.find((each) => each.kind === kind && each.target === target && each.spendCap === undefined) ??
            null;
          const control = newControl({ kind, target, reason, by }, forMs, previous, now());
          await saveControl(connection, region, control);
          return control;
        };
        const control = await inHomeOrStandby(
          connection,
          values.standby === true,
          (line) => io.stderr(`${line}\n`),
          write,
        );
        if (values.json === true) {
          io.stdout(`${JSON.stringify(control, null, 2)}\n`);
          return 0;
        }
        const { monitors } = connection.deployment;
        const why = reason === null ? '' : `: ${printable(reason)}`;
        io.stdout(
          `${words.done} ${targetText(target)} until ${humanInstant(control.untilEpochMs)} (${humanDuration(forMs)}), by ${printable(by)}${why}\n`,
        );
        io.stderr(
          `${words.meaning(monitors.filter((monitor) => applies(target, monitor)).length)}\nEnd it earlier: npx parallax resume ${targetText(target)}\n`,
        );
        return 0;
      });
    },
  };
}

function parseFor(text: string | undefined): number {
  if (text === undefined) return DEFAULT_CONTROL_MS;
  const forMs = parseDurationMs(text);
  if (forMs === null || forMs < MIN_CONTROL_MS || forMs > MAX_CONTROL_MS) {
    throw new UsageError(
      `--for ${text} is not a duration from ${humanDuration(MIN_CONTROL_MS)} to ${humanDuration(MAX_CONTROL_MS)}, such as 30m, 2h or 7d. What is to stay off is better taken out of the definitions.`,
    );
  }
  return forMs;
}

function parseReason(text: string | undefined): string | null {
  const reason = text?.trim() ?? '';
  if (reason.length > MAX_REASON_CHARS) {
    throw new UsageError(`--reason has ${reason.length} characters. Give at most ${MAX_REASON_CHARS}.`);
  }
  return reason === '' ? null : reason;
}

function usageOf({ kind, explanation }: ControlWords): string {
  return `
Usage: npx parallax ${kind} <monitor | tag:<tag> | all> [flags]

${explanation}
It ends by itself; a second ${kind} of the same replaces the first. Who, until when and why is shown by
\`npx parallax status\`.

Flags:
  --for <duration>    1m to 30d, instead of 1h
  --reason <text>     for those who wonder
  --standby           write in standby's region, as is done by itself when home's does not answer
  --json              the stored record on stdout:
                      {"kind", "target", "fromEpochMs", "untilEpochMs", "reason", "by", "atEpochMs", "endedEarly"}
${CONNECTION_USAGE}

Exit codes: 0 stored, 2 could not run.

Examples:
  npx parallax ${kind} checkout-api --for 2h --reason "new database"
  npx parallax ${kind} tag:payments
  npx parallax ${kind} all --local
`;
}
