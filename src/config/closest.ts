/**
 * The word somebody most likely meant; `null` when none is close.
 * Spelling with other case or separators (`client_id`) is as close as can be.
 */
export function closest(word: string, known: readonly string[]): string | null {
  if (word.length > 64) return null;
  const bare = barely(word);
  const twin = known.find((candidate) => barely(candidate) === bare);
  if (twin !== undefined) return twin;

  let best: string | null = null;
  let least = Math.min(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const steps = distance(word.toLowerCase(), candidate.toLowerCase());
    if (steps < least) [best, least] = [candidate, steps];
  }
  return best;
}

function barely(word: string): string {
  return word.toLowerCase().replace(/[-_. ]/g, '');
}

/** Damerau-Levenshtein, neighbours swapped counting as one step. */
function distance(one: string, other: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const same = one[i - 1] === other[j - 1];
      const swapped = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (beforeLast[j - 2] ?? 0) + 1 : Infinity,
      );
    }
    [beforeLast, last] = [last, row];
  }
  return last[other.length] ?? 0;
}
