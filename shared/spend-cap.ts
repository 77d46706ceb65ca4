import { HOUR_MS } from './schedule.ts';

/** Calendar periods in UTC; a week begins on Monday. */
export const SPEND_PERIODS = ['hour', 'day', 'week', 'month'] as const;
export type SpendPeriod = (typeof SPEND_PERIODS)[number];

/** How much a monitor may spend, in all of its regions together, before it is paused until the period's end. */
export interface SpendCap {
  /** More than 0. */
  readonly dollars: number;
  readonly per: SpendPeriod;
}

/** The metric that a check's cost is in, in dollars: a stream's by its price, or a metric of the user's own. */
export const COST_METRIC = 'cost';

/** The longest that a period lasts. */
export const MAX_PERIOD_MS: Readonly<Record<SpendPeriod, number>> = {
  hour: HOUR_MS,
  day: 24 * HOUR_MS,
  week: 7 * 24 * HOUR_MS,
  month: 31 * 24 * HOUR_MS,
};

/** The period that holds the instant: [from, until). Both are full hours. */
export function periodOf(per: SpendPeriod, epochMs: number) {
  const at = new Date(epochMs);
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()];
  switch (per) {
    case 'hour': {
      const fromEpochMs = Math.floor(epochMs / HOUR_MS) * HOUR_MS;
      return { fromEpochMs, untilEpochMs: fromEpochMs + HOUR_MS };
    }
    case 'day':
      return { fromEpochMs: Date.UTC(year, month, day), untilEpochMs: Date.UTC(year, month, day + 1) };
    case 'week': {
      const monday = day - ((at.getUTCDay() + 6) % 7);
      return { fromEpochMs: Date.UTC(year, month, monday), untilEpochMs: Date.UTC(year, month, monday + 7) };
    }
    case 'month':
      return { fromEpochMs: Date.UTC(year, month), untilEpochMs: Date.UTC(year, month + 1) };
  }
}

export function isSameCap(a: SpendCap | undefined, b: SpendCap | undefined): boolean {
  return a?.dollars === b?.dollars && a?.per === b?.per;
}

/** `$5.00 a day` */
export function capText({ dollars, per }: SpendCap): string {
  return `${dollarText(dollars)} ${per === 'hour' ? 'an' : 'a'} ${per}`;
}

/** `$5.00`, `$1,204.50`, `-$0.50`; below ten cents as many digits as tell it: `$0.042`. */
export function dollarText(dollars: number): string {
  if (dollars < 0) return `-${dollarText(-dollars)}`;
  const digits =
    dollars >= 0.1 ? { minimumFractionDigits: 2, maximumFractionDigits: 2 } : { maximumSignificantDigits: 2 };
  return `$${dollars.toLocaleString('en-US', digits)}`;
}
