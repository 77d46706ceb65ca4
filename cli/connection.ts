import { resolve } from 'node:path';
import { LocalError } from '../local/local-error.ts';
import { DEFAULT_CONFIG, loadDeployment, UnreadableFileError } from '../shared/definition/load.ts';
import type { Deployment, Region } from '../shared/monitor.ts';
import { aggregatorRegions } from '../shared/resource-names.ts';
import type { Account } from './account/account.ts';
import { awsAccount } from './account/aws-account.ts';
import { awsErrorText, kindOfAwsError } from './account/aws-error.ts';
import { localAccount } from './account/local-account.ts';
import { definitionEnvironment } from './arguments.ts';
import { formatProblems } from './format-problems.ts';
import { type CliIo, type ExitCode, UsageError } from './verb.ts';

/** A deployment, and the account that it runs in. */
export interface Connection {
  readonly deployment: Deployment;
  readonly account: Account;
}

/** The flags by which every operating verb is told what it works on. */
export const CONNECTION_FLAGS = {
  config: { type: 'string' },
  env: { type: 'string', multiple: true },
  local: { type: 'boolean' },
  data: { type: 'string' },
} as const;

/** Where `parallax dev` keeps its data unless told otherwise. */
const DEFAULT_DATA = '.parallax';

export const CONNECTION_USAGE = `  --config <file>     the deployment, instead of ./${DEFAULT_CONFIG}
  --env <name=value>  what \${env:name} becomes; repeatable; overrides the environment
  --local             what \`parallax dev\` runs on this machine, instead of the AWS account
  --data <folder>     its data folder, instead of ./${DEFAULT_DATA}; only with --local`;

export interface ConnectionFlags {
  readonly config?: string | undefined;
  readonly env?: readonly string[] | undefined;
  readonly local?: boolean | undefined;
  readonly data?: string | undefined;
}

/** How a verb gets at a deployment; tests give their own. */
export type Connect = (flags: ConnectionFlags, io: CliIo) => Connection;

/** The verb could not do what it is for. The message is for who called it and ends with the remedy. Exit code 2. */
export class CannotRun extends Error {
  override readonly name = 'CannotRun';
  readonly code = 'cannot-run';
}

/** Throws {@link CannotRun} where there is no such deployment, {@link UsageError} for flags that exclude each other. */
export const connect: Connect = (flags, io) => {
  if (flags.local === true) {
    if (flags.config !== undefined || flags.env !== undefined) {
      throw new UsageError('--local takes the deployment that is running. Leave out --config and --env.');
    }
    return localAccount(resolve(io.cwd, flags.data ?? DEFAULT_DATA));
  }
  if (flags.data !== undefined) throw new UsageError('--data names what runs on this machine. Add --local.');
  const deployment = deploymentFrom(flags, io);
  return { deployment, account: awsAccount(aggregatorRegions(deployment)) };
};

/** The deployment of `--config`. Throws {@link CannotRun}; problems of definitions are printed. */
export function deploymentFrom({ config, env }: ConnectionFlags, io: CliIo): Deployment {
  const hint = config === undefined ? ' Run this where your parallax.json is, or name it: --config <file>.' : '';
  try {
    const resolution = loadDeployment(config ?? DEFAULT_CONFIG, {
      env: definitionEnvironment(io.env, env),
      cwd: io.cwd,
    });
    if (resolution.ok) return resolution.deployment;
    io.stderr(formatProblems(resolution.problems));
  } catch (error) {
    if (!(error instanceof UnreadableFileError)) throw error;
    throw new CannotRun(`${error.message}${hint}`, { cause: error });
  }
  throw new CannotRun('The definitions have errors. Correct them; `npx parallax validate` shows them again.');
}

/** Runs a verb's work on its connection and closes it. What AWS, the network or this machine refuse is said in a sentence: 2. */
export async function connected<C extends { readonly account: { close(): void } }>(
  verb: string,
  open: (flags: ConnectionFlags, io: CliIo) => C,
  flags: ConnectionFlags,
  io: CliIo,
  work: (connection: C) => Promise<ExitCode>,
): Promise<ExitCode> {
  let connection: C | undefined;
  try {
    connection = open(flags, io);
    return await work(connection);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const expected = error instanceof CannotRun || error instanceof LocalError;
    const message = expected ? error.message : awsRefusal(error);
    if (message === null) throw error;
    io.stderr(`parallax ${verb}: ${message}\n`);
    return 2;
  } finally {
    connection?.account.close();
  }
}

/** Null for what is a defect of ours. */
function awsRefusal(error: unknown): string | null {
  const said = awsErrorText(error);
  switch (kindOfAwsError(error)) {
    case 'credentials':
      return `AWS does not accept the credentials (${said}). Log in, or name a profile with AWS_PROFILE; what \`parallax dev\` runs is reached with --local.`;
    case 'denied':
      return `These credentials may not do that (${said}). docs/operating.md lists what each verb needs.`;
    case 'absent':
      return `There is no such deployment in this account (${said}). Deploy it with \`npx cdk deploy --all\`, or choose the account with AWS_PROFILE.`;
    case 'unreachable':
      return `AWS does not answer (${said}). Look at the network, and at AWS_ENDPOINT_URL if it is set.`;
    case 'other':
      return null;
  }
}

/**
 * Does the work in home's region; where that does not answer, in standby's, and says so. `standbyOnly` goes there at
 * once. Rejects with what the last region answered.
 */
export async function inHomeOrStandby<T>(
  { deployment }: Connection,
  standbyOnly: boolean,
  warn: (line: string) => void,
  work: (region: Region) => Promise<T>,
): Promise<T> {
  const { home, standby } = deployment;
  if (standbyOnly) {
    if (standby === null) throw new UsageError('--standby: this deployment has no standby. Leave it out.');
    return work(standby);
  }
  try {
    return await work(home);
  } catch (error) {
    if (standby === null || kindOfAwsError(error) !== 'unreachable') throw error;
    warn(`${home} does not answer (${awsErrorText(error)}); going on in ${standby}.`);
    return work(standby);
  }
}
