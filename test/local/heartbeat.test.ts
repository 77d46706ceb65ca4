import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startSystem } from '../../local/system.ts';
import type { StatusResponse } from '../../shared/api-types.ts';
import { MINUTE_MS } from '../../shared/schedule.ts';
import { deploymentOf, heartbeatOf } from '../shared/build.ts';

test('a job’s call to this machine is received and judged by the handlers as they are deployed', async (t) => {
  const dataPath = mkdtempSync(join(tmpdir(), 'parallax-'));
  t.after(() => rmSync(dataPath, { recursive: true, force: true }));
  const reported: string[] = [];
  const system = await startSystem({
    deployment: deploymentOf([heartbeatOf()], { regions: ['us-east-1'] }),
    dataPath,
    port: 0,
    env: { PARALLAX_SECRET_NIGHTLY: 't0ken' },
    sampleSecrets: {},
    notified: () => {},
    report: (line) => reported.push(line),
    scheduled: false,
  });
  t.after(() => system.close());
  const call = (path: string, init: RequestInit = {}) => fetch(`${system.url}${path}`, { method: 'POST', ...init });

  assert.equal((await call('/heartbeat/nightly/wrong')).status, 404);
  const answer = await call('/heartbeat/nightly?status=success', { headers: { authorization: 'Bearer t0ken' } });
  assert.deepEqual([answer.status, await answer.json()], [200, { monitor: 'nightly', received: 'success' }]);
  assert.equal((await call('/heartbeat/nightly/t0ken', { method: 'HEAD' })).status, 200);
  assert.equal((await call('/api/status')).status, 405);

  const scheduledTime = new Date(Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS).toISOString();
  await system.probers.get('us-east-1')?.invoke({ scheduledTime, periodMs: MINUTE_MS, shard: 0 });
  const status: StatusResponse = JSON.parse(await (await fetch(`${system.url}/api/status`)).text());
  assert.deepEqual([status.monitors[0]?.verdict, status.monitors[0]?.because], ['up', null]);
  assert.doesNotMatch(readFileSync(join(dataPath, 'functions.log'), 'utf8') + reported.join(), /t0ken/);
});
