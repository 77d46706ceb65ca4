import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { checkVerb } from '../../cli/check.ts';
import { dispatch } from '../../cli/dispatch.ts';
import { resolveFiles } from '../../shared/definition/resolve-files.ts';
import { fakeIo } from '../cli/process.ts';
import { type Model, serveAiApi } from '../servers/ai-api.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const FILES = readdirSync(join(ROOT, 'examples', 'ai')).sort();
const KEY = 'sk-hunter2';

const TASKS = '{"capital": "Canberra", "reversed": "xallarap", "primes": [2, 3, 5, 7, 11], "next": 42}';

/** By a word of each example's prompt. */
function modelOf(answers: Readonly<Record<string, string>>): Model {
  return (prompt) => Object.entries(answers).find(([word]) => prompt.includes(word))?.[1] ?? 'I do not know.';
}

const GOOD = { '17 + 25': '42', CANARY: 'It grew by 4%.', Australia: TASKS, Count: 'one, two, '.repeat(25) };

interface Checked {
  readonly id: string;
  readonly outcome: string;
  readonly detail: string | null;
  readonly metrics: Readonly<Record<string, number>>;
}

async function check(t: TestContext, model: Model): Promise<{ code: number; results: readonly Checked[] }> {
  const base = await serveAiApi(t, KEY, model);
  const env = { PARALLAX_SECRET_OPENAI_KEY: KEY, PARALLAX_SECRET_ANTHROPIC_KEY: KEY };
  const io = fakeIo({ cwd: ROOT, env });
  const urls = ['AI_CHAT_URL', 'AI_MESSAGES_URL', 'AI_RESPONSES_URL'].flatMap((name) => ['--env', `${name}=${base}`]);
  const files = FILES.map((file) => join('examples', 'ai', file));
  const code = await dispatch(['check', ...files, ...urls, '--json'], { check: async () => checkVerb }, io);
  assert.notEqual(code, 2, io.said.err);
  const printed: { readonly results: readonly Checked[] } = JSON.parse(io.said.out);
  return { code, results: printed.results };
}

test('every example is without a warning', () => {
  for (const file of FILES) {
    const text = readFileSync(join(ROOT, 'examples', 'ai', file), 'utf8');
    const resolved = resolveFiles(null, [{ file, text }], {});
    assert.deepEqual(resolved.ok ? resolved.warnings : resolved.problems, []);
  }
});

test('a model that does well passes every example, with its times and its cost', async (t) => {
  const { code, results } = await check(t, modelOf(GOOD));
  assert.deepEqual(
    results.map(({ detail }) => detail),
    FILES.map(() => null),
  );
  assert.equal(code, 0);
  for (const { id, metrics } of results) {
    for (const name of ['timeToFirstToken', 'outputTokens', 'cost']) assert.ok(name in metrics, `${id} has no ${name}`);
  }
});

const BAD: readonly (readonly [what: string, answers: Partial<typeof GOOD>, id: string, detail: RegExp])[] = [
  ['miscounts', { '17 + 25': '43' }, 'ai-golden-answer', /^the answer expected to match .*, got "43"$/],
  [
    'gives the canary away',
    { CANARY: 'The reference is CANARY-7f3a91.' },
    'ai-prompt-injection',
    /^the answer expected not to contain "CANARY-7f3a91"/,
  ],
  [
    'forgets geography',
    { Australia: TASKS.replace('Canberra', 'Sydney') },
    'ai-model-degradation',
    /^\$\.capital expected "Canberra", got "Sydney"$/,
  ],
  ['chats around JSON', { Australia: `Sure! ${TASKS}` }, 'ai-model-degradation', /but the answer is not JSON/],
];
for (const [what, answers, id, detail] of BAD) {
  test(`a model that ${what} fails ${id}, and no other`, async (t) => {
    const { code, results } = await check(t, modelOf({ ...GOOD, ...answers }));
    const failed = results.filter(({ outcome }) => outcome !== 'passed');
    assert.deepEqual([code, failed.map((one) => one.id)], [1, [id]]);
    assert.match(failed[0]?.detail ?? '', detail);
  });
}
