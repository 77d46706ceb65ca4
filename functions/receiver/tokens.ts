import { secretNames } from '../../shared/definition/templates.ts';
import type { HeartbeatMonitor } from '../../shared/monitor.ts';
import { SECOND_MS } from '../../shared/schedule.ts';
import { memberIn } from '../../shared/secret-member.ts';
import { SECRET_CACHE_MS, secretReference, secretsUsedBy } from '../../shared/secret-store.ts';
import type { ReadSecrets } from './secret-values.ts';

/** Every monitor's token by its id. Those that could not be had are absent. */
export interface Tokens {
  readonly known: ReadonlyMap<string, string>;
  /** False while any of them is absent. */
  readonly complete: boolean;
}

/** After a read that found not all: what was just stored is soon seen, and a flood of calls does not become one of reads. */
const INCOMPLETE_CACHE_MS = 10 * SECOND_MS;

/**
 * All tokens of the deployment, read together: that a call with a known id does not take longer than one with an unknown
 * one tells nobody which ids there are. While secrets cannot be read, what was read before still serves.
 */
export function createTokens(
  read: ReadSecrets,
  monitors: readonly HeartbeatMonitor[],
  nowEpochMs: () => number,
  log: (line: string) => void,
): () => Promise<Tokens> {
  const names = secretsUsedBy(monitors);
  let values: ReadonlyMap<string, string> = new Map();
  let last: { readonly tokens: Promise<Tokens>; readonly untilEpochMs: number } | null = null;

  return () => {
    const now = nowEpochMs();
    if (last !== null && now < last.untilEpochMs) return last.tokens;
    const tokens = look();
    last = { tokens, untilEpochMs: now + SECRET_CACHE_MS };
    void tokens.then(({ complete }) => {
      if (!complete && last?.tokens === tokens) last = { tokens, untilEpochMs: now + INCOMPLETE_CACHE_MS };
    });
    return tokens;
  };

  async function look(): Promise<Tokens> {
    if (names.length > 0) {
      const found = await read(names);
      values = found.error === null ? found.values : new Map([...values, ...found.values]);
      const missing = names.filter((name) => !values.has(name));
      if (missing.length > 0 || found.error !== null) {
        log(JSON.stringify({ event: 'tokens-not-read', missing, error: found.error }));
      }
    }
    const known = new Map<string, string>();
    for (const { id, heartbeat } of monitors) {
      // A secret that was stored from a file ends with a line break, which no header can carry.
      const token = filled(heartbeat.token, values)?.trim() ?? '';
      if (token !== '') known.set(id, token);
    }
    return { known, complete: known.size === monitors.length };
  }
}

/** Null where one of its secrets, or the key of one, is not there. */
function filled(text: string, values: ReadonlyMap<string, string>): string | null {
  let token = text;
  for (const reference of secretNames(text)) {
    const { name, key } = secretReference(reference);
    const whole = values.get(name);
    if (whole === undefined) return null;
    const own = key === null ? { value: whole } : memberIn(whole, key);
    if ('lacks' in own) return null;
    token = token.replaceAll(`\${secret:${reference}}`, () => own.value);
  }
  return token;
}
