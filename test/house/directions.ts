import { dirname, join, normalize } from 'node:path';

/** An import that goes against the house's one direction. */
export interface Violation {
  readonly file: string;
  readonly imported: string;
  readonly rule: string;
}

/** What each room may import from the others; itself and npm packages always. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  shared: [],
  functions: ['shared'],
  local: ['shared', 'functions'],
  infra: ['shared'],
  cli: ['shared', 'functions', 'local'],
};

/** The one part of shared that reads files: everything else in it is pure. */
const READS_FILES = /^shared\/definition\/load\.ts$/;

/** Checks one file's imports. `file`: its path from the repository's root. */
export function violationsIn(file: string, source: string): Violation[] {
  const [room = ''] = file.split('/');
  const allowed = ROOMS[room];
  if (allowed === undefined) return [];
  return importsOf(source).flatMap(({ from, typeOnly, names }): Violation[] => {
    const violation = (rule: string): Violation[] => [{ file, imported: from, rule }];
    if (!from.startsWith('.')) {
      if (room !== 'shared' || typeOnly) return [];
      if (from.startsWith('@aws-sdk/')) return violation('shared knows the AWS SDK by its types only');
      if (from.startsWith('node:') && !isPure(from, names) && !READS_FILES.test(file))
        return violation('shared is pure: no clock, files or network');
      return [];
    }
    const target = normalize(join(dirname(file), from));
    const [targetRoom = ''] = target.split('/');
    if (targetRoom !== room) {
      return allowed.includes(targetRoom)
        ? []
        : violation(`${room} may import from ${['itself', ...allowed].join(', ')}`);
    }
    if (room === 'functions' && target.split('/')[1] !== file.split('/')[1]) {
      return violation('a function never imports another');
    }
    return [];
  });
}

/** Node's modules that only compute; of `node:net`, what looks at addresses. */
function isPure(module: string, names: readonly string[]): boolean {
  if (module === 'node:net')
    return names.length > 0 && names.every((name) => /^(isIP|isIPv4|isIPv6|BlockList|SocketAddress)$/.test(name));
  return module === 'node:crypto' || module === 'node:util';
}

interface Import {
  readonly from: string;
  readonly typeOnly: boolean;
  readonly names: readonly string[];
}

function importsOf(source: string): Import[] {
  const statements = source.matchAll(/^\s*(?:import|export)\s+(type\s)?([^'"`;]*?)\bfrom\s*['"]([^'"]+)['"]/gm);
  const bare = source.matchAll(/^\s*import\s*['"]([^'"]+)['"]/gm);
  const dynamic = source.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g);
  return [
    ...[...statements].map(([, type, clause, from]) => ({
      from: from ?? '',
      typeOnly: type !== undefined,
      names: (clause ?? '').match(/\w+/g) ?? [],
    })),
    ...[...bare, ...dynamic].map(([, from]) => ({ from: from ?? '', typeOnly: false, names: [] })),
  ];
}
