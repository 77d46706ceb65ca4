import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { resolveFiles } from '../../shared/definition/resolve-files.ts';
import { serveAws } from '../servers/aws-service.ts';
import { AUTHORITY, keyPair, serveHttps } from '../servers/loopback.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const FILES = readdirSync(join(ROOT, 'examples', 'auth')).map((file) => join('examples', 'auth', file));

/** What each monitor of a file came to, in a process of its own. */
function check(file: string, env: Readonly<Record<string, string>>): Promise<string[]> {
  const argv = [join(ROOT, 'cli', 'main.ts'), 'check', join('examples', 'auth', file), '--json'];
  const options = { cwd: ROOT, env: { ...process.env, ...env }, timeout: 60_000 };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, argv, options, (error, out, said) => {
      if (error !== null && error.code !== 1) return reject(new Error(`check ended with ${error.code}: ${said}`));
      const printed: { readonly results: readonly { outcome: string; detail: string | null }[] } = JSON.parse(out);
      resolve(printed.results.map(({ outcome, detail }) => (detail === null ? outcome : `${outcome}: ${detail}`)));
    });
  });
}

test('every example is without a warning', () => {
  for (const file of FILES) {
    const resolved = resolveFiles(null, [{ file, text: readFileSync(join(ROOT, file), 'utf8') }], {});
    assert.deepEqual(resolved.ok ? resolved.warnings : resolved.problems, []);
  }
});

test('sigv4.json signs with the credentials of the environment', async (t) => {
  const secretKeys = { AKIDEXAMPLE: 'secret' };
  const { url } = await serveAws(t, { service: 'execute-api', region: 'eu-central-1', secretKeys });
  const env = {
    ORDERS_API: url,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
  };
  assert.deepEqual(await check('sigv4.json', env), ['passed']);
});

test('mutual-tls.json shows its certificate, and trusts the partner’s authority', async (t) => {
  const own = keyPair('self-signed');
  const mutual = { requestCert: true, rejectUnauthorized: true, ca: own.cert };
  const port = await serveHttps(t, 'good', (_, response) => response.end('ok'), mutual);
  const env = {
    PARTNER_API: `https://127.0.0.1:${port}`,
    PARALLAX_SECRET_PARTNER_CERTIFICATE: own.cert,
    PARALLAX_SECRET_PARTNER_KEY: own.key,
    PARALLAX_SECRET_PARTNER_AUTHORITY: AUTHORITY,
  };
  assert.deepEqual(await check('mutual-tls.json', env), ['passed']);
});
