import { resolve } from 'node:path';
import { DEMO_SECRETS, type Demo, startDemo } from '../local/demo.ts';
import { runDevSession } from '../local/dev-session.ts';
import { type Key, listenToKeys } from '../local/keyboard.ts';
import { LocalError } from '../local/local-error.ts';
import { DEFAULT_CONFIG, loadDeployment, type Resolution, UnreadableFileError } from '../shared/definition/load.ts';
import { definitionEnvironment, parseArguments } from './arguments.ts';
import { formatProblems } from './format-problems.ts';
import { screenFor } from './screen-for.ts';
import { type CliIo, type ExitCode, UsageError, type Verb } from './verb.ts';

const DEFAULT_DATA = '.parallax';
const DEFAULT_PORT = 4_680;

const usage = `
Usage: npx parallax dev [flags]

Runs the whole system on this machine: an embedded DynamoDB, a prober for each region, the aggregator and the API.
Prints the regional comparison, and each notification as its recipient would read it; sends none. Ctrl-C stops it.

Flags:
  --config <file>     the deployment, instead of ./${DEFAULT_CONFIG}
  --data <folder>     where everything is kept between runs, instead of ./${DEFAULT_DATA}
  --port <port>       of the API on 127.0.0.1, instead of ${DEFAULT_PORT}; 0 takes a free one
  --env <name=value>  what \${env:name} becomes; repeatable; overrides the environment
  --demo              also run a small API to watch, whose faults can be switched on; \${env:demo} is its URL

Secrets: \${secret:checkout-token} is PARALLAX_SECRET_CHECKOUT_TOKEN of the environment,
or "checkout-token" in <data>/secrets.json. \${secret:db#user} is the key "user" of the JSON there.

The API: /api/status, /api/monitors/<id>?range=1h, /api/incidents, /api/notifications

Exit codes: 0 stopped by Ctrl-C or SIGTERM, 1 the definitions have errors, 2 could not run.

Examples:
  npm start                                     the sample definitions and the demo API
  npx parallax dev --env base=https://staging.your.domain
  npx parallax dev --config ~/watch/parallax.json --data ~/watch/data --port 4700
`;

export const devVerb: Verb = {
  name: 'dev',
  summary: 'run the whole system on this machine',
  usage,
  async run(argv, io) {
    const { values, positionals } = parseArguments(argv, {
      config: { type: 'string' },
      data: { type: 'string' },
      port: { type: 'string' },
      env: { type: 'string', multiple: true },
      demo: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    });
    if (positionals.length > 0) {
      throw new UsageError(`dev takes no files (${positionals[0]}). Name the deployment with --config.`);
    }
    const port = parsePort(values.port);
    const demo = values.demo === true ? await startDemo() : null;
    try {
      const env = definitionEnvironment(demo === null ? io.env : { ...io.env, demo: demo.url }, values.env);
      const resolution = loadDeployment(values.config ?? DEFAULT_CONFIG, { env, cwd: io.cwd });
      const dataPath = resolve(io.cwd, values.data ?? DEFAULT_DATA);
      return await runResolved(resolution, { dataPath, port, demo }, io);
    } catch (error) {
      if (!(error instanceof LocalError || error instanceof UnreadableFileError)) throw error;
      const hint = error instanceof UnreadableFileError && values.config === undefined ? NO_CONFIG_HINT : '';
      io.stderr(`parallax dev: ${error.message}${hint}\n`);
      return 2;
    } finally {
      await demo?.close();
    }
  },
};

const NO_CONFIG_HINT = ' Run this where your parallax.json is, or name it: --config <file>.';

interface Place {
  readonly dataPath: string;
  readonly port: number;
  readonly demo: Demo | null;
}

async function runResolved(resolution: Resolution, { dataPath, port, demo }: Place, io: CliIo): Promise<ExitCode> {
  io.stderr(formatProblems(resolution.ok ? resolution.warnings : resolution.problems));
  if (!resolution.ok) return 1;
  const keyboard = io.isTTY && process.stdin.isTTY;
  // Main turns the signal into io.signal, and insists with the second one: keys go the same way.
  const interrupt = (): void => void process.emit('SIGINT');
  await runDevSession({
    deployment: resolution.deployment,
    dataPath,
    port,
    env: io.env,
    demo: demo === null ? null : { api: demo, secrets: DEMO_SECRETS },
    screen: screenFor(io),
    live: io.isTTY,
    listenToKeys: keyboard ? (keys: readonly Key[]) => listenToKeys(process.stdin, keys, interrupt) : null,
    signal: io.signal,
    quit: interrupt,
  });
  return 0;
}

/** Throws {@link UsageError}. */
function parsePort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) {
    throw new UsageError(`--port ${text} is no port. Give a number from 1 to 65535, or 0 for a free one.`);
  }
  return port;
}
