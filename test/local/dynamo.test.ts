import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { openDataFolder } from '../../local/data-folder.ts';
import { startDynamo } from '../../local/dynamo.ts';
import { LocalError } from '../../local/local-error.ts';

function scratch(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'parallax-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function client(t: TestContext, endpoint: string): DynamoDBClient {
  const dynamo = new DynamoDBClient({
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  t.after(() => dynamo.destroy());
  return dynamo;
}

const quiet = (): void => {};

describe('openDataFolder', () => {
  it('makes a folder that only its owner can read', (t) => {
    const path = join(scratch(t), 'data');
    openDataFolder(path);
    assert.equal(statSync(path).mode & 0o077, 0);
  });

  it('opens again what it made', (t) => {
    const path = scratch(t);
    openDataFolder(path);
    writeFileSync(join(path, 'notifications.jsonl'), '');
    assert.equal(openDataFolder(path).path, path);
  });

  it('accepts a folder that holds nothing but secrets', (t) => {
    const path = scratch(t);
    writeFileSync(join(path, 'secrets.json'), '{}');
    assert.doesNotThrow(() => openDataFolder(path));
  });

  const refused: readonly [string, (path: string) => void, RegExp][] = [
    ['a folder with other things in it', (path) => writeFileSync(join(path, 'photo.jpg'), ''), /photo\.jpg.*--data/],
    ['a damaged marker', (path) => writeFileSync(join(path, 'parallax-data.json'), '{'), /is damaged.*--data/],
    [
      'a format of the future',
      (path) => writeFileSync(join(path, 'parallax-data.json'), '{"format": 99}'),
      /format 99.*--data/,
    ],
  ];
  for (const [what, prepare, message] of refused) {
    it(`refuses ${what}`, (t) => {
      const path = scratch(t);
      prepare(path);
      assert.throws(
        () => openDataFolder(path),
        (error) => error instanceof LocalError && message.test(error.message),
      );
    });
  }

  it('refuses a file', (t) => {
    const path = join(scratch(t), 'file');
    writeFileSync(path, '');
    assert.throws(() => openDataFolder(path), /is a file/);
  });

  it('refuses a folder that cannot be written to', { skip: process.getuid?.() === 0 }, (t) => {
    const path = scratch(t);
    chmodSync(path, 0o500);
    t.after(() => chmodSync(path, 0o700));
    assert.throws(() => openDataFolder(path), /cannot be written to/);
  });
});

describe('startDynamo', () => {
  it('keeps what was written over a restart', async (t) => {
    const folder = openDataFolder(scratch(t));
    const first = await startDynamo(folder, 'parallax-test', quiet);
    const key = { pk: { S: 'a' }, sk: { S: 'b' } };
    await client(t, first.endpoint).send(
      new PutItemCommand({ TableName: 'parallax-test', Item: { ...key, v: { N: '7' } } }),
    );
    await first.close();

    const second = await startDynamo(folder, 'parallax-test', quiet);
    t.after(() => second.close());
    const read = await client(t, second.endpoint).send(new GetItemCommand({ TableName: 'parallax-test', Key: key }));
    assert.deepEqual(read.Item?.v, { N: '7' });
  });

  it('listens on loopback only', async (t) => {
    const dynamo = await startDynamo(openDataFolder(scratch(t)), 'parallax-test', quiet);
    t.after(() => dynamo.close());
    assert.match(dynamo.endpoint, /^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('does not let a page in a browser in', async (t) => {
    const dynamo = await startDynamo(openDataFolder(scratch(t)), 'parallax-test', quiet);
    t.after(() => dynamo.close());
    const asked = await fetch(dynamo.endpoint, { method: 'OPTIONS', headers: { origin: 'https://evil.example' } });
    assert.equal(asked.status, 403);
  });

  it('refuses a folder that another run uses, and names its process', async (t) => {
    const folder = openDataFolder(scratch(t));
    const first = await startDynamo(folder, 'parallax-test', quiet);
    t.after(() => first.close());
    writeFileSync(folder.run, JSON.stringify({ pid: process.pid }));
    await assert.rejects(
      startDynamo(folder, 'parallax-test', quiet),
      (error) =>
        error instanceof LocalError && error.message.includes(`in use by another run (process ${process.pid})`),
    );
  });

  it('says what to do about a damaged store', async (t) => {
    const folder = openDataFolder(scratch(t));
    mkdirSync(folder.dynamo);
    writeFileSync(join(folder.dynamo, 'CURRENT'), 'garbage');
    await assert.rejects(startDynamo(folder, 'parallax-test', quiet), /damaged.*--data/);
  });
});
