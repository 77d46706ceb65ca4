import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonSchemas } from '../shared/definition/json-schemas.ts';
import { PAGES, withProperties } from './monitor-docs.ts';

/** `npm run schema`: writes what editors read, and the tables of `docs/monitors/`, from the one schema in code. */
const repository = join(import.meta.dirname, '..');
mkdirSync(join(repository, 'schema'), { recursive: true });
for (const [name, schema] of Object.entries(jsonSchemas())) {
  write(`schema/${name}`, `${JSON.stringify(schema, null, 2)}\n`);
}
for (const [name, type] of Object.entries(PAGES)) {
  const file = `docs/monitors/${name}`;
  write(file, withProperties(readFileSync(join(repository, file), 'utf8'), type));
}

function write(file: string, text: string): void {
  writeFileSync(join(repository, file), text);
  process.stderr.write(`wrote ${file}\n`);
}
