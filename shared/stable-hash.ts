/**
 * FNV-1a, 32 bits, over UTF-16 code units, with a final mix so that its low bits are fit for `%`.
 * Spreads monitors over minutes and shards; never changes, or every monitor would move.
 * @see https://datatracker.ietf.org/doc/html/rfc9923 (FNV) and MurmurHash3's fmix32 (public domain)
 */
export function stableHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
