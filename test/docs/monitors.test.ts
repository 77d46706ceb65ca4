import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PAGES, withProperties } from '../../cli/monitor-docs.ts';
import { MONITOR_SCHEMAS } from '../../shared/definition/monitor-schema.ts';
import { resolveFiles } from '../../shared/definition/resolve-files.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'docs', 'monitors');
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.md'));

function page(name: string): string {
  return readFileSync(join(FOLDER, name), 'utf8');
}

test('every kind of monitor has a page', () => {
  const kinds = Object.keys(MONITOR_SCHEMAS).map((type) => `${type}.md`);
  assert.deepEqual(
    kinds.filter((name) => !FILES.includes(name)),
    [],
  );
});

for (const [name, type] of Object.entries(PAGES)) {
  test(`the table in docs/monitors/${name} is what the schema says`, () => {
    assert.equal(
      page(name),
      withProperties(page(name), type),
      `docs/monitors/${name} is stale: run \`npm run schema\`.`,
    );
  });
}

for (const name of Object.keys(PAGES).filter((name) => name !== 'README.md')) {
  const examples = [...page(name).matchAll(/```json\n(.*?)```/gs)].map(([, text = '']) => text);

  test(`docs/monitors/${name} shows examples, and they are valid`, () => {
    assert.ok(examples.length > 0);
    for (const text of examples) {
      const resolved = resolveFiles(null, [{ file: name, text }], {});
      assert.deepEqual(resolved.ok ? resolved.warnings : resolved.problems, [], text);
    }
  });
}
