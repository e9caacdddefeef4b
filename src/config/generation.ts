import { createHash, scryptSync } from 'node:crypto';

/**
 * A short name of everything that makes the settings what they are.
 *
 * In: the file's text and all that was read for it, secrets included. Out: twelve hexadecimal digits.
 * Never: a plain hash. The name is public, and a short secret could be guessed against it; so it goes through a
 * slow function, once for each load.
 */
export function generationOf(text: string, contents: ReadonlyMap<string, string>): string {
  const digest = createHash('sha256');
  for (const part of [text, ...[...contents].flat()]) {
    const bytes = Buffer.from(part);
    digest.update(`${bytes.length}:`).update(bytes);
  }
  return scryptSync(digest.digest(), 'gatehouse settings generation', 6, COST).toString('hex');
}

/** Some ten milliseconds and 4 MiB. */
const COST = { N: 4096, r: 8, p: 1 };
