import { type Prober, randomHex } from '../functions/prober/attempt.ts';
import { awsIdentity } from '../functions/prober/aws-identity.ts';
import { systemClock } from '../functions/prober/clock.ts';
import { openTcpSocket } from '../functions/prober/connection.ts';
import { createResolver } from '../functions/prober/resolve.ts';
import { createStallWatch } from '../functions/prober/stalls.ts';
import { createTrust } from '../functions/prober/trust.ts';
import {
  DEFAULT_CONFIG,
  type LoadOptions,
  loadDeployment,
  loadMonitorFiles,
  UnreadableFileError,
} from '../shared/definition/load.ts';
import { definitionEnvironment, parseArguments } from './arguments.ts';
import { checkJson } from './check-json.ts';
import { checkJunit } from './check-junit.ts';
import { type CheckedFile, checkFiles, HERE, type MonitorFile } from './check-run.ts';
import { checkTable } from './check-table.ts';
import { formatProblems } from './format-problems.ts';
import { type CliIo, type ExitCode, UsageError, type Verb } from './verb.ts';

const usage = `
Usage: npx parallax check [files] [flags]

Runs each monitor of these files once, now, from this machine, by the same code that probes from the regions.
Private and loopback addresses are allowed. Secrets come from the environment: \${secret:checkout-token} is
PARALLAX_SECRET_CHECKOUT_TOKEN. Authorities beyond the usual ones: NODE_EXTRA_CA_CERTS=<pem file>.

  Without files: all monitors of ./${DEFAULT_CONFIG}.

Flags:
  --config <file>     the deployment, instead of ./${DEFAULT_CONFIG}
  --env <name=value>  what \${env:name} becomes; repeatable; overrides the environment
  --only <id>         this monitor alone; repeatable
  --json              one JSON object on stdout:
                      {"ok", "passed", "failed", "inconclusive", "skipped": [{"file", "id", "name", "detail"}],
                      "results": [{"file", "id", "name", "outcome", "reason", "failedPhase", "detail", "blame",
                      "attempts", "status", "protocol", "totalMs", "phases": {"dnsMs", "connectMs",
                      "tlsMs", "firstByteMs", "downloadMs"}, "redirects", "bodyBytes", "address",
                      "certificateDaysLeft", "metrics", "steps": [{"name", "cleanup", "outcome",
                      "reason", "failedPhase", "status", "totalMs", "phases"}],
                      "startedAtEpochMs", "traceId"}]}
                      Times in milliseconds; null: did not happen, or not known.
  --junit             JUnit XML on stdout: failed is a failure, inconclusive an error

Heartbeats are skipped: their jobs call, and there is nothing to look at from here.

Exit codes: 0 all passed, 1 any failed or inconclusive, 2 could not run (problems in files are all printed), or there
are heartbeats only.

Examples:
  npx parallax check monitors/checkout.json
  npx parallax check --env base=https://staging.your.domain --junit > parallax.xml
`;

export const checkVerb: Verb = {
  name: 'check',
  summary: 'run monitors once, now, from this machine',
  usage,
  async run(argv, io) {
    const { values, positionals } = parseArguments(argv, {
      config: { type: 'string' },
      env: { type: 'string', multiple: true },
      only: { type: 'string', multiple: true },
      json: { type: 'boolean' },
      junit: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    });
    if (values.json && values.junit) throw new UsageError('Only one of --json and --junit fits on stdout.');
    const options = { env: definitionEnvironment(io.env, values.env), cwd: io.cwd };
    const files = load(positionals, values.config, options, io);
    if (files === null) return 2;
    const chosen = choose(files, values.only ?? []);
    const checked = await checkFiles(proberHere(io), chosen, io.env);
    io.stdout(values.json ? checkJson(checked) : values.junit ? checkJunit(checked) : checkTable(checked));
    return conclude(checked, io);
  },
};

/** Null where files have problems, which are on stderr then. */
function load(
  paths: readonly string[],
  config: string | undefined,
  options: LoadOptions,
  io: CliIo,
): readonly MonitorFile[] | null {
  try {
    const monitorsOnly = paths.length > 0;
    const resolution = monitorsOnly
      ? loadMonitorFiles([...new Set(paths)], { ...options, config })
      : loadDeployment(config ?? DEFAULT_CONFIG, options);
    io.stderr(formatProblems(resolution.ok ? resolution.warnings : resolution.problems));
    if (!resolution.ok) return null;
    const { monitors } = resolution.deployment;
    // All files were resolved together, so that an id is unique; each alone says which monitors are its own.
    return resolution.files.flatMap((file) => {
      const alone = loadMonitorFiles([file], { ...options, config });
      const ids = alone.ok ? alone.deployment.monitors.map((monitor) => monitor.id) : [];
      const own = monitors.filter((monitor) => ids.includes(monitor.id));
      return own.length === 0 ? [] : [{ file, monitors: own }];
    });
  } catch (error) {
    if (!(error instanceof UnreadableFileError)) throw error;
    io.stderr(`parallax check: ${error.message}\n`);
    return null;
  }
}

/** An id that no file has is a mistake in the call: nothing checked must not look like all good. */
function choose(files: readonly MonitorFile[], only: readonly string[]): readonly MonitorFile[] {
  const ids = files.flatMap(({ monitors }) => monitors.map((monitor) => monitor.id));
  for (const id of only) {
    if (!ids.includes(id))
      throw new UsageError(`There is no monitor "${id}" in these files. They have: ${ids.join(', ')}.`);
  }
  if (only.length === 0) return files;
  return files
    .map(({ file, monitors }) => ({ file, monitors: monitors.filter((monitor) => only.includes(monitor.id)) }))
    .filter(({ monitors }) => monitors.length > 0);
}

function proberHere({ env }: CliIo): Prober {
  return {
    region: HERE,
    clock: systemClock,
    randomHex,
    resolveName: createResolver(),
    addressPolicy: { allowPrivate: true, forbiddenEndpoints: [] },
    ...createTrust(),
    openSocket: openTcpSocket,
    stalls: createStallWatch(systemClock),
    aws: awsIdentity(env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? null),
  };
}

function conclude(files: readonly CheckedFile[], io: CliIo): ExitCode {
  const outcomes = files.flatMap(({ checked }) => checked.map(({ result }) => result.outcome));
  const count = (outcome: string) => outcomes.filter((one) => one === outcome).length;
  const monitors = `${outcomes.length} monitor${outcomes.length === 1 ? '' : 's'}`;
  const skipped = files.reduce((sum, file) => sum + file.skipped.length, 0);
  const left =
    skipped === 0
      ? ''
      : ` ${skipped === 1 ? '1 heartbeat skipped: its job calls' : `${skipped} heartbeats skipped: their jobs call`}.`;
  io.stderr(
    `${monitors}: ${count('passed')} passed, ${count('failed')} failed, ${count('inconclusive')} inconclusive.${left}\n`,
  );
  if (outcomes.length === 0 && skipped > 0) return 2;
  return outcomes.length > 0 && count('passed') === outcomes.length ? 0 : 1;
}
