import { REDACTED, secretForms } from './secret-forms.ts';
import { unescaped } from './unescaped.ts';

/** Takes secrets out of a text. To be done before a text is cut: half a secret is no longer found. */
export type HideSecrets = (text: string) => string;

/** Escapes may stand in escapes, such as JSON in a URL in JSON. */
const MAX_LAYERS = 4;

/**
 * Hides these values in any upper and lower case, in every one of their forms. A text that hides one behind escapes is
 * answered without those escapes; all others are left as they are written.
 */
export function hideSecrets(values: readonly string[]): HideSecrets {
  // Longer ones first, so that none leaves a remainder of another.
  const forms = [...new Set(values.flatMap(secretForms).map(lowerCase))].sort((a, b) => b.length - a.length);
  const hide = (text: string) => {
    let said = text;
    let searched = lowerCase(text);
    for (const form of forms) {
      if (!searched.includes(form)) continue;
      said = without(form, said, searched);
      searched = lowerCase(said);
    }
    return said;
  };
  return (text) => {
    if (forms.length === 0) return text;
    let said = hide(text);
    let layer = said;
    for (let layers = 0; layers < MAX_LAYERS; layers += 1) {
      const bare = unescaped(layer);
      if (bare === layer) break;
      layer = hide(bare);
      if (layer !== bare) said = layer;
    }
    return said;
  };
}

/** Fewer characters say nothing of a secret, and many a word begins with them. */
const MIN_BEGINNING_CHARS = 4;

/** Hides the beginning of one of these values where a text ends with it: of an answer that is still coming in. */
export function hideBeginnings(values: readonly string[]): HideSecrets {
  const sought = values.map(lowerCase);
  return (text) => {
    const searched = lowerCase(text);
    const lengths = sought.map((value) => {
      let length = Math.min(value.length, searched.length);
      while (length >= MIN_BEGINNING_CHARS && !searched.endsWith(value.slice(0, length))) length -= 1;
      return length;
    });
    const longest = Math.max(0, ...lengths);
    return longest < MIN_BEGINNING_CHARS ? text : `${text.slice(0, -longest)}${REDACTED}`;
  };
}

/** `searched` is the text in lower case. */
function without(form: string, text: string, searched: string): string {
  let left = '';
  let from = 0;
  for (let at = searched.indexOf(form); at !== -1; at = searched.indexOf(form, from)) {
    left += text.slice(from, at) + REDACTED;
    from = at + form.length;
  }
  return left + text.slice(from);
}

/** Letter by letter, whatever stands beside it, and of the same length: a place in one is the same place in the other. */
function lowerCase(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  return text.replaceAll(/\p{Lu}/gu, (letter) => {
    const lower = letter.toLowerCase();
    return lower.length === letter.length ? lower : letter;
  });
}

const ASCII = /^\p{ASCII}*$/u;
