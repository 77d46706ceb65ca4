/** The candidate that was most likely meant, or null where none is near enough to be worth saying. */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  // A third of the letters may be wrong, at least two: `evry`, `stauts`, `eu-wst-1` are found, `foo` is not `for`… by far.
  const limit = Math.max(2, Math.floor(word.length / 3));
  if (word.length > MAX_WORD_CHARS) return null;
  let best: string | null = null;
  let bestDistance = Math.min(limit, word.length - 1) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Nothing that we compare against is longer than 30; the distance costs the product of both lengths. */
const MAX_WORD_CHARS = 64;

/** Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours each cost 1. */
export function editDistance(from: string, to: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const same = from[i - 1] === to[j - 1];
      let cost = Math.min(at(previous, j) + 1, at(current, j - 1) + 1, at(previous, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        cost = Math.min(cost, at(beforePrevious, j - 2) + 1);
      }
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, to.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
