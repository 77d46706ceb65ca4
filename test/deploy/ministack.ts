import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Region } from '../../shared/monitor.ts';
import type { TestClock } from './test-clock.ts';

const LAUNCHER = join(import.meta.dirname, 'bridges', 'launch.py');
const VIRTUAL_CLOCK = import.meta.resolve('./virtual-clock.ts');
/** Signs what the test's own https endpoints serve with. */
const AUTHORITY = join(import.meta.dirname, '..', 'servers', 'certificates', 'authority.pem');
const START_TIMEOUT_MS = 30_000;

/** An account of its own for the test. MiniStack takes the access key for the account's id. */
export const ACCOUNT = '111122223333';
const CREDENTIALS = { AWS_ACCESS_KEY_ID: ACCOUNT, AWS_SECRET_ACCESS_KEY: 'local', AWS_REGION: 'us-east-1' };

export interface MiniStackOptions {
  readonly python: string;
  /** Where it keeps its log, its functions' code and its process id. */
  readonly folder: string;
  readonly clock: TestClock;
  /** False: as it was installed. */
  readonly bridged: boolean;
  /** One of a name runs at a time: what an earlier run left is stopped. */
  readonly name: string;
}

/** What SNS would have sent to people. */
export interface SentToPeople {
  readonly region: Region;
  readonly protocol: 'email' | 'sms';
  readonly endpoint: string;
  readonly text: string;
  /** Those of the message that the story tells apart. */
  readonly attributes: { readonly kind?: string; readonly monitor?: string };
}

/** A local AWS in a process of its own, reachable from this machine alone. */
export class MiniStack {
  readonly endpoint: string;
  readonly #controls: string;
  readonly #process: ChildProcess;
  readonly #kill: () => void;

  private constructor(port: number, controlPort: number, child: ChildProcess, pidFile: string) {
    this.endpoint = `http://127.0.0.1:${port}`;
    this.#controls = `http://127.0.0.1:${controlPort}`;
    this.#process = child;
    this.#kill = () => {
      killGroup(child.pid);
      rmSync(pidFile, { force: true });
    };
    process.once('exit', this.#kill);
  }

  static async start({ python, folder, clock, bridged, name }: MiniStackOptions): Promise<MiniStack> {
    mkdirSync(folder, { recursive: true });
    const pidFile = join(dirname(python), '..', `${name}.pid`);
    stopLeftover(pidFile);
    const [port, controlPort] = [await freePort(), await freePort()];
    const settings = { bridged, ...clock.settings, controlPort };
    const log = openSync(join(folder, 'ministack.log'), 'w');
    // Functions inherit all of it, so it holds nothing of this process's own environment.
    const child = spawn(python, [LAUNCHER, JSON.stringify(settings)], {
      detached: true,
      stdio: ['pipe', log, log],
      cwd: folder,
      env: {
        // The declared runtime is ignored: functions run on the node that is found first.
        PATH: [dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter),
        HOME: folder,
        TMPDIR: folder,
        PYTHONDONTWRITEBYTECODE: '1',
        BIND_HOST: '127.0.0.1',
        MINISTACK_HOST: '127.0.0.1',
        GATEWAY_PORT: String(port),
        LAMBDA_EXECUTOR: 'local',
        IOT_MTLS_ENABLED: '0',
        SFTP_ENABLED: '0',
        SSL_CERT_FILE: AUTHORITY,
        ...(bridged && {
          NODE_OPTIONS: `--import=${VIRTUAL_CLOCK}`,
          PARALLAX_TEST_CLOCK: `${clock.settings.anchorEpochMs}x${clock.settings.speed}`,
        }),
      },
    });
    writeFileSync(pidFile, String(child.pid));
    const started = new MiniStack(port, controlPort, child, pidFile);
    await started.#ready(join(folder, 'ministack.log'));
    return started;
  }

  /** What a program needs to use it, for a clean environment. */
  get environment(): Readonly<Record<string, string>> {
    return { ...CREDENTIALS, AWS_ENDPOINT_URL: this.endpoint, AWS_ENDPOINT_URL_S3: this.endpoint };
  }

  /** `lagMs` of the wall's clock; a partitioned region neither sends nor receives, and catches up afterwards. */
  async replicate(settings: { readonly lagMs?: number; readonly partitioned?: readonly Region[] }): Promise<void> {
    const answer = await fetch(this.#controls, { method: 'PUT', body: JSON.stringify(settings) });
    await answer.arrayBuffer();
  }

  async sentToPeople(): Promise<SentToPeople[]> {
    return JSON.parse(await (await fetch(this.#controls)).text());
  }

  async stop(): Promise<void> {
    process.removeListener('exit', this.#kill);
    const gone = this.#process.exitCode === null && this.#process.signalCode === null;
    const exit = gone ? once(this.#process, 'exit') : null;
    this.#kill();
    await exit;
  }

  async #ready(log: string): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      const answer = await fetch(`${this.endpoint}/_ministack/health`).catch(() => null);
      await answer?.arrayBuffer();
      if (answer?.ok) return;
      if (this.#process.exitCode !== null || Date.now() > deadline) {
        await this.stop();
        throw new Error(`MiniStack did not start. The end of its log:\n${readFileSync(log, 'utf8').slice(-2_000)}`);
      }
      await sleep(50);
    }
  }
}

/** What it started (its functions' processes) is in its group. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Of a run that was killed. The id may be another program's by now, so its command line is looked at. */
function stopLeftover(pidFile: string): void {
  let pid: number;
  try {
    pid = Number(readFileSync(pidFile, 'utf8'));
  } catch {
    return;
  }
  try {
    const command = execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    if (command.includes(LAUNCHER)) killGroup(pid);
  } catch {
    // ps exits with 1: there is no such process.
  }
  rmSync(pidFile, { force: true });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
