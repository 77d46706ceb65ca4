import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
/** Git ignores it. */
const CACHE = join(import.meta.dirname, '..', '..', '.venv');
/** What MiniStack needs. */
const OLDEST = [3, 10] as const;
const CANDIDATES = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];

/** There is no Python that could run the local AWS, or its packages could not be installed. */
export class PythonMissing extends Error {
  override readonly name = 'PythonMissing';
  readonly code = 'python-missing';
}

/**
 * The Python of a virtual environment that has `requirements.txt` installed; made when it is not there yet.
 * @throws PythonMissing
 */
export function pythonEnvironment(): string {
  const { command, version } = findPython();
  const key = createHash('sha256').update(readFileSync(REQUIREMENTS)).update(version).digest('hex').slice(0, 12);
  const folder = join(CACHE, `deploy-${key}`);
  const python = join(folder, 'bin', 'python');
  // Written last: an installation that was cut off starts over.
  const done = join(folder, 'installed');
  if (existsSync(done)) return python;
  console.error(`Installing the local AWS into ${folder} (once)…`);
  rmSync(folder, { recursive: true, force: true });
  run(
    command,
    ['-m', 'venv', folder],
    'Its module venv is missing: install it too (on Debian: apt install python3-venv).',
  );
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS];
  run(python, pip, 'The packages come from PyPI: it must be reachable, or PIP_INDEX_URL must name a mirror.');
  writeFileSync(done, '');
  return python;
}

function findPython(): { command: string; version: string } {
  const found: string[] = [];
  for (const command of CANDIDATES) {
    const { status, stdout } = spawnSync(command, ['-c', 'import sys; print(*sys.version_info[:3])'], {
      encoding: 'utf8',
    });
    if (status !== 0) continue;
    const [major = 0, minor = 0, patch = 0] = stdout.trim().split(' ').map(Number);
    if (major === OLDEST[0] && minor >= OLDEST[1]) return { command, version: `${major}.${minor}.${patch}` };
    found.push(`${command} is ${major}.${minor}.${patch}`);
  }
  const oldest = OLDEST.join('.');
  throw new PythonMissing(
    [
      `The deployment test runs against MiniStack, a local AWS written in Python, and found no Python ≥ ${oldest}` +
        `${found.length > 0 ? ` (${found.join(', ')})` : ''}.`,
      `Install one, with its module venv, so that \`python3\` in PATH is it:`,
      '  Debian, Ubuntu: apt install python3 python3-venv    macOS: brew install python    else: https://www.python.org/downloads/',
    ].join('\n'),
  );
}

function run(command: string, args: readonly string[], remedy: string): void {
  try {
    execFileSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  } catch (error) {
    throw new PythonMissing(`\`${command} ${args.join(' ')}\` failed. ${remedy}`, { cause: error });
  }
}
