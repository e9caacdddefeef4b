/** Remembers of keys that they were named a short while ago, about as many as it has room for. */
export interface RecentKeys {
  add(key: string): void;
  remove(key: string): void;
  /** Wrong for one key in some thirty thousand; so use it only where that costs little. */
  has(key: string): boolean;
}

/** Four bytes for each. */
const MOST = 2 ** 17;

/** @param keys are keyed digests, so that nobody outside can choose some that collide. */
export function createRecentKeys(keys: number): RecentKeys {
  const size = 2 ** Math.ceil(Math.log2(Math.min(Math.max(keys, 16), MOST)));
  // One place for each print; the later one takes it.
  const prints = new Uint32Array(size);

  return {
    add(key) {
      const print = printOf(key);
      prints[print & (size - 1)] = print;
    },
    remove(key) {
      const print = printOf(key);
      if (prints[print & (size - 1)] === print) prints[print & (size - 1)] = 0;
    },
    has(key) {
      const print = printOf(key);
      return prints[print & (size - 1)] === print;
    },
  };
}

/** FNV-1a, never 0, which means nothing. */
function printOf(key: string): number {
  let print = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) {
    print = Math.imul(print ^ key.charCodeAt(index), 0x01000193);
  }
  return print >>> 0 || 1;
}
