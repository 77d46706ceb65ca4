import { REDACTED, secretForms } from '../../shared/secret-forms.ts';
import { partsOf } from './secret-member.ts';
import type { Secret } from './secrets.ts';

/**
 * Takes a check's secrets out of texts: as they are, and as URLs, JSON and Base64 would carry them.
 * To be done before a text is cut: half a secret is no longer found.
 */
export class Redaction {
  /** Longer ones first, so that none leaves a remainder of another. */
  #hidden: readonly string[] = [];

  constructor(secrets: ReadonlyMap<string, Secret>) {
    const values = [...secrets.values()].flatMap((secret) => ('value' in secret ? [secret.value] : []));
    this.#hideAll([...values, ...values.flatMap(partsOf).filter(isLikelySecret)]);
  }

  /** From here on this is secret too, such as credentials that were put together from secrets. */
  hide(value: string): void {
    this.#hideAll([value]);
  }

  /** A value that nobody has called a secret by itself: hidden unless that would blank out the words and numbers of a sentence. */
  hidePart(value: string): void {
    if (isLikelySecret(value)) this.hide(value);
  }

  #hideAll(values: readonly string[]): void {
    this.#hidden = [...new Set([...this.#hidden, ...values.flatMap(secretForms)])].sort((a, b) => b.length - a.length);
  }

  readonly redact = (text: string): string =>
    this.#hidden.reduce((redacted, form) => redacted.replaceAll(form, REDACTED), text);
}

const MIN_PART_CHARS = 4;

function isLikelySecret(value: string): boolean {
  return value.length >= MIN_PART_CHARS && value !== 'true' && value !== 'false';
}
