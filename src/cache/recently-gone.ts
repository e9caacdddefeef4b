import type { CacheKey } from '../domain/index.ts';

/** Remembers of keys that were here a short while ago that they were, about as many as it has room for. */
export interface RecentlyGone {
  add(key: CacheKey): void;
  /** Nearly always right; what it gets wrong costs nothing but a place that others might have deserved more. */
  has(key: CacheKey): boolean;
}

/** Four bytes for each. */
const MOST = 2 ** 17;

export function createRecentlyGone(entries: number): RecentlyGone {
  const size = 2 ** Math.ceil(Math.log2(Math.min(Math.max(entries, 16), MOST)));
  // One place for each print; the later one takes it.
  const prints = new Uint32Array(size);

  return {
    add(key) {
      const print = printOf(key);
      prints[print & (size - 1)] = print;
    },
    has(key) {
      const print = printOf(key);
      return prints[print & (size - 1)] === print;
    },
  };
}

/** FNV-1a. Keys are keyed digests, so that nobody outside can choose them to collide. */
function printOf(key: CacheKey): number {
  let print = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) {
    print = Math.imul(print ^ key.charCodeAt(index), 0x01000193);
  }
  return print >>> 0;
}
