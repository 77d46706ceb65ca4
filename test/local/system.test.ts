import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { LocalError } from '../../local/local-error.ts';
import type { LoggedNotification } from '../../local/notification-log.ts';
import { type LocalSystem, type SystemOptions, startSystem } from '../../local/system.ts';
import type { Deployment } from '../../shared/monitor.ts';
import { DAY_MS, type ProbeEvent } from '../../shared/schedule.ts';
import { ManualClock } from './manual-clock.ts';

const DEPLOYMENT: Deployment = {
  name: 'acme',
  home: 'us-east-1',
  standby: null,
  regions: ['us-east-1', 'eu-west-1'],
  allowPrivateAddresses: false,
  standbyAfterMs: 180_000,
  deadMansSwitchUrl: null,
  notify: [{ protocol: 'email', endpoint: 'oncall@acme.example', severities: ['critical', 'warning', 'info'] }],
  retention: { resultsMs: DAY_MS, fiveMinutesMs: DAY_MS, hoursMs: DAY_MS, daysMs: DAY_MS, incidentsMs: DAY_MS },
  monitors: [],
};

const EVENT: ProbeEvent = { scheduledTime: '2026-11-22T04:00:00.000Z', periodMs: 5_000, shard: 0 };

function scratch(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'parallax-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** With stand-ins for the handlers; nothing runs but what the test calls. */
async function start(
  t: TestContext,
  options: Partial<SystemOptions> & Pick<SystemOptions, 'dataPath'>,
): Promise<LocalSystem> {
  const system = await startSystem({
    deployment: DEPLOYMENT,
    port: 0,
    env: {},
    sampleSecrets: {},
    notified: () => {},
    report: () => {},
    scheduled: false,
    handlers: {
      prober: new URL('./stand-ins/prober.ts', import.meta.url),
      aggregator: new URL('./stand-ins/aggregator.ts', import.meta.url),
      api: new URL('./stand-ins/api.ts', import.meta.url),
      receiver: new URL('./stand-ins/nothing-here.ts', import.meta.url),
    },
    ...options,
  });
  t.after(() => system.close());
  return system;
}

async function stored(system: LocalSystem): Promise<unknown> {
  return (await fetch(`${system.url}/api/status`)).json();
}

describe('the system on one machine', () => {
  it('runs a prober in its region, and what it stores is read by the API', async (t) => {
    const system = await start(t, { dataPath: scratch(t) });
    await system.probers.get('eu-west-1')?.invoke(EVENT);
    assert.deepEqual(await stored(system), ['eu-west-1 2026-11-22T04:00:00.000Z 5000 0']);
  });

  it('goes on from its data after a restart', async (t) => {
    const dataPath = scratch(t);
    const first = await start(t, { dataPath });
    await first.probers.get('us-east-1')?.invoke(EVENT);
    await first.close();
    const second = await start(t, { dataPath });
    assert.deepEqual(await stored(second), ['us-east-1 2026-11-22T04:00:00.000Z 5000 0']);
  });

  it('shows what the aggregator publishes', async (t) => {
    const notified: LoggedNotification[] = [];
    const system = await start(t, { dataPath: scratch(t), notified: (notification) => notified.push(notification) });
    await system.aggregator.invoke({ scheduledTime: 'now' });
    assert.deepEqual(
      notified.flatMap(({ subscribers }) => subscribers.map(({ message }) => message)),
      ['aggregated now'],
    );
  });

  it('calls every prober on the multiples of its period', async (t) => {
    const clock = new ManualClock(Date.UTC(2026, 10, 22, 4, 0, 3));
    const system = await start(t, { dataPath: scratch(t), clock, scheduled: true });
    clock.advance(2_000);
    await Promise.all([...system.probers.values()].map((prober) => prober.invoke(EVENT)));
    await system.probers.get('eu-west-1')?.close(10_000);
    await system.probers.get('us-east-1')?.close(10_000);
    const calls = await stored(system);
    assert.deepEqual(calls, [
      'eu-west-1 2026-11-22T04:00:00.000Z 5000 0',
      'eu-west-1 2026-11-22T04:00:05.000Z 5000 0',
      'us-east-1 2026-11-22T04:00:00.000Z 5000 0',
      'us-east-1 2026-11-22T04:00:05.000Z 5000 0',
    ]);
  });

  it('lets the functions check what is on this machine, and ask nobody else', async (t) => {
    const system = await start(t, { dataPath: scratch(t) });
    const written: unknown = JSON.parse(readFileSync(system.folder.deployment, 'utf8'));
    assert.deepEqual(written, { ...DEPLOYMENT, allowPrivateAddresses: true, controlUrls: [] });
  });

  it('reports a function that fails, and goes on', async (t) => {
    const clock = new ManualClock(Date.UTC(2026, 10, 22, 4, 0, 3));
    const reported = Promise.withResolvers<string>();
    const system = await start(t, {
      dataPath: scratch(t),
      clock,
      scheduled: true,
      report: (line) => reported.resolve(line),
      handlers: {
        prober: new URL('./stand-ins/nothing-here.ts', import.meta.url),
        aggregator: new URL('./stand-ins/aggregator.ts', import.meta.url),
        api: new URL('./stand-ins/api.ts', import.meta.url),
        receiver: new URL('./stand-ins/nothing-here.ts', import.meta.url),
      },
    });
    clock.advance(2_000);
    assert.match(await reported.promise, /^prober .*nothing-here/);
    assert.deepEqual(await stored(system), []);
  });

  it('keeps a second run out of its data folder', async (t) => {
    const dataPath = scratch(t);
    await start(t, { dataPath });
    await assert.rejects(start(t, { dataPath }), (error) => error instanceof LocalError && error.code === 'database');
  });

  it('leaves nothing behind where its port is taken', async (t) => {
    const first = await start(t, { dataPath: scratch(t) });
    const dataPath = scratch(t);
    const port = Number(new URL(first.url).port);
    await assert.rejects(start(t, { dataPath, port }), (error) => error instanceof LocalError && error.code === 'port');
    await assert.doesNotReject(start(t, { dataPath }));
  });

  it('leaves no run behind when it is closed', async (t) => {
    const system = await start(t, { dataPath: scratch(t) });
    await system.close();
    assert.equal(existsSync(system.folder.run), false);
  });
});
