import {
  type CacheKey,
  type CacheKind,
  type CacheRecord,
  type MemoryCache,
  MISS,
  type Recall,
  type TokenCache,
} from '../domain/index.ts';

/** Both tiers of the cache, held to their promise: one that breaks is a miss, never a verdict (decision 5, G7). */
export interface Tiers {
  recallFromMemory(key: CacheKey): Recall;
  recallFromShared(key: CacheKey): Promise<Recall>;
  /** In memory. */
  keep(key: CacheKey, record: CacheRecord): void;
  /** In the shared tier, in the background. */
  share(key: CacheKey, record: CacheRecord): void;
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

    async recallFromShared(key) {
      try {
        return await shared.get(KIND, key);
      } catch (cause) {
        whenBroken('shared cache', cause);
        return MISS;
      }
    },

    keep(key, record) {
      try {
        memory.put(KIND, key, record);
      } catch (cause) {
        whenBroken('memory cache', cause);
      }
    },

    share(key, record) {
      void shareSafely(key, record);
    },
  };

  async function shareSafely(key: CacheKey, record: CacheRecord): Promise<void> {
    try {
      await shared.put(KIND, key, record);
    } catch (cause) {
      whenBroken('shared cache', cause);
    }
  }
}
