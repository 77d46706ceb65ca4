import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NotificationKind } from '../../shared/api-types.ts';
import type { Region } from '../../shared/monitor.ts';
import type { Result } from '../../shared/result.ts';
import { HOUR_MS, MINUTE_MS } from '../../shared/schedule.ts';
import { Account, type RegionalAccount } from './account.ts';
import { Cdk } from './cdk.ts';
import { type Heard, Listener, machineForm } from './listener.ts';
import { startTarget, startWebhook, type Target, type Webhook } from './loopback.ts';
import { MiniStack } from './ministack.ts';
import { HOME, STANDBY, writeProject } from './project.ts';
import { pythonEnvironment } from './python.ts';
import { TestClock } from './test-clock.ts';

/** Of the wall's clock. As slow as AWS says that replication usually is. */
const REPLICATION_LAG_MS = 1_000;
/** Runs of an aggregator are at least this far apart. */
const SHORTEST_RUN_MS = MINUTE_MS * 0.9;

/** How much had been received by a certain moment. */
export interface Mark {
  readonly heard: number;
  readonly webhook: number;
  readonly people: number;
}

/** Everything that the story needs: a local AWS, a project, a target, and all who are told. */
export class Stage {
  readonly clock: TestClock;
  readonly aws: MiniStack;
  readonly account: Account;
  readonly cdk: Cdk;
  readonly target: Target;
  readonly webhook: Webhook;
  readonly config: string;
  readonly #folder: string;
  #listeners: readonly Listener[] = [];
  /** In the order in which it was taken from the queues. */
  readonly #taken: Heard[] = [];

  private constructor(folder: string, clock: TestClock, aws: MiniStack, target: Target, webhook: Webhook) {
    this.#folder = folder;
    this.clock = clock;
    this.aws = aws;
    this.account = new Account(aws);
    this.cdk = new Cdk(aws, folder);
    this.target = target;
    this.webhook = webhook;
    this.config = this.writeProject('/first');
  }

  static async open(): Promise<Stage> {
    const python = pythonEnvironment();
    const folder = mkdtempSync(join(tmpdir(), 'parallax-deploy-'));
    const clock = new TestClock();
    const aws = await MiniStack.start({
      python,
      folder: join(folder, 'aws'),
      clock,
      bridged: true,
      name: 'deployment',
    });
    await aws.replicate({ lagMs: REPLICATION_LAG_MS / clock.settings.speed });
    return new Stage(folder, clock, aws, await startTarget(), await startWebhook());
  }

  get home(): RegionalAccount {
    return this.account.in(HOME);
  }

  get standby(): RegionalAccount {
    return this.account.in(STANDBY);
  }

  writeProject(changingPath: string): string {
    return writeProject(this.#folder, { targetUrl: this.target.url, webhookUrl: this.webhook.url, changingPath });
  }

  /** Where the project, the assembly and MiniStack's log are. */
  async close(folder: 'keep' | 'remove'): Promise<void> {
    this.account.close();
    await Promise.all([this.aws.stop(), this.target.stop(), this.webhook.stop()]);
    if (folder === 'remove') rmSync(this.#folder, { recursive: true, force: true });
    else console.error(`Kept for reading: ${this.#folder} (aws/ministack.log, the project, its assembly)`);
  }

  /** From now on queues of the test's own hear what the topics and buses say. */
  async listen(): Promise<void> {
    this.#listeners = [await Listener.start(this.home), await Listener.start(this.standby)];
  }

  async stopListening(): Promise<void> {
    for (const listener of this.#listeners) await listener.stop();
    this.#listeners = [];
  }

  /** A monitor's results from a region of the last hour, as a replica has them. */
  async resultsOf(region: Region, replica: RegionalAccount, monitor = 'target'): Promise<Result[]> {
    const now = this.clock.nowEpochMs();
    const results = await replica.results(region, now - HOUR_MS, now + HOUR_MS);
    return results.filter(({ monitorId }) => monitorId === monitor);
  }

  async mark(): Promise<Mark> {
    const [heard, people] = [await this.#heard(), await this.aws.sentToPeople()];
    return { heard: heard.length, webhook: this.webhook.received.length, people: people.length };
  }

  /** What has reached whom since then: recipient, kind, and what it is about; sorted. */
  async messagesSince(mark: Mark): Promise<string[]> {
    const queues = (await this.#heard())
      .slice(mark.heard)
      .map(({ region, by, kind, about }) => `${region} ${by} ${kind} ${about}`);
    const webhook = this.webhook.received
      .slice(mark.webhook)
      .map(({ Message: text }) => machineForm(JSON.parse(text)))
      .map(({ kind, about }) => `webhook ${kind} ${about}`);
    const people = (await this.aws.sentToPeople())
      .slice(mark.people)
      .map(({ protocol, endpoint, attributes }) => `${protocol} ${endpoint} ${attributes.kind} ${attributes.monitor}`);
    return [...queues, ...webhook, ...people].toSorted();
  }

  /** The first message on a topic, in either region. */
  waitForMessage(mark: Mark, kind: NotificationKind, about: string, minutes: number): Promise<Heard> {
    let heard: readonly Heard[] = [];
    return this.clock.waitFor(
      `a message that ${about} is ${kind}`,
      minutes,
      async () => {
        heard = (await this.#heard()).slice(mark.heard);
        return heard.find((one) => one.by === 'topic' && one.kind === kind && one.about === about) ?? null;
      },
      () => heard,
    );
  }

  /** Waits for so many more runs: what they do not send will not come. */
  async runsOf(region: typeof HOME | typeof STANDBY, count: number): Promise<void> {
    const heartbeat = async (): Promise<number> =>
      (await this.account.in(region).progress(region))?.heartbeatEpochMs ?? 0;
    const before = await heartbeat();
    await this.clock.waitFor(`${count} runs of the aggregator in ${region}`, count + 3, async () =>
      (await heartbeat()) >= before + count * SHORTEST_RUN_MS ? true : null,
    );
  }

  runsOfHome(count: number): Promise<void> {
    return this.runsOf(HOME, count);
  }

  async #heard(): Promise<readonly Heard[]> {
    for (const listener of this.#listeners) this.#taken.push(...(await listener.listen()));
    return this.#taken;
  }
}
