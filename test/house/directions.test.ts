import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { violationsIn } from './directions.ts';

const ROOT = new URL('../../', import.meta.url).pathname;

test('every import goes the one way: shared, functions, then local, infra and cli', () => {
  const files = globSync('{shared,functions,local,infra,cli}/**/*.ts', { cwd: ROOT });
  assert.ok(files.length > 50, `only ${files.length} files were found`);
  const violations = files.flatMap((file) =>
    violationsIn(file.replaceAll('\\', '/'), readFileSync(`${ROOT}${file}`, 'utf8')),
  );
  assert.deepEqual(violations, []);
});

for (const [file, source] of [
  ['shared/planted.ts', "import { handler } from '../functions/api/handler.ts';"],
  ['shared/planted.ts', "import { PutItemCommand } from '@aws-sdk/client-dynamodb';"],
  ['shared/planted.ts', "import { readFileSync } from 'node:fs';"],
  ['shared/planted.ts', "import { connect, isIP } from 'node:net';"],
  ['functions/api/planted.ts', "import {\n  aggregate,\n} from '../aggregator/aggregate.ts';"],
  ['functions/api/planted.ts', "const late = await import('../../local/dev.ts');"],
  ['functions/prober/planted.ts', "export { x } from '../../cli/main.ts';"],
  ['infra/planted.ts', "import '../functions/prober/handler.ts';"],
  ['local/planted.ts', "import type { Stack } from '../infra/app.ts';"],
] as const) {
  test(`a planted violation is found: ${file} with ${source.replaceAll('\n', ' ')}`, () => {
    assert.equal(violationsIn(file, source).length, 1);
  });
}

test('types of the SDK are no violation in shared', () => {
  assert.deepEqual(violationsIn('shared/x.ts', "import type { AttributeValue } from '@aws-sdk/client-dynamodb';"), []);
});
