import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonSchemas } from '../shared/definition/json-schemas.ts';

/** `npm run schema`: writes what editors read, from the one schema in code. */
const folder = join(import.meta.dirname, '..', 'schema');
mkdirSync(folder, { recursive: true });
for (const [name, schema] of Object.entries(jsonSchemas())) {
  writeFileSync(join(folder, name), `${JSON.stringify(schema, null, 2)}\n`);
  process.stderr.write(`wrote schema/${name}\n`);
}
