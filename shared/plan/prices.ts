import type { Region } from '../monitor.ts';

/**
 * AWS's list prices in us-east-1, in dollars; the unit is in the name. They change, and differ between regions by up to
 * a third (more for traffic): `parallax plan --prices <file>` replaces any of them, everywhere or in one region.
 * Free tiers are not in here: an account has them once, for all that runs in it.
 *
 * | mark | source                                                                                                     |
 * | doc  | AWS's own price page or announcement names this figure                                                     |
 * | sec  | two independent price guides of 2026 agree on it; AWS's pages load their figures by script                  |
 * | open | sources differ, or it was not found again: treat it as an estimate                                          |
 */
export const LIST_PRICES = {
  /** sec; arm64, first 7.5 billion a month. aws.amazon.com/lambda/pricing */
  lambdaGbSecond: 0.0000133334,
  /** doc. aws.amazon.com/lambda/pricing */
  lambdaMillionRequests: 0.2,
  /** sec; on demand, since November 2024. aws.amazon.com/dynamodb/pricing/on-demand */
  dynamoMillionWriteUnits: 0.625,
  /** sec; of every replica, the one written to included; the same as a plain write since November 2024. */
  dynamoMillionReplicatedWriteUnits: 0.625,
  /** sec; on demand. */
  dynamoMillionReadUnits: 0.125,
  /** sec; standard table class, per replica. */
  dynamoGbMonth: 0.25,
  /** sec; point-in-time recovery, home's replica only. */
  dynamoBackupGbMonth: 0.2,
  /** sec. aws.amazon.com/eventbridge/pricing */
  schedulerMillionInvocations: 1,
  /** sec; PutEvents to a bus of one's own. */
  eventBridgeMillionEvents: 1,
  /** sec. aws.amazon.com/sns/pricing */
  snsMillionPublishes: 0.5,
  /** sec; $2 for 100,000. */
  snsMillionEmails: 20,
  /** sec. */
  snsMillionHttps: 0.6,
  /** open; a part of a message to the US, carrier fee included; other countries cost up to fifty times as much. */
  snsSms: 0.01,
  /** sec; each region's copy is one. aws.amazon.com/secrets-manager/pricing */
  secretMonth: 0.4,
  /** sec; $0.05 for 10,000. */
  secretMillionCalls: 5,
  /** sec. aws.amazon.com/cloudwatch/pricing */
  logsGbIngested: 0.5,
  /** sec. */
  logsGbMonth: 0.03,
  /** sec; standard resolution. */
  alarmMonth: 0.1,
  /** sec; the first 10 TB a month. aws.amazon.com/ec2/pricing/on-demand, "Data Transfer" */
  internetGbOut: 0.09,
  /** open; out of us-east-1 and most others; up to 0.09 out of some regions in Asia and more in South America. */
  betweenRegionsGb: 0.02,
  /** sec; for the comparison. Its Lambda, logs and storage come on top. aws.amazon.com/cloudwatch/pricing, "Synthetics" */
  syntheticsRun: 0.0012,
} as const;

/** What a price is for, as its name says it: so many of a unit. */
export interface PriceUnit {
  readonly unit: string;
  readonly per: number;
}

const MILLION = 1_000_000;

export const PRICE_UNITS: Readonly<Record<PriceName, PriceUnit>> = {
  lambdaGbSecond: { unit: 'GB-second', per: 1 },
  lambdaMillionRequests: { unit: 'runs', per: MILLION },
  dynamoMillionWriteUnits: { unit: 'write units', per: MILLION },
  dynamoMillionReplicatedWriteUnits: { unit: 'replicated write units', per: MILLION },
  dynamoMillionReadUnits: { unit: 'read units', per: MILLION },
  dynamoGbMonth: { unit: 'GB-month', per: 1 },
  dynamoBackupGbMonth: { unit: 'GB-month', per: 1 },
  schedulerMillionInvocations: { unit: 'invocations', per: MILLION },
  eventBridgeMillionEvents: { unit: 'events', per: MILLION },
  snsMillionPublishes: { unit: 'messages', per: MILLION },
  snsMillionEmails: { unit: 'e-mails', per: MILLION },
  snsMillionHttps: { unit: 'calls', per: MILLION },
  snsSms: { unit: 'text message', per: 1 },
  secretMonth: { unit: 'secret', per: 1 },
  secretMillionCalls: { unit: 'calls', per: MILLION },
  logsGbIngested: { unit: 'GB', per: 1 },
  logsGbMonth: { unit: 'GB-month', per: 1 },
  alarmMonth: { unit: 'alarm', per: 1 },
  internetGbOut: { unit: 'GB', per: 1 },
  betweenRegionsGb: { unit: 'GB', per: 1 },
  syntheticsRun: { unit: 'canary run', per: 1 },
};

