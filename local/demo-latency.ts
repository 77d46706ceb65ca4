import { stableHash } from '../shared/stable-hash.ts';

/** As far from the demo API as if it stood in us-east-1: median milliseconds of a round trip, roughly as between AWS regions. */
const ROUND_TRIP_MS: Readonly<Record<string, number>> = {
  'us-east-1': 20,
  'us-east-2': 32,
  'us-west-2': 78,
  'eu-west-1': 90,
  'eu-central-1': 108,
  'sa-east-1': 130,
  'ap-northeast-1': 165,
  'ap-southeast-2': 210,
};

/** Someone with curl, and no region: as if next door. */
const NEAR_MS = 5;

/** Standard deviation of the logarithm: p99 is about 1.6 times the median, with a tail as real services have. */
const SIGMA = 0.2;

/** What each route adds for its own work, as a factor on top of the way. */
const WORK_MS: Readonly<Record<string, number>> = {
  '/health': 1,
  '/checkout': 12,
  '/login': 35,
  '/account': 18,
  '/search': 60,
};

/**
 * How long an answer takes, in milliseconds: log-normal around the way and the work.
 * `random` returns [0, 1).
 */
export function demoLatencyMs(path: string, region: string | null, random: () => number): number {
  const medianMs = roundTripMs(region) + (WORK_MS[path] ?? 5);
  return medianMs * Math.exp(SIGMA * normal(random));
}

function roundTripMs(region: string | null): number {
  if (region === null) return NEAR_MS;
  // A region that is not in the table still has its own, always the same: 40 to 239 ms.
  return ROUND_TRIP_MS[region] ?? 40 + (stableHash(region) % 200);
}

/** Box–Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
