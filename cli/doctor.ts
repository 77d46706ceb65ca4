import { printable } from '../local/text-width.ts';
import { aggregatorRegions } from '../shared/resource-names.ts';
import { awsInspection } from './account/aws-inspection.ts';
import type { Inspection } from './account/inspection.ts';
import { parseArguments } from './arguments.ts';
import { type ConnectionFlags, connected, deploymentFrom } from './connection.ts';
import { checkBootstrap, checkReplicas } from './doctor/deployment-checks.ts';
import type { Check, Finding } from './doctor/finding.ts';
import { checkClock, checkHeartbeats, checkLastSlots } from './doctor/pulse-checks.ts';
import { checkSms, checkSubscriptions } from './doctor/recipient-checks.ts';
import { checkDeadLetters, checkSchedules } from './doctor/run-checks.ts';
import { checkSecrets } from './doctor/secret-checks.ts';
import { screenFor } from './screen-for.ts';
import { type CliIo, UsageError, type Verb } from './verb.ts';

const usage = `
Usage: npx parallax doctor [flags]

Looks whether a deployment is as it should be, and says what to do where it is not. Reads only. AWS_PROFILE chooses
the account; AWS_ENDPOINT_URL points it at a local AWS.

  bootstrap      each region is ready for the CDK
  replicas       the table is where the definitions say; which deployments lead there, in which order
  schedules      every prober and aggregator is run
  dead-letters   no event came to nothing
  secrets        each is in its regions, encrypted; no value is read in the clear
  subscriptions  every recipient has confirmed, in home and standby
  sms            the sandbox, and how much may be spent
  clock          this machine's and AWS's agree
  heartbeat      the aggregators in home and standby have just run
  last-slot      each region's newest results are as new as they should be

Flags:
  --config <file>     the deployment, instead of ./parallax.json
  --env <name=value>  what \${env:name} becomes; repeatable; overrides the environment
  --json              {"ok", "name", "accountId", "asOfEpochMs", "findings": [{"check", "region", "state", "message",
                      "remedy"}]} on stdout; state is ok, warning, problem or unseen

✓ is well, ! wants attention, ✗ is wrong, ? could not be looked at.
Exit codes: 0 nothing is wrong (warnings allowed), 1 something is wrong or could not be looked at, 2 could not run.

Examples:
  npx parallax doctor
  npx parallax doctor --json | jq '.findings[] | select(.state != "ok")'
`;

const CHECKS: readonly Check[] = [
  checkBootstrap,
  checkReplicas,
  checkSchedules,
  checkDeadLetters,
  checkSecrets,
  checkSubscriptions,
  checkSms,
  checkClock,
  checkHeartbeats,
  checkLastSlots,
];

export interface DoctorTools {
  readonly open: (
    flags: ConnectionFlags,
    io: CliIo,
  ) => {
    readonly deployment: Parameters<Check>[0]['deployment'];
    readonly account: Inspection;
  };
  readonly now: () => number;
}

const TOOLS: DoctorTools = {
  open: (flags, io) => {
    const deployment = deploymentFrom(flags, io);
    return { deployment, account: awsInspection(aggregatorRegions(deployment), Date.now) };
  },
  now: Date.now,
};

export function createDoctorVerb({ open, now }: DoctorTools = TOOLS): Verb {
  return {
    name: 'doctor',
    summary: 'look whether a deployment is as it should be',
    usage,
    async run(argv, io) {
      const { values, positionals } = parseArguments(argv, {
        config: { type: 'string' },
        env: { type: 'string', multiple: true },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      });
      if (positionals.length > 0) throw new UsageError(`doctor takes no arguments (${positionals[0]}).`);
      return connected('doctor', open, values, io, async ({ deployment, account }) => {
        // Without credentials there is nothing to look at: this rejects, and the verb could not run.
        const identity = await account.identity();
        const offsetMs = await account.clockOffsetMs(deployment.home).catch(() => 0);
        const nowEpochMs = now() + offsetMs;
        const examination = { deployment, account, identity, nowEpochMs };
        const findings = (await Promise.all(CHECKS.map((check) => check(examination)))).flat();
        const ok = findings.every(({ state }) => state === 'ok' || state === 'warning');
        if (values.json === true) {
          const { accountId } = identity;
          const report = { ok, name: deployment.name, accountId, asOfEpochMs: nowEpochMs, findings };
          io.stdout(`${JSON.stringify(report, null, 2)}\n`);
        } else {
          io.stdout(render(findings, io));
          io.stderr(`${verdict(findings)} (${deployment.name} in account ${identity.accountId})\n`);
        }
        return ok ? 0 : 1;
      });
    },
  };
}

export const doctorVerb = createDoctorVerb();

const MARKS = { ok: '✓', warning: '!', problem: '✗', unseen: '?' } as const;
const TONES = { ok: 'good', warning: 'warn', problem: 'bad', unseen: 'warn' } as const;

/** A line each, and what to do below it. */
function render(findings: readonly Finding[], io: CliIo): string {
  const { paint } = screenFor(io);
  const checks = Math.max(...findings.map(({ check }) => check.length));
  const regions = Math.max(...findings.map(({ region }) => region?.length ?? 0));
  const lines = findings.flatMap(({ check, region, state, message, remedy }) => {
    const mark = paint(TONES[state], MARKS[state]);
    const head = `${mark} ${check.padEnd(checks)}  ${(region ?? '').padEnd(regions)}  ${printable(message)}`;
    return remedy === null ? [head] : [head, `    ${printable(remedy)}`];
  });
  return `${lines.join('\n')}\n`;
}

function verdict(findings: readonly Finding[]): string {
  const count = (state: Finding['state']) => findings.filter((finding) => finding.state === state).length;
  const parts = [
    [count('problem'), 'wrong'],
    [count('unseen'), 'could not be looked at'],
    [count('warning'), 'to attend to'],
  ] as const;
  const said = parts.filter(([n]) => n > 0).map(([n, what]) => `${n} ${what}`);
  return said.length === 0 ? `All ${findings.length} well` : `${said.join(', ')}, ${count('ok')} well`;
}
