import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../schedule.ts';

const UNITS_MS = { ms: 1, s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS } as const;

/** Ten years: more than anything here is kept for. */
export const MAX_DURATION_MS = 3_650 * DAY_MS;

/** `"800ms"`, `"1.5s"`, `"5m"`, `"12h"`, `"30d"` to whole milliseconds; null for anything else. */
export function parseDurationMs(text: string): number | null {
  const match = /^(\d{1,13}(?:\.\d{1,6})?)(ms|s|m|h|d)$/.exec(text);
  if (match === null) return null;
  const [, amount, unit] = match;
  if (amount === undefined || !isUnit(unit)) return null;
  const exact = Number(amount) * UNITS_MS[unit];
  const ms = Math.round(exact);
  // "0.1m" is 6,000.000000000001 in doubles; "1.5ms" is not whole.
  if (Math.abs(exact - ms) > 1e-6 || !Number.isSafeInteger(ms)) return null;
  return ms;
}

function isUnit(unit: string | undefined): unit is keyof typeof UNITS_MS {
  return unit !== undefined && Object.hasOwn(UNITS_MS, unit);
}

/** The shortest exact way to write it: `90_000` is `"90s"`, `300_000` is `"5m"`. */
export function formatDuration(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (ms !== 0 && ms % UNITS_MS[unit] === 0) return `${ms / UNITS_MS[unit]}${unit}`;
  }
  return `${ms}ms`;
}

/** `0.999` or `"99.9%"` to 0–1; null for anything else. */
export function parseRatio(value: string | number): number | null {
  const ratio = typeof value === 'number' ? value : percent(value);
  return ratio !== null && ratio >= 0 && ratio <= 1 ? ratio : null;
}

function percent(text: string): number | null {
  const match = /^(\d{1,3}(?:\.\d{1,10})?)\s?%$/.exec(text);
  if (match === null) return null;
  // Division by 100 alone turns 99.9 into 0.9990000000000001; twelve decimals are more than anyone writes.
  return Number((Number(match[1]) / 100).toFixed(12));
}
