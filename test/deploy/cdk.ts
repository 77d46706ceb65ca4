import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, dirname, join } from 'node:path';
import { ACCOUNT, type MiniStack } from './ministack.ts';
import { REGIONS } from './project.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..');
const CLI = join(REPOSITORY, 'node_modules', 'aws-cdk', 'bin', 'cdk');

export interface CdkRun {
  readonly exitCode: number | null;
  /** Both streams, as they came. */
  readonly output: string;
}

/** The pinned `cdk` with the repository's app, as a user runs it, on another `parallax.json` and account. */
export class Cdk {
  readonly #aws: MiniStack;
  readonly #folder: string;

  /** @param folder where it keeps its home and the assembly */
  constructor(aws: MiniStack, folder: string) {
    this.#aws = aws;
    this.#folder = folder;
  }

  bootstrap(): Promise<CdkRun> {
    // Outside the repository, where there is no app: it is the account's affair.
    return this.#run(['bootstrap', ...REGIONS.map((region) => `aws://${ACCOUNT}/${region}`)], this.#folder);
  }

  deploy(config: string): Promise<CdkRun> {
    const options = ['--all', '--require-approval', 'never', '--concurrency', '4', '--progress', 'events'];
    return this.#run(['deploy', '-c', `config=${config}`, ...options]);
  }

  /** Exits with 1 where there is a difference. */
  diff(config: string): Promise<CdkRun> {
    return this.#run(['diff', '-c', `config=${config}`, '--all', '--fail']);
  }

  destroy(config: string): Promise<CdkRun> {
    return this.#run(['destroy', '-c', `config=${config}`, '--all', '--force']);
  }

  async #run(args: readonly string[], cwd = REPOSITORY): Promise<CdkRun> {
    const child = spawn(process.execPath, [CLI, ...args, '--output', join(this.#folder, 'cdk.out')], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: [dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter),
        HOME: this.#folder,
        TMPDIR: this.#folder,
        CI: '1',
        NO_COLOR: '1',
        CDK_DISABLE_CLI_TELEMETRY: '1',
        ...this.#aws.environment,
      },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const [exitCode] = await once(child, 'close');
    return { exitCode, output };
  }
}
