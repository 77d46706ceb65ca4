import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type BareAccount, withBareAccount } from './bare-account.ts';
import { GAPS } from './gaps.ts';
import { MiniStack } from './ministack.ts';
import { pythonEnvironment } from './python.ts';
import { TestClock } from './test-clock.ts';

const folder = mkdtempSync(join(tmpdir(), 'parallax-bridges-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The names of the gaps that are open there. */
async function openGaps(bridged: boolean): Promise<string[]> {
  const options = { python: pythonEnvironment(), folder: join(folder, String(bridged)), clock: new TestClock(1) };
  const aws = await MiniStack.start({ ...options, bridged, name: bridged ? 'bridged' : 'bare' });
  try {
    return await withBareAccount(aws, async (account: BareAccount) => {
      const open: string[] = [];
      for (const gap of GAPS) if (await gap.isOpen(account)) open.push(gap.name);
      return open;
    });
  } finally {
    await aws.stop();
  }
}

describe('the local AWS', () => {
  it('still differs from AWS in everything that is bridged', async () => {
    const open = await openGaps(false);
    const closed = GAPS.filter(({ name }) => !open.includes(name));
    const remedy = closed.map(({ name, bridge }) => `${name} has closed. Remove its bridge and its entry: ${bridge}`);
    assert.deepEqual(remedy, []);
  });

  it('does as AWS does once it is bridged', async () => {
    assert.deepEqual(await openGaps(true), []);
  });
});
