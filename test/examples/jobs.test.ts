import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { resolveFiles } from '../../shared/definition/resolve-files.ts';
import { serveHttp } from '../servers/loopback.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'examples', 'jobs');

test('the example’s definition is without a warning', () => {
  const text = readFileSync(join(FOLDER, 'nightly-backup.json'), 'utf8');
  const resolved = resolveFiles(null, [{ file: 'nightly-backup.json', text }], {});
  assert.deepEqual(resolved.ok ? resolved.warnings : resolved.problems, []);
});

interface Called {
  readonly calls: readonly string[];
  readonly out: string;
  readonly exitCode: number;
}

/** Runs the example's script around a command, towards a heartbeat that answers with this status. */
async function run(t: TestContext, command: string, answer = 200): Promise<Called> {
  const calls: string[] = [];
  const port = await serveHttp(t, (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk;
    });
    request.on('end', () => {
      calls.push(`${request.method} ${request.url} ${request.headers.authorization} ${JSON.stringify(body)}`);
      response.writeHead(answer).end();
    });
  });
  const env = { ...process.env, HEARTBEAT: `http://127.0.0.1:${port}/heartbeat/nightly-backup`, TOKEN: 't0ken' };
  const argv = [join(FOLDER, 'nightly-backup.sh'), 'sh', '-c', command];
  return new Promise((resolve, reject) => {
    execFile('sh', argv, { env, timeout: 30_000 }, (error, out) => {
      const exitCode = error === null ? 0 : error.code;
      if (typeof exitCode !== 'number') return reject(error);
      resolve({ calls, out, exitCode });
    });
  });
}

test('the script says that a run begins and how it ends, with the end of its log, and keeps its exit code', async (t) => {
  assert.deepEqual(await run(t, 'echo copying; echo disk full >&2; exit 3'), {
    calls: [
      'GET /heartbeat/nightly-backup?status=start Bearer t0ken ""',
      'POST /heartbeat/nightly-backup?status=3 Bearer t0ken "copying\\ndisk full\\n"',
    ],
    out: 'copying\ndisk full\n',
    exitCode: 3,
  });
});

test('the script runs the job where nobody takes its calls', async (t) => {
  const { out, exitCode } = await run(t, 'echo done', 404);
  assert.deepEqual([out, exitCode], ['done\n', 0]);
});
