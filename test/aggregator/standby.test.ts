import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DeleteItemCommand, PutItemCommand, paginateScan } from '@aws-sdk/client-dynamodb';
import { TABLE } from '../engine/table.ts';
import { deploymentOf, monitorOf } from '../shared/build.ts';
import { everywhere, Scene } from './scene.ts';

const HOME = 'us-east-1';
const STANDBY = 'eu-west-1';
const deployment = deploymentOf([monitorOf()], { home: HOME, standby: STANDBY });

/** Two replicas with an aggregator each, and what happens to them. */
class World {
  readonly home: Scene;
  readonly standby: Scene;
  homeWorks = true;
  partitioned = false;

  private constructor(home: Scene, standby: Scene) {
    this.home = home;
    this.standby = standby;
  }

  static async open(t: TestContext): Promise<World> {
    return new World(await Scene.open(t, deployment, HOME), await Scene.open(t, deployment, STANDBY));
  }

  /** A minute in which every prober reports to both replicas, then each aggregator runs, then what they wrote is replicated. */
  async minutes(from: number, to: number, state: 'up' | 'down'): Promise<void> {
    for (let minute = from; minute <= to; minute += 1) {
      for (const scene of [this.home, this.standby]) await scene.minute(minute, everywhere(state));
      if (this.homeWorks) await this.home.run(minute, 20);
      await this.replicate();
      await this.standby.run(minute, 40);
      await this.replicate();
    }
  }

  /** What subscribers of both topics got, in order of their slots. */
  get pages(): string[] {
    const all = [...this.home.published, ...this.standby.published];
    return all.sort((a, b) => a.slotEpochMs - b.slotEpochMs).map((n) => `${n.kind} ${n.incident.subject}`);
  }

  private async replicate(): Promise<void> {
    if (this.partitioned) return;
    await copy(this.home, this.standby);
    await copy(this.standby, this.home);
  }
}

/** What `from`'s aggregator wrote, deletions too. */
async function copy(from: Scene, to: Scene): Promise<void> {
  const theirs = await aggregatorItems(from, from.writer);
  const known = await aggregatorItems(to, from.writer);
  for (const item of theirs.values()) await to.client.send(new PutItemCommand({ TableName: TABLE, Item: item }));
  for (const [key, item] of known) {
    if (theirs.has(key)) continue;
    const { pk, sk } = item;
    if (pk !== undefined && sk !== undefined) {
      await to.client.send(new DeleteItemCommand({ TableName: TABLE, Key: { pk, sk } }));
    }
  }
}

async function aggregatorItems(scene: Scene, writer: string) {
  const items = new Map<string, NonNullable<PutItemCommand['input']['Item']>>();
  for await (const page of paginateScan({ client: scene.client }, { TableName: TABLE })) {
    for (const item of page.Items ?? []) {
      const pk = item['pk']?.S ?? '';
      if (new RegExp(`^(progress|alert|window|incident|notification)#${writer}(#|$)`).test(pk)) {
        items.set(`${pk} ${item['sk']?.S}`, item);
      }
    }
  }
  return items;
}

test('while home is well the standby does nothing', async (t) => {
  const world = await World.open(t);
  await world.minutes(0, 3, 'up');
  await world.minutes(4, 7, 'down');
  assert.deepEqual([world.home.kinds, world.standby.kinds], [['opened'], []]);
});

test('an outage after home is gone is paged by the standby, once; home, back, sends the recovery, once', async (t) => {
  const world = await World.open(t);
  await world.minutes(0, 3, 'up');
  world.homeWorks = false;
  await world.minutes(4, 5, 'up');
  await world.minutes(6, 12, 'down');
  assert.deepEqual([world.home.kinds, world.standby.kinds], [[], ['opened']]);
  world.homeWorks = true;
  await world.minutes(13, 15, 'down');
  await world.minutes(16, 22, 'up');
  assert.deepEqual([world.home.kinds, world.standby.kinds], [['resolved'], ['opened']]);
});

test('an incident that home opened is not announced again by the standby, which sends its recovery', async (t) => {
  const world = await World.open(t);
  await world.minutes(0, 3, 'up');
  await world.minutes(4, 7, 'down');
  world.homeWorks = false;
  await world.minutes(8, 13, 'down');
  await world.minutes(14, 20, 'up');
  assert.deepEqual(world.pages, ['opened checkout', 'resolved checkout']);
  world.homeWorks = true;
  await world.minutes(21, 26, 'up');
  assert.deepEqual(world.pages, ['opened checkout', 'resolved checkout']);
});

test('an outage that came and went while home was away is not told again by home', async (t) => {
  const world = await World.open(t);
  await world.minutes(0, 3, 'up');
  world.homeWorks = false;
  await world.minutes(4, 8, 'up');
  await world.minutes(9, 13, 'down');
  await world.minutes(14, 20, 'up');
  world.homeWorks = true;
  await world.minutes(21, 25, 'up');
  assert.deepEqual([world.home.kinds, world.standby.kinds], [[], ['opened', 'resolved']]);
});

test('a page that home stored and could not send before it went is sent by the standby', async (t) => {
  const world = await World.open(t);
  await world.minutes(0, 3, 'up');
  world.home.beforeSend = () => {
    throw new Error('home is going down');
  };
  await world.minutes(4, 5, 'down');
  world.homeWorks = false;
  await world.minutes(6, 11, 'down');
  assert.deepEqual([world.home.kinds, world.standby.kinds], [[], ['opened']]);
});

test('in a partition each pages, with the same ids: twice, never not at all', async (t) => {
  const world = await World.open(t);
  await world.minutes(0, 3, 'up');
  world.partitioned = true;
  await world.minutes(4, 8, 'up');
  await world.minutes(9, 13, 'down');
  const ids = (scene: Scene) => scene.published.map((n) => n.id);
  assert.equal(ids(world.home).length, 1);
  assert.deepEqual(ids(world.home), ids(world.standby));
  world.partitioned = false;
  await world.minutes(14, 16, 'down');
  await world.minutes(17, 22, 'up');
  assert.deepEqual([world.home.kinds, world.standby.kinds], [['opened', 'resolved'], ['opened']]);
});

test('nothing of finished incidents is left in either replica', async (t) => {
  const world = await World.open(t);
  await world.minutes(0, 3, 'up');
  world.homeWorks = false;
  await world.minutes(4, 8, 'up');
  await world.minutes(9, 12, 'down');
  world.homeWorks = true;
  await world.minutes(13, 20, 'up');
  for (const scene of [world.home, world.standby]) {
    assert.deepEqual([await scene.store.loadAlerts(HOME), await scene.store.loadAlerts(STANDBY)], [[], []]);
  }
});

test('an aggregator that cannot read what the other has announced goes on by itself', async (t) => {
  const world = await World.open(t);
  await world.minutes(0, 3, 'up');
  world.home.client.middlewareStack.add(
    (next) => async (args) => {
      if (JSON.stringify(args.input).includes(`"alert#${STANDBY}"`)) throw new Error('throttled');
      return next(args);
    },
    { step: 'initialize' },
  );
  for (const minute of [4, 5]) {
    await world.home.minute(minute, everywhere('down'));
    await assert.rejects(world.home.run(minute), /reading eu-west-1's incidents failed: throttled/);
  }
  assert.deepEqual(world.home.kinds, ['opened']);
});
