import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseJsonText } from '../shared/definition/json-text.ts';
import { DEFAULT_CONFIG, loadDeployment, UnreadableFileError } from '../shared/definition/load.ts';
import { nearest } from '../shared/definition/nearest.ts';
import type { Deployment } from '../shared/monitor.ts';
import { type Plan, planOf } from '../shared/plan/plan.ts';
import { DEFAULT_PRICES, type PriceList, parsePrices } from '../shared/plan/prices.ts';
import { definitionEnvironment, parseArguments } from './arguments.ts';
import { formatProblems } from './format-problems.ts';
import { planJson } from './plan-json.ts';
import { costliestLines, dollars, planTable } from './plan-table.ts';
import { type CliIo, type ExitCode, UsageError, type Verb } from './verb.ts';

const usage = `
Usage: npx parallax plan [flags]

Says what a deployment will create in each region, what it will do, and what that costs, line by line with the unit
prices used, before anything is deployed. Needs no AWS account. See docs/plan.md.

Flags:
  --config <file>      the deployment, instead of ./${DEFAULT_CONFIG}
  --budget <dollars>   exit 1 where a month costs more
  --prices <file>      JSON with prices to use instead of the list prices of us-east-1
  --env <name=value>   what \${env:name} becomes; repeatable; overrides the environment
  --json               the plan as one JSON object

Exit codes: 0 planned, and within the budget, 1 over the budget, 2 could not run (problems in definitions or prices).

Examples:
  npx parallax plan
  npx parallax plan --budget 50 --json
`;

export const planVerb: Verb = {
  name: 'plan',
  summary: 'say what a deployment creates and costs, before it is deployed',
  usage,
  async run(argv, io) {
    const { values, positionals } = parseArguments(argv, {
      config: { type: 'string' },
      budget: { type: 'string' },
      prices: { type: 'string' },
      env: { type: 'string', multiple: true },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    });
    if (positionals.length > 0) {
      throw new UsageError(`${positionals[0]} is not understood. Name a deployment with --config <file>.`);
    }
    const budget = values.budget === undefined ? null : parseBudget(values.budget);
    const prices = values.prices === undefined ? DEFAULT_PRICES : readPrices(values.prices, io);
    const deployment = load(values.config ?? DEFAULT_CONFIG, values.env, io);
    if (prices === null || deployment === null) return 2;
    const plan = planOf(deployment, prices);
    io.stdout(values.json === true ? planJson(plan, budget) : planTable(plan));
    for (const warning of plan.warnings) io.stderr(`warning: ${warning}\n`);
    return judge(plan, budget, io);
  },
};

function judge(plan: Plan, budget: number | null, io: CliIo): ExitCode {
  if (budget === null) return 0;
  const [cost, limit] = [dollars(plan.dollarsPerMonth), dollars(budget)];
  if (plan.dollarsPerMonth <= budget) {
    io.stderr(`Within the budget: ${cost} of ${limit} a month.\n`);
    return 0;
  }
  const most = costliestLines(plan, 3).map(({ name, dollars: each }) => `${name} (${dollars(each)})`);
  io.stderr(
    `Over the budget: ${cost} a month, and the limit is ${limit}. Most of it is ${most.join(', ')}. Check less often ("every"), from fewer regions, or raise --budget.\n`,
  );
  return 1;
}

function parseBudget(text: string): number {
  const budget = Number(text.replace(/^\$/, ''));
  if (text.trim() !== '' && Number.isFinite(budget) && budget >= 0) return budget;
  throw new UsageError(`--budget ${text} is not an amount. Write dollars a month, such as --budget 50.`);
}

/** Null where the definitions have problems, which are on stderr then. */
function load(config: string, assignments: readonly string[] | undefined, io: CliIo): Deployment | null {
  try {
    const resolution = loadDeployment(config, { env: definitionEnvironment(io.env, assignments), cwd: io.cwd });
    io.stderr(formatProblems(resolution.ok ? resolution.warnings : resolution.problems));
    return resolution.ok ? resolution.deployment : null;
  } catch (error) {
    if (!(error instanceof UnreadableFileError)) throw error;
    io.stderr(`parallax plan: ${error.message} Run this where your parallax.json is, or name it: --config <file>.\n`);
    return null;
  }
}

/** Null where the file cannot be used; why is on stderr then. */
function readPrices(file: string, io: CliIo): PriceList | null {
  let text: string;
  try {
    text = readFileSync(resolve(io.cwd, file), 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    io.stderr(`parallax plan: the price file ${file} cannot be read (${reason}).\n`);
    return null;
  }
  const json = parseJsonText(text);
  if (!json.ok) {
    io.stderr(`parallax plan: the price file ${file} is not JSON.\n`);
    return null;
  }
  const parsed = parsePrices(json.value, nearest);
  if (parsed.ok) return parsed.prices;
  io.stderr(parsed.problems.map((problem) => `${file}: ${problem}\n`).join(''));
  return null;
}
