// Installs what package-lock.json asks for, when that is not there yet. Runs before `npm start` and `npm test`, with
// whatever Node the machine has: plain JavaScript, no dependencies, and some 20 ms when there is nothing to do.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const LOCK_FILE = join(ROOT, '.parallax', 'install.lock');
const MIN_NODE = [20, 19];
const MIN_NPM = [10, 0];
/** Runs the code itself; comes as a dependency where one exists for the platform. */
const NODE_MAJOR = 24;
const LOCK_POLL_MS = 250;
/** Longer than a slow install; after this, whoever holds the lock has hung. */
const LOCK_PATIENCE_MS = 10 * 60_000;

try {
  process.exitCode = await main();
} catch (error) {
  process.exitCode = fail(`cannot tell whether everything is installed: ${error.message}`);
}

async function main() {
  if (isOlder(process.versions.node, MIN_NODE)) {
    return fail(
      `this is Node ${process.versions.node}, and at least ${MIN_NODE.join('.')} is needed to install. Get a newer one from https://nodejs.org.`,
    );
  }
  if (whatIsMissing() !== null) {
    const code = await install();
    if (code !== 0) return code;
  }
  const hasNode = existsSync(join(ROOT, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node'));
  if (!hasNode && Number.parseInt(process.versions.node, 10) < NODE_MAJOR) {
    return fail(
      `no Node ${NODE_MAJOR} comes along for ${process.platform}-${process.arch}. Install Node ${NODE_MAJOR} yourself: https://nodejs.org.`,
    );
  }
  return 0;
}

/** The first package that is not installed as locked, null when all are. npm keeps account in `node_modules/.package-lock.json`. */
function whatIsMissing() {
  const locked = packagesOf(join(ROOT, 'package-lock.json'));
  if (locked === null)
    throw new Error('package-lock.json is missing or broken: restore it with `git checkout package-lock.json`.');
  const installed = packagesOf(join(ROOT, 'node_modules', '.package-lock.json'));
  if (installed === null) return 'node_modules';
  for (const [path, wanted] of Object.entries(locked)) {
    // '' is this project, and what is not below node_modules is a workspace of it.
    if (!path.startsWith('node_modules/')) continue;
    const found = installed[path];
    if (
      found === undefined
        ? isNeededHere(wanted)
        : found.version !== wanted.version || found.integrity !== wanted.integrity
    )
      return path;
  }
  return null;
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? null;
  } catch {
    return null;
  }
}

/** An optional package is needed where it is meant for just this platform. npm alone knows which libc this is. */
function isNeededHere(wanted) {
  if (!wanted.optional && !wanted.devOptional) return true;
  const { os, cpu, libc } = wanted;
  if (libc !== undefined || (os === undefined && cpu === undefined)) return false;
  return isListed(os, process.platform) && isListed(cpu, process.arch);
}

/** A list, or one word; absent: any. */
function isListed(listed, own) {
  return listed === undefined || [listed].flat().includes(own);
}

async function install() {
  const npm = findNpm();
  if (npm.version !== null && isOlder(npm.version, MIN_NPM)) {
    return fail(
      `this is npm ${npm.version}, and at least ${MIN_NPM[0]} is needed. Update it: npm install --global npm@latest`,
    );
  }
  if (!(await takeLock()))
    return fail(`another install has held ${LOCK_FILE} for too long. Stop it, delete that file, and try again.`);
  try {
    const missing = whatIsMissing();
    if (missing === null) return 0; // the other one installed it
    say(`installing dependencies (npm ci), since ${missing} is missing or another version. This happens once.`);
    return runNpm(npm);
  } finally {
    rmSync(LOCK_FILE, { force: true });
  }
}

function runNpm(npm) {
  // Development and optional packages are asked for in words: NODE_ENV=production or a setting would leave them out, and
  // the Node that everything runs on is an optional one. npm's own report goes to stderr: stdout belongs to what follows.
  const args = [...npm.args, 'ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];
  const run = spawnSync(npm.command, args, {
    cwd: ROOT,
    env: environmentOfNpm(),
    stdio: ['ignore', 2, 2],
    shell: npm.shell,
  });
  if (run.error !== undefined)
    return fail(`npm cannot be run (${run.error.message}). Install Node with npm from https://nodejs.org.`);
  if (run.signal !== null) return fail(`npm ci was stopped (${run.signal}). Run it again.`);
  if (run.status === 0) return 0;
  return fail(
    `npm ci failed with exit code ${run.status}; what it says is above. Is the registry reachable? After a change to package.json, run \`npm install\`.`,
  );
}

/** The npm that runs this script, with the Node that runs it: the one in node_modules is about to be replaced. */
function findNpm() {
  const cli = process.env.npm_execpath;
  const version = /^npm\/(\S+)/.exec(process.env.npm_config_user_agent ?? '')?.[1] ?? null;
  if (cli !== undefined && /npm-cli\.[cm]?js$/.test(cli)) {
    return { command: process.env.npm_node_execpath ?? process.execPath, args: [cli], shell: false, version };
  }
  // On Windows npm is a batch file, which only a shell runs.
  return { command: 'npm', args: [], shell: process.platform === 'win32', version: null };
}

/** `npm start` hands its own settings down; those that say what and where to install are not meant for us. */
function environmentOfNpm() {
  const foreign =
    /^npm_config_(workspaces?|include_workspace_root|global|location|prefix|local_prefix|omit|only|production|dry_run|package_lock(_only)?)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

/** Two starts at once must not install into the same folder. False: gave up waiting. */
async function takeLock() {
  mkdirSync(dirname(LOCK_FILE), { recursive: true });
  let announced = false;
  for (let waitedMs = 0; waitedMs < LOCK_PATIENCE_MS; waitedMs += LOCK_POLL_MS) {
    try {
      writeFileSync(LOCK_FILE, String(process.pid), { flag: 'wx' });
      return true;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isAbandoned()) rmSync(LOCK_FILE, { force: true });
    else {
      if (!announced) say('another start is installing dependencies; waiting for it.');
      announced = true;
      await sleep(LOCK_POLL_MS);
    }
  }
  return false;
}

function isAbandoned() {
  try {
    const pid = Number(readFileSync(LOCK_FILE, 'utf8'));
    // Empty: its owner is between creating and writing it, unless that was long ago.
    if (!Number.isInteger(pid) || pid <= 0) return Date.now() - statSync(LOCK_FILE).mtimeMs > 10_000;
    process.kill(pid, 0); // asks whether it lives, sends nothing
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

function isOlder(version, [major, minor]) {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return ownMajor < major || (ownMajor === major && ownMinor < minor);
}

function say(text) {
  process.stderr.write(`parallax: ${text}\n`);
}

function fail(text) {
  say(text);
  return 1;
}
