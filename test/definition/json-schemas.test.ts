import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { jsonSchemas } from '../../shared/definition/json-schemas.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'schema');

for (const [name, schema] of Object.entries(jsonSchemas())) {
  test(`schema/${name} is what the code says`, () => {
    assert.equal(
      readFileSync(join(FOLDER, name), 'utf8'),
      `${JSON.stringify(schema, null, 2)}\n`,
      `schema/${name} is stale: run \`npm run schema\`.`,
    );
  });

  test(`every property in schema/${name} explains itself`, () => {
    const silent: string[] = [];
    walk(schema, '', (path, node) => {
      if (/\/properties\/[^/]+$/.test(path) && typeof node.description !== 'string') silent.push(path);
    });
    assert.deepEqual(silent, []);
  });

  test(`schema/${name} is read back as a JSON Schema`, () => {
    assert.ok(z.fromJSONSchema(structuredClone(schema)));
  });
}

test('editors accept one monitor and an array of them, and neither a stranger nor an unknown key', () => {
  const monitor = z.fromJSONSchema(structuredClone(jsonSchemas()['monitor.schema.json'] ?? {}));
  const good = {
    $schema: 'x',
    id: 'a',
    request: { url: '${env:base}/x' },
    every: '${env:every:-5s}',
    expect: { json: { '$.a': { below: 3 } } },
  };
  const accepted = [good, [good], { ...good, evry: '1m' }, { id: 'a' }, { ...good, every: '5 minutes' }, 5].map(
    (value) => monitor.safeParse(value).success,
  );
  assert.deepEqual(accepted, [true, true, false, false, false, false]);
});

function walk(node: unknown, path: string, visit: (path: string, node: Record<string, unknown>) => void): void {
  if (typeof node !== 'object' || node === null) return;
  visit(path, { ...node });
  for (const [key, member] of Object.entries(node)) walk(member, `${path}/${key}`, visit);
}
