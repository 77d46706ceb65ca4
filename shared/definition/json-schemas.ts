import { z } from 'zod';
import { DeploymentSchema } from './deployment-schema.ts';
import { MonitorSchema } from './monitor-schema.ts';

/** What editors read, by file name under `schema/`. Draft 7: the newest that VS Code understands in full. */
export function jsonSchemas(): Readonly<Record<string, z.core.JSONSchema.JSONSchema>> {
  const { $schema: draft, definitions, ...monitor } = jsonSchema(MonitorSchema);
  return {
    'parallax.schema.json': jsonSchema(DeploymentSchema),
    'monitor.schema.json': {
      ...(draft === undefined ? {} : { $schema: draft }),
      title: 'A Parallax monitor, or an array of them',
      definitions: Object.assign({}, definitions, { monitor }),
      anyOf: [{ $ref: '#/definitions/monitor' }, { type: 'array', items: { $ref: '#/definitions/monitor' } }],
    },
  };
}

function jsonSchema(schema: z.ZodType): z.core.JSONSchema.JSONSchema {
  return z.toJSONSchema(schema, { io: 'input', target: 'draft-7' });
}
