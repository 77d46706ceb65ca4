import { printable } from '../local/text-width.ts';
import { applies, type Control, endedControl, endOf } from '../shared/control.ts';
import { humanInstant, humanList } from '../shared/human.ts';
import { parseArguments } from './arguments.ts';
import { CONNECTION_FLAGS, CONNECTION_USAGE, type Connect, connect, connected, inHomeOrStandby } from './connection.ts';
import { loadControls, saveControl, signature } from './control-records.ts';
import { parseTarget, targetText } from './control-target.ts';
import { UsageError, type Verb } from './verb.ts';

const usage = `
Usage: npx parallax resume <monitor | tag:<tag> | all> [flags]

Ends pauses and silences now. \`resume all\` ends every one; otherwise exactly those that were given to the same target:
a monitor that is paused by its tag is resumed by its tag.

Flags:
  --standby           write in standby's region, as is done by itself when home's does not answer
  --json              {"ended": [records], "remaining": [records that still hold for it]} on stdout
${CONNECTION_USAGE}

Exit codes: 0 nothing holds for it any more, 1 something else still does (it says what), 2 could not run.

Examples:
  npx parallax resume checkout-api
  npx parallax resume all
`;

export function createResumeVerb(open: Connect = connect, now: () => number = Date.now): Verb {
  return {
    name: 'resume',
    summary: 'end pauses and silences now',
    usage,
    async run(argv, io) {
      const { values, positionals } = parseArguments(argv, {
        ...CONNECTION_FLAGS,
        standby: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      });
      const [text, ...more] = positionals;
      if (text === undefined || more.length > 0) throw new UsageError('resume takes one monitor, tag:<tag> or all.');
      return connected('resume', open, values, io, async (connection) => {
        const { monitors } = connection.deployment;
        const target = parseTarget(text, connection.deployment);
        const by = await signature(connection);
        const warn = (line: string): void => io.stderr(`${line}\n`);
        const { ended, remaining } = await inHomeOrStandby(
          connection,
          values.standby === true,
          warn,
          async (region) => {
            const nowEpochMs = now();
            // What has yet to begin, too: a cap's pause holds from the next minute, and clocks differ.
            const standing = (await loadControls(connection, region)).filter((each) => nowEpochMs < endOf(each));
            const meant = standing.filter((control) => target === 'all' || control.target === target);
            const records = meant.map((control) => endedControl(control, by, nowEpochMs));
            for (const record of records) await saveControl(connection, region, record);
            const concerned = monitors.filter((monitor) => applies(target, monitor));
            const others = standing.filter((control) => !meant.includes(control));
            return {
              ended: records,
              remaining: others.filter((control) => concerned.some((monitor) => applies(control.target, monitor))),
            };
          },
        );
        if (values.json === true) io.stdout(`${JSON.stringify({ ended, remaining }, null, 2)}\n`);
        else io.stdout(report(targetText(target), ended, remaining));
        return remaining.length === 0 ? 0 : 1;
      });
    },
  };
}

export const resumeVerb = createResumeVerb();

function report(name: string, ended: readonly Control[], remaining: readonly Control[]): string {
  const lines = ended.map(
    (control) =>
      `Ended the ${control.kind} of ${targetText(control.target)}, which would have held until ${humanInstant(control.untilEpochMs)}.`,
  );
  if (ended.length === 0) lines.push(`Nothing was paused or silenced by the name ${name}.`);
  for (const control of remaining) {
    const why = control.reason === null ? '' : `: ${printable(control.reason)}`;
    lines.push(
      `Still ${control.kind === 'pause' ? 'paused' : 'silenced'} by ${targetText(control.target)} until ${humanInstant(endOf(control))}, by ${printable(control.by)}${why}`,
    );
  }
  if (remaining.length > 0) {
    const commands = [...new Set(remaining.map(({ target }) => `npx parallax resume ${targetText(target)}`))];
    lines.push(`To end that too: ${humanList(commands)}.`);
  }
  return `${lines.join('\n')}\n`;
}
