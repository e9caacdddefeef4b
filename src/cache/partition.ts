import { LRUCache } from 'lru-cache';
import type { Bytes, CacheKey, CacheRecord, MonotonicMilliseconds, Recall } from '../domain/index.ts';

/** One bounded part of the memory tier: what was used longest ago goes first. */
export interface Partition {
  /** Counts as use. */
  find(key: CacheKey): Entry | undefined;
  /** Does not count as use. */
  peek(key: CacheKey): Entry | undefined;
  /** Replaces what was there. Keeps nothing when the entry alone is larger than the partition. */
  keep(key: CacheKey, entry: Entry, size: Bytes): void;
  drop(key: CacheKey): void;
  stats(): PartitionStats;
}

export interface PartitionBounds {
  /** At least 1. */
  readonly entries: number;
  readonly bytes: Bytes;
}

// An alias, so that it counts as JSON on the status page.
export type PartitionStats = {
  readonly entries: number;
  /** By the estimate of `sizeOfRecord`. */
  readonly bytes: number;
};

export interface Entry {
  readonly record: CacheRecord;
  /** The answer to whoever asks, made once. */
  readonly recall: Recall;
  /** Not served from then on, whatever the wall clock says. */
  readonly servedUntil: MonotonicMilliseconds;
}

export function createPartition(bounds: PartitionBounds, whenPushedOut: () => void): Partition {
  const entries = new LRUCache<CacheKey, Entry>({
    max: bounds.entries,
    maxSize: bounds.bytes,
    dispose: (_entry, _key, reason) => {
      if (reason === 'evict') whenPushedOut();
    },
  });

  return {
    find: (key) => entries.get(key),
    peek: (key) => entries.peek(key),
    keep(key, entry, size) {
      if (size <= bounds.bytes) {
        entries.set(key, entry, { size });
        return;
      }
      entries.delete(key);
      whenPushedOut();
    },
    drop: (key) => void entries.delete(key),
    stats: () => ({ entries: entries.size, bytes: entries.calculatedSize }),
  };
}
