import type { z } from 'zod';
import { jsonSchemas } from '../shared/definition/json-schemas.ts';

/** The tables of properties in `docs/monitors/`, from the schema that editors read, so that they cannot say anything else. */

type Schema = z.core.JSONSchema.JSONSchema;

const BEGIN = '<!-- properties, written by `npm run schema` -->';
const END = '<!-- end of properties -->';

/** What all kinds have is described once, in `docs/monitors/README.md`. */
const SHARED = [
  '$schema',
  'id',
  'name',
  'type',
  'tags',
  'runbook',
  'regions',
  'every',
  'timeout',
  'attempts',
  'alerts',
  'slo',
  'spendCap',
];

/** The pages whose tables are written, by file name, and the kind of monitor that each is about; null: what all have. */
export const PAGES: Readonly<Record<string, string | null>> = {
  'README.md': null,
  'http.md': 'http',
  'tcp.md': 'tcp',
  'tls.md': 'tls',
  'dns.md': 'dns',
  'heartbeat.md': 'heartbeat',
  'websocket.md': 'websocket',
  'grpc.md': 'grpc',
};

/** A page with its table renewed. @throws Error where it has no place for one */
export function withProperties(page: string, type: string | null): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin === -1 || end < begin) throw new Error(`A page needs a line ${BEGIN} and, below it, one ${END}.`);
  return `${page.slice(0, begin + BEGIN.length)}\n${table(type)}\n${page.slice(end)}`;
}

function table(type: string | null): string {
  const definitions: unknown = jsonSchemas()['monitor.schema.json']?.definitions ?? {};
  const monitor: unknown = isSchema(definitions) ? definitions[type ?? 'http'] : undefined;
  if (!isSchema(monitor)) throw new Error(`The schema has no monitors of type "${type}".`);
  const rows = rowsOf(monitor, '', (name) => SHARED.includes(name) === (type === null));
  return ['| property | |', '| --- | --- |', ...rows].join('\n');
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null;
}

/** A row a property, those of objects beneath; not the operators of a condition, which are the same everywhere. */
function rowsOf(schema: Schema, prefix: string, isWanted: (name: string) => boolean): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    if (!isWanted(name) || typeof property !== 'object') return [];
    const required = schema.required?.includes(name) === true ? '**Required.** ' : '';
    const path = `${prefix}${name}`;
    const isGroup =
      property.type === 'object' && property.properties !== undefined && property.minProperties === undefined;
    return [
      `| \`${path}\` | ${required}${cell(property.description ?? '')} |`,
      ...(isGroup ? rowsOf(property, `${path}.`, () => true) : []),
    ];
  });
}

/** Markdown would end the cell at a bar, and take `<reason>` for a tag. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
