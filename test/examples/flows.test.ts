import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { checkVerb } from '../../cli/check.ts';
import { dispatch } from '../../cli/dispatch.ts';
import { resolveFiles } from '../../shared/definition/resolve-files.ts';
import { fakeIo } from '../cli/process.ts';
import { type ShopFault, serveShop } from '../servers/shop.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const FILES = readdirSync(join(ROOT, 'examples', 'flows')).map((file) => join('examples', 'flows', file));

interface Checked {
  readonly outcome: string;
  readonly detail: string | null;
  readonly metrics: Readonly<Record<string, number>>;
  readonly steps: readonly { readonly name: string; readonly outcome: string | null; readonly status: number | null }[];
}

/** Checks the one example against a shop, as its user would from a shell. */
async function check(t: TestContext, fault: ShopFault | null = null) {
  const shop = await serveShop(t, fault);
  const env = { PARALLAX_SECRET_SHOP_PROBE: '{"user":"probe","password":"hunter2"}' };
  const io = fakeIo({ cwd: ROOT, env });
  const argv = ['check', ...FILES, '--env', `SHOP_URL=${shop.url}`, '--json'];
  const code = await dispatch(argv, { check: async () => checkVerb }, io);
  assert.notEqual(code, 2, io.said.err);
  const printed: { readonly results: readonly Checked[] } = JSON.parse(io.said.out);
  const [result] = printed.results;
  assert.ok(result !== undefined);
  return { shop, code, result, steps: result.steps.map(({ name, outcome, status }) => [name, outcome, status]) };
}

test('every example is without a warning', () => {
  for (const file of FILES) {
    const resolved = resolveFiles(null, [{ file, text: readFileSync(join(ROOT, file), 'utf8') }], {});
    assert.deepEqual(resolved.ok ? resolved.warnings : resolved.problems, []);
  }
});

test('where the shop is well all steps pass, and nothing is left behind', async (t) => {
  const { shop, code, result, steps } = await check(t);
  assert.deepEqual([code, result.detail], [0, null]);
  assert.deepEqual(steps, [
    ['login', 'passed', 200],
    ['order', 'passed', 201],
    ['read', 'passed', 200],
    ['cancel', 'passed', 204],
    ['logout', 'passed', 204],
  ]);
  assert.deepEqual([shop.orders.size, shop.sessions.size], [0, 0]);
  for (const name of ['login-ms', 'order-ms', 'read-ms', 'cleanup-failures']) assert.ok(name in result.metrics, name);
});

test('where no order can be placed the flow ends there, and logs out all the same', async (t) => {
  const { shop, code, result, steps } = await check(t, 'refuses orders');
  assert.deepEqual([code, result.detail], [1, 'step 2 "order": expected status 201, got 503']);
  assert.deepEqual(steps, [
    ['login', 'passed', 200],
    ['order', 'failed', 503],
    ['read', null, null],
    ['cancel', null, null],
    ['logout', 'passed', 204],
  ]);
  assert.equal(shop.sessions.size, 0);
});

test('an order that is not the one that was placed fails, and the one that was is cancelled', async (t) => {
  const { shop, code, result } = await check(t, 'mixes up orders');
  assert.deepEqual([code, result.detail], [1, 'step 3 "read": $.id expected [secret], got 4712']);
  assert.deepEqual([shop.orders.size, shop.sessions.size], [0, 0]);
});

test('an order that cannot be cancelled does not fail the flow, and is counted', async (t) => {
  const { code, result, steps } = await check(t, 'keeps orders');
  assert.deepEqual([code, result.outcome, result.metrics['cleanup-failures']], [0, 'passed', 1]);
  assert.deepEqual(steps.slice(-2), [
    ['cancel', 'failed', 500],
    ['logout', 'passed', 204],
  ]);
});
