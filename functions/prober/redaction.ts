import { type HideSecrets, hideBeginnings, hideSecrets } from '../../shared/hide-secrets.ts';
import { partsOf, type Secret } from '../../shared/secret-member.ts';

/**
 * Takes a check's secrets out of texts, however they are written there. To be done before a text is cut: half a secret is no
 * longer found.
 */
export class Redaction {
  readonly #values: Set<string>;
  /** Made when the first text is to be said: most checks pass, and say nothing. Null: not yet, or there is more to hide. */
  #hide: HideSecrets | null = null;

  constructor(secrets: ReadonlyMap<string, Secret>) {
    this.#values = new Set([...secrets.values()].flatMap((secret) => ('value' in secret ? [secret.value] : [])));
  }

  /** From here on this is secret too, such as credentials that were put together from secrets. */
  hide(value: string): void {
    if (this.#values.has(value)) return;
    this.#values.add(value);
    this.#hide = null;
  }

  /** A value that nobody has called a secret by itself: hidden unless that would blank out the words and numbers of a sentence. */
  hidePart(value: string): void {
    if (isLikelySecret(value)) this.hide(value);
  }

  readonly redact = (text: string): string => {
    const values = [...this.#values];
    this.#hide ??= hideSecrets([...values, ...values.flatMap(partsOf).filter(isLikelySecret)]);
    return this.#hide(text);
  };

  /** For what is still coming in, and may end within a secret. */
  readonly redactUnfinished = (text: string): string => hideBeginnings([...this.#values])(this.redact(text));
}

const MIN_PART_CHARS = 4;

function isLikelySecret(value: string): boolean {
  return value.length >= MIN_PART_CHARS && value !== 'true' && value !== 'false';
}
