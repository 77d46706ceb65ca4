/** Numbers and instants as people read them: the same in terminals, pages and messages. `—` where there is none. */

const NONE = '—';

/** `87 ms`, `1.24 s`, and what takes minutes as a duration. */
export function humanMs(ms: number | null): string {
  if (ms === null) return NONE;
  if (ms >= 100_000) return humanDuration(ms);
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 999.5 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}

/** A ratio 0–1 as `99.95%`: never rounded up to 100 %, nor down to 0 %. */
export function humanRatio(ratio: number | null): string {
  if (ratio === null) return NONE;
  const hundredths = ratio < 0.5 ? Math.ceil(ratio * 10_000) : Math.floor(ratio * 10_000 + 1e-6);
  return `${Number((hundredths / 100).toFixed(2))}%`;
}

/** `45s`, `4m`, `2h 5m`, `3d 4h`: the two largest units. */
export function humanDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first === -1) return '0s';
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ');
}

/** `2026-01-05 12:03:00 UTC` */
export function humanInstant(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** Up to four significant digits: `12`, `0.031`, `1,204`. */
export function humanNumber(value: number | null): string {
  if (value === null) return NONE;
  return value.toLocaleString('en-US', { maximumSignificantDigits: Math.abs(value) >= 1_000 ? 15 : 4 });
}

/** `one`, `one and two`, `one, two and three`. */
export function humanList(items: readonly string[]): string {
  const last = items.at(-1);
  if (last === undefined) return 'none';
  return items.length === 1 ? last : `${items.slice(0, -1).join(', ')} and ${last}`;
}
