/**
 * The tier in this process.
 *
 * In: records under opaque keys. Out: the same record, at once, while it may be served.
 * Never: token text; a record past its time or its token's; an older answer in the place of a newer one;
 * a good answer pushed out by bad ones (T-34), for each kind has a partition of its own, nor one client's by another's.
 */
import {
  type CacheKey,
  type CacheRecord,
  type Clock,
  type EpochMilliseconds,
  type HouseEvent,
  type MemoryCache,
  type MemoryHit,
  milliseconds,
  MISS,
  monotonicMilliseconds,
  type Observe,
} from '../domain/index.ts';
import { hasOutlivedToken } from './outlived-token.ts';
import { createPartition, type PartitionBounds, type PartitionStats, type PushedOut } from './partition.ts';
import { sizeOfRecord } from './size-of-record.ts';
import type { Entry } from './slot-queue.ts';

export interface MemoryCacheParts {
  readonly clock: Clock;
  readonly observe: Observe;
  /** How long an active answer stays, not to be served but in an outage, when its time is over. Left out: not at all. */
  readonly longestPast?: () => number;
  /** How many things were forgotten so far. Left out: nothing ever is. */
  readonly forgottenSoFar?: () => number;
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
  const { clock, observe, longestPast = () => 0, forgottenSoFar = () => 0 } = parts;
  const partitions = {
    active: createPartition(settings.active, (cause) => evicted('active', cause)),
    inactive: createPartition(settings.inactive, (cause) => evicted('inactive', cause)),
  };

  return {
    get(_kind, key) {
      const hit = hitIn('active', key) ?? hitIn('inactive', key);
      if (hit !== null) return hit;
      observe(LOOKED_UP.miss);
      return MISS;
    },

    put(_kind, key, record, owner = '') {
      const now = clock.now();
      const entry = entryOf(record, now);
      if (entry === null || isOlderThanKnown(key, entry)) return;

      const kept = record.introspection.kind;
      partitions[kept].keep(key, entry, sizeOfRecord(record), owner);
      partitions[kept === 'active' ? 'inactive' : 'active'].drop(key);
    },

    getPast(_kind, key) {
      const entry = partitions.active.find(key);
      if (entry === undefined) return null;
      const { record } = entry.hit;
      const pastMs = clock.monotonic() - entry.servedUntil;
      const isTokenOver = record.exp !== null && clock.now() >= record.exp * 1000;
      return pastMs < 0 || pastMs >= longestPast() || isTokenOver
        ? null
        : { record, pastFor: milliseconds(pastMs), seen: entry.hit.seen };
    },

    forget(_kind, key) {
      partitions.active.drop(key);
      partitions.inactive.drop(key);
    },

    stats: () => ({ active: partitions.active.stats(), inactive: partitions.inactive.stats() }),
  };

  function hitIn(kept: Kept, key: CacheKey): MemoryHit | null {
    const entry = partitions[kept].find(key);
    if (entry === undefined) return null;
    if (!isServed(entry)) {
      if (kept === 'active' && clock.monotonic() < entry.servedUntil + longestPast()) return null;
      partitions[kept].expire(key);
      evicted(kept, 'expired');
      return null;
    }
    const { hit } = entry;
    // Not dropped: when the wall clock was only wrong for a while, the answer is still good afterwards.
    if (hasOutlivedToken(hit.record, clock.now())) return null;

    hit.uses += 1;
    observe(LOOKED_UP[kept]);
    return hit;
  }

  /** `null` when its time is over already. */
  function entryOf(record: CacheRecord, now: EpochMilliseconds): Entry | null {
    const { storedAt, softUntil, keepUntil } = record;
    // From here on only the steady clock counts, so that a step of the wall clock neither ends nor stretches it.
    const leftMs = Math.min(keepUntil - now, keepUntil - storedAt);
    if (!(leftMs > 0)) return null;
    const steady = clock.monotonic();
    const hit: MemoryHit = {
      kind: 'hit',
      record,
      askedAt: monotonicMilliseconds(steady - Math.max(0, now - storedAt)),
      uses: 0,
      seen: forgottenSoFar(),
      refreshAt: softUntil < keepUntil ? steady + leftMs - (keepUntil - softUntil) : Infinity,
    };
    return { hit, servedUntil: monotonicMilliseconds(steady + leftMs) };
  }

  /** By the steady clock: the wall clock may have been set in between, and then says nothing about which came first. */
  function isOlderThanKnown(key: CacheKey, { hit }: Entry): boolean {
    const known = partitions.active.peek(key) ?? partitions.inactive.peek(key);
    return known !== undefined && isServed(known) && hit.askedAt < known.hit.askedAt;
  }

  function isServed(entry: Entry): boolean {
    return clock.monotonic() < entry.servedUntil;
  }

  function evicted(partition: Kept, cause: PushedOut | 'expired'): void {
    observe({ event: 'cache_evicted', partition, cause });
  }
}
