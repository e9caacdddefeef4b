/**
 * The tier in this process.
 *
 * In: records under opaque keys. Out: the same record, at once, while it may be served.
 * Never: token text; a record past its time or its token's; an older answer in the place of a newer one;
 * a good answer pushed out by bad ones (T-34), for each kind has a partition of its own.
 */
import {
  type CacheKey,
  type CacheRecord,
  type Clock,
  type EpochMilliseconds,
  type HouseEvent,
  type MemoryCache,
  MISS,
  monotonicMilliseconds,
  type Observe,
  type Recall,
} from '../domain/index.ts';
import { hasOutlivedToken } from './outlived-token.ts';
import { createPartition, type Entry, type PartitionBounds, type PartitionStats } from './partition.ts';
import { sizeOfRecord } from './size-of-record.ts';

export interface MemoryCacheParts {
  readonly clock: Clock;
  readonly observe: Observe;
}

export interface MemoryCacheSettings {
  readonly active: PartitionBounds;
  readonly inactive: PartitionBounds;
}

export type MemoryStats = {
  readonly active: PartitionStats;
  readonly inactive: PartitionStats;
};

export interface ObservedMemoryCache extends MemoryCache {
  stats(): MemoryStats;
}

type Kept = CacheRecord['introspection']['kind'];

// Made once: every request is told to telemetry.
const LOOKED_UP = {
  active: { event: 'cache_looked_up', tier: 'memory', outcome: 'active' },
  inactive: { event: 'cache_looked_up', tier: 'memory', outcome: 'inactive' },
  miss: { event: 'cache_looked_up', tier: 'memory', outcome: 'miss' },
} as const satisfies Record<Kept | 'miss', HouseEvent>;

export function createMemoryCache(
  parts: MemoryCacheParts,
  settings: MemoryCacheSettings,
): ObservedMemoryCache {
  const { clock, observe } = parts;
  const partitions = {
    active: createPartition(settings.active, () => evicted('active', 'space')),
    inactive: createPartition(settings.inactive, () => evicted('inactive', 'space')),
  };

  return {
    get(_kind, key) {
      const recall = recallFrom('active', key) ?? recallFrom('inactive', key);
      if (recall !== null) return recall;
      observe(LOOKED_UP.miss);
      return MISS;
    },

    put(_kind, key, record) {
      const now = clock.now();
      const entry = entryOf(record, now);
      if (entry === null || isOlderThanKnown(key, record, now)) return;

      const kept = record.introspection.kind;
      partitions[kept].keep(key, entry, sizeOfRecord(record));
      partitions[kept === 'active' ? 'inactive' : 'active'].drop(key);
    },

    stats: () => ({ active: partitions.active.stats(), inactive: partitions.inactive.stats() }),
  };

  function recallFrom(kept: Kept, key: CacheKey): Recall | null {
    const entry = partitions[kept].find(key);
    if (entry === undefined) return null;
    if (!isServed(entry)) {
      partitions[kept].drop(key);
      evicted(kept, 'expired');
      return null;
    }
    // Not dropped: when the wall clock was only wrong for a while, the answer is still good afterwards.
    if (hasOutlivedToken(entry.record, clock.now())) return null;

    observe(LOOKED_UP[kept]);
    return entry.recall;
  }

  /** `null` when its time is over already. */
  function entryOf(record: CacheRecord, now: EpochMilliseconds): Entry | null {
    // From here on only the steady clock counts, so that a step of the wall clock neither ends nor stretches it.
    const leftMs = Math.min(record.keepUntil - now, record.keepUntil - record.storedAt);
    if (!(leftMs > 0)) return null;
    const servedUntil = monotonicMilliseconds(clock.monotonic() + leftMs);
    return { record, recall: Object.freeze({ kind: 'hit', record }), servedUntil };
  }

  function isOlderThanKnown(key: CacheKey, record: CacheRecord, now: EpochMilliseconds): boolean {
    const known = partitions.active.peek(key) ?? partitions.inactive.peek(key);
    if (known === undefined || !isServed(known)) return false;
    // Stored in the future: the wall clock was set back since, and says nothing about which came first.
    return record.storedAt < known.record.storedAt && known.record.storedAt <= now;
  }

  function isServed(entry: Entry): boolean {
    return clock.monotonic() < entry.servedUntil;
  }

  function evicted(partition: Kept, cause: 'space' | 'expired'): void {
    observe({ event: 'cache_evicted', partition, cause });
  }
}
