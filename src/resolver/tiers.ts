import {
  type CacheKey,
  type CacheKind,
  type CacheRecord,
  type MemoryCache,
  type MemoryHit,
  type Miss,
  MISS,
  type PastAnswer,
  type Recall,
  type TokenCache,
} from '../domain/index.ts';

/** Both tiers of the cache, held to their promise: one that breaks is a miss, never a verdict (decision 5, G7). */
export interface Tiers {
  recallFromMemory(key: CacheKey): MemoryHit | Miss;
  recallFromShared(key: CacheKey, formerName: () => CacheKey | null): Promise<Recall>;
  /** An answer in memory whose time is over. */
  recallPast(key: CacheKey): PastAnswer | null;
  /** In memory, as a part of its owner's share. */
  keep(key: CacheKey, record: CacheRecord, owner: string): void;
  /** In memory. */
  forget(key: CacheKey): void;
  /** In the shared tier. Settles when it is there, or cannot be. */
  share(key: CacheKey, record: CacheRecord): Promise<void>;
}

export interface TiersParts {
  readonly memory: MemoryCache;
  readonly shared: TokenCache;
  readonly whenBroken: (where: string, cause: unknown) => void;
}

const KIND: CacheKind = 'introspection';

export function createTiers({ memory, shared, whenBroken }: TiersParts): Tiers {
  return {
    recallFromMemory(key) {
      try {
        return memory.get(KIND, key);
      } catch (cause) {
        whenBroken('memory cache', cause);
        return MISS;
      }
    },

    async recallFromShared(key, formerName) {
      try {
        return await shared.get(KIND, key, formerName);
      } catch (cause) {
        whenBroken('shared cache', cause);
        return MISS;
      }
    },

    recallPast(key) {
      try {
        return memory.getPast(KIND, key);
      } catch (cause) {
        whenBroken('memory cache', cause);
        return null;
      }
    },

    keep: (key, record, owner) => inMemory(() => memory.put(KIND, key, record, owner)),
    forget: (key) => inMemory(() => memory.forget(KIND, key)),

    async share(key, record) {
      try {
        await shared.put(KIND, key, record);
      } catch (cause) {
        whenBroken('shared cache', cause);
      }
    },
  };

  function inMemory(call: () => void): void {
    try {
      call();
    } catch (cause) {
      whenBroken('memory cache', cause);
    }
  }
}
