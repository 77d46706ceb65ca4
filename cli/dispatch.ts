import { nearest } from '../shared/definition/nearest.ts';
import { type CliIo, type ExitCode, UsageError, type Verb } from './verb.ts';

/** A verb by name, loaded only when it is called or listed. */
export type VerbTable = Readonly<Record<string, () => Promise<Verb>>>;

/** Runs `parallax <argv>`. Never throws for what a verb throws: says it on stderr and answers 2. */
export async function dispatch(argv: readonly string[], verbs: VerbTable, io: CliIo): Promise<ExitCode> {
  const [name, ...rest] = argv;
  if (name === undefined) {
    io.stderr(await overview(verbs));
    return 2;
  }
  if (name === '--help' || name === '-h' || (name === 'help' && rest.length === 0)) {
    io.stdout(await overview(verbs));
    return 0;
  }
  if (name === 'help') return dispatch([...rest, '--help'], verbs, io);
  const load = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (load === undefined) {
    const meant = nearest(name, Object.keys(verbs));
    const hint = meant === null ? `Verbs: ${Object.keys(verbs).join(', ')}.` : `Did you mean \`parallax ${meant}\`?`;
    io.stderr(`parallax: there is no verb "${name}". ${hint} See \`npx parallax --help\`.\n`);
    return 2;
  }
  return runVerb(await load(), rest, io);
}

async function runVerb(verb: Verb, argv: readonly string[], io: CliIo): Promise<ExitCode> {
  const end = argv.indexOf('--');
  const flags = end === -1 ? argv : argv.slice(0, end);
  if (flags.includes('--help') || flags.includes('-h')) {
    io.stdout(`${verb.usage.trim()}\n`);
    return 0;
  }
  try {
    return await verb.run(argv, io);
  } catch (error) {
    if (error instanceof UsageError) {
      io.stderr(`parallax ${verb.name}: ${error.message}\nSee \`npx parallax ${verb.name} --help\`.\n`);
    } else {
      // Expected outcomes are exit codes; what is thrown is a defect or a broken machine, and its stack says where.
      io.stderr(`parallax ${verb.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    }
    return 2;
  }
}

async function overview(verbs: VerbTable): Promise<string> {
  const loaded = await Promise.all(Object.values(verbs).map((load) => load()));
  const width = Math.max(...loaded.map((verb) => verb.name.length));
  return [
    'Parallax probes APIs from many AWS regions at once, and says what is slow, what is down, and from where.',
    '',
    'Usage: npx parallax <verb> [arguments]',
    '',
    ...loaded.map((verb) => `  ${verb.name.padEnd(width)}  ${verb.summary}`),
    '',
    '`npx parallax <verb> --help` explains one. Deploying is `npx cdk deploy --all`.',
    'Exit codes: 0 good, 1 the answer is no, 2 could not run.',
    '',
  ].join('\n');
}
