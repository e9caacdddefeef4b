import {
  createMemoryCache,
  createSharedCache,
  NO_SHARED_CACHE,
  openRedisStore,
  type SharedCache,
} from '../cache/index.ts';
import type { CacheSettings } from '../config/index.ts';
import type {
  Clock,
  JsonObject,
  MemoryCache,
  NameKeys,
  Observe,
  Randomness,
  TokenCache,
} from '../domain/index.ts';
import { readIntrospection } from '../introspection/index.ts';
import { deriveKeys } from '../sealing/index.ts';

/** Both tiers and the keys that name and seal what is in them. */
export interface Caches {
  readonly memory: MemoryCache;
  readonly shared: TokenCache;
  readonly names: NameKeys;
  /** Puts other sizes or another key in force. `shared` itself needs a restart. */
  replace(settings: CacheSettings): void;
  stats(): ReturnType<ReturnType<typeof createMemoryCache>['stats']>;
  status(): JsonObject;
  /** Whether there is a shared tier, and whether its store can be reached now. */
  readonly isShared: boolean;
  isConnected(): boolean;
  close(): Promise<void>;
}

interface CacheParts {
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly observe: Observe;
}

export function openCaches(initial: CacheSettings, parts: CacheParts): Caches {
  const { clock, randomness, observe } = parts;
  // Without a key in the settings, names mean nothing outside this process, and nothing is sealed for outside it.
  const ownKey = randomness.bytes(32);
  const redis =
    initial.shared === null ? null : openRedisStore(initial.shared.redis, { observe, randomness });

  let settings = initial;
  let keys = deriveKeys(keyOf(initial));
  let memory = openMemory(initial);
  let shared = openShared();

  return {
    get memory() {
      return memory;
    },
    get shared() {
      return shared ?? NO_SHARED_CACHE;
    },
    get names() {
      return keys.names;
    },
    replace,
    stats: () => memory.stats(),
    status: () => (redis === null ? { kind: 'none' } : { ...redis.status(), use: shared?.status() ?? null }),
    isShared: redis !== null,
    isConnected: () => redis?.status()['state'] === 'connected',
    close: async () => redis?.close(),
  };

  /** What did not change stays, and with it all that it remembers. */
  function replace(next: CacheSettings): void {
    const before = settings;
    settings = next;
    redis?.replacePassword(next.shared?.redis.password ?? null);
    const hasOtherKey = !keyOf(before).equals(keyOf(next));
    const hasOtherTimes = before.active.max !== next.active.max || before.inactive.max !== next.inactive.max;
    if (hasOtherKey) keys = deriveKeys(keyOf(next));
    if (hasOtherKey || hasOtherTimes) shared = openShared();
    // A lowered time counts for what is kept already, too.
    if (hasOtherTimes || sizesOf(before) !== sizesOf(next))
      memory = openMemory(next);
  }

  function openShared(): SharedCache | null {
    if (redis === null || settings.shared === null) return null;
    const { seal } = keys;
    return createSharedCache(
      { store: redis.store, seal, clock, observe, readIntrospection },
      { timeout: settings.shared.timeout, maxAge: settings.active.max },
    );
  }

  function openMemory(sizes: CacheSettings): ReturnType<typeof createMemoryCache> {
    return createMemoryCache({ clock, observe, longestPast: () => settings.stale }, sizes);
  }

  function keyOf({ keys: [newest] }: CacheSettings): Buffer {
    return newest === undefined ? ownKey : Buffer.from(newest.reveal(), 'base64');
  }
}

function sizesOf({ active, inactive }: CacheSettings): string {
  return [active.entries, active.bytes, inactive.entries, inactive.bytes].join();
}