/** When {@link LIST_PRICES} were looked up. */
const LIST_PRICES_AS_OF = '2026-11-15';

export type PriceName = keyof typeof LIST_PRICES;
export type UnitPrices = Readonly<Record<PriceName, number>>;

/** What a plan is calculated with. */
export interface PriceList {
  /** A date, YYYY-MM-DD, for its reader. */
  readonly asOf: string;
  readonly everywhere: UnitPrices;
  readonly regions: Readonly<Record<Region, Partial<UnitPrices>>>;
}

export const DEFAULT_PRICES: PriceList = { asOf: LIST_PRICES_AS_OF, everywhere: LIST_PRICES, regions: {} };

export function priceIn(prices: PriceList, region: Region, name: PriceName): number {
  return prices.regions[region]?.[name] ?? prices.everywhere[name];
}

/** The known word that was probably meant. */
type Suggest = (word: string, known: readonly string[]) => string | null;

export type ParsedPrices =
  | { readonly ok: true; readonly prices: PriceList }
  /** Every problem, a sentence each. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** A price file: `{"asOf": "2026-12-01", "prices": {...}, "regions": {"sa-east-1": {...}}}`. What it leaves out stays as listed. */
export function parsePrices(value: unknown, suggest: Suggest): ParsedPrices {
  const problems: string[] = [];
  if (!isObject(value)) return { ok: false, problems: ['A price file is a JSON object. Write {"prices": {...}}.'] };
  const known = ['$schema', 'asOf', 'prices', 'regions'];
  for (const key of Object.keys(value).filter((name) => !known.includes(name))) {
    problems.push(unknown(`There is no key "${key}" in a price file.`, key, known.slice(1), suggest));
  }
  const { asOf = LIST_PRICES_AS_OF, prices = {}, regions = {} } = value;
  if (typeof asOf !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(asOf)) {
    problems.push('"asOf" is the day that the prices were looked up. Write it as YYYY-MM-DD.');
  }
  const everywhere = { ...LIST_PRICES, ...unitPrices(prices, 'prices', problems, suggest) };
  const byRegion: Record<Region, Partial<UnitPrices>> = {};
  if (isObject(regions)) {
    for (const [region, own] of Object.entries(regions)) {
      byRegion[region] = unitPrices(own, `regions.${region}`, problems, suggest);
    }
  } else {
    problems.push(
      '"regions" is an object of prices by AWS region. Write {"sa-east-1": {"lambdaMillionRequests": 0.2}}.',
    );
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, prices: { asOf: String(asOf), everywhere, regions: byRegion } };
}

function unitPrices(value: unknown, path: string, problems: string[], suggest: Suggest): Partial<UnitPrices> {
  const found: Partial<Record<PriceName, number>> = {};
  if (!isObject(value)) {
    problems.push(`"${path}" is an object of dollars by name. Write {"lambdaMillionRequests": 0.2}.`);
    return found;
  }
  for (const [name, dollars] of Object.entries(value)) {
    if (!isPriceName(name)) {
      problems.push(unknown(`There is no price "${name}" in ${path}.`, name, Object.keys(LIST_PRICES), suggest));
    } else if (typeof dollars !== 'number' || !Number.isFinite(dollars) || dollars < 0) {
      problems.push(`"${path}.${name}" must be dollars, 0 or more, and is ${JSON.stringify(dollars)}.`);
    } else {
      found[name] = dollars;
    }
  }
  return found;
}

function isPriceName(name: string): name is PriceName {
  return Object.hasOwn(LIST_PRICES, name);
}

function unknown(message: string, word: string, known: readonly string[], suggest: Suggest): string {
  const meant = suggest(word, known);
  return meant === null ? `${message} Allowed: ${known.join(', ')}.` : `${message} Did you mean "${meant}"?`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
