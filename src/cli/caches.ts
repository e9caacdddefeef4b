import {
  createDocumentShelf,
  createMemoryCache,
  createRedisLock,
  createSharedCache,
  NO_SHARED_CACHE,
  type SharedCache,
} from '../cache/index.ts';
import type { CacheSettings } from '../config/index.ts';
import {
  type AccessToken,
  type Clock,
  type DocumentShelf,
  type EnquiryLock,
  type JsonObject,
  type MemoryCache,
  type Milliseconds,
  milliseconds,
  MISS,
  type NameKeys,
  type Observe,
  type Randomness,
  type TokenCache,
} from '../domain/index.ts';
import { CLOCK_SKEW_MS, createEviction, type Eviction } from '../eviction/index.ts';
import { readIntrospection } from '../introspection/index.ts';
import { createKeyring, type Keyring } from '../sealing/index.ts';
import { boardOf, type SharedStore } from './shared-store.ts';

/** Both tiers and the keys that name and seal what is in them. */
export interface Caches {
  readonly memory: MemoryCache;
  readonly shared: TokenCache;
  readonly names: NameKeys;
  readonly eviction: Eviction;
  /** What log lines call a token. */
  fingerprintOf(token: AccessToken): string;
  /** Documents in the shared store; `null`: there is none. */
  readonly documents: DocumentShelf | null;
  /** Who asks about a token that many wait for; `null`: replicas do not agree on that. */
  readonly lock: EnquiryLock | null;
  /** Puts other sizes, times, keys, passwords or certificates in force. The place of the store needs a restart. */
  replace(settings: CacheSettings): void;
  stats(): ReturnType<ReturnType<typeof createMemoryCache>['stats']>;
  status(): JsonObject;
  /** Whether there is a shared tier; whether its store can be reached now; whether it has stopped answering. */
  readonly isShared: boolean;
  isConnected(): boolean;
  isResting(): boolean;
  close(): Promise<void>;
}

interface CacheParts {
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly observe: Observe;
  /** `null`: memory alone. */
  readonly store: SharedStore | null;
}

/** Of a store that code hands over, where the settings say nothing about it. */
const STANDARD_TIMEOUT = milliseconds(20);

export function openCaches(initial: CacheSettings, parts: CacheParts): Caches {
  const { clock, randomness, observe, store } = parts;
  // Without a key in the settings, names mean nothing outside this process, and nothing is sealed for outside it.
  const ownKey = randomness.bytes(32);

  let settings = initial;
  let keys = openKeys();
  const eviction = openEviction(parts, { keys: () => keys, settings: () => settings });
  let shared = openShared();
  let memory = openMemory();
  let tier = noting(memory);

  return {
    get memory() {
      return tier;
    },
    get shared() {
      return shared === null ? NO_SHARED_CACHE : unlessBehind(shared, { eviction, observe });
    },
    eviction,
    fingerprintOf: (token) => keys.fingerprintsOf(token)[0],
    get names() {
      return keys.names;
    },
    get documents() {
      return store === null ? null : createDocumentShelf({ store: store.store, ...keys, clock, observe });
    },
    get lock() {
      return lockOf(settings, shared, parts);
    },
    replace,
    stats: () => memory.stats(),
    status: () =>
      store === null
        ? { kind: 'none' }
        : { ...store.status(), use: { state: isResting() ? 'resting' : 'in use' } },
    isShared: store !== null,
    isConnected: () => store !== null && (store.isConnected() ?? !isResting()) && !eviction.isBehind,
    isResting,
    async close() {
      eviction.close();
      await store?.close();
    },
  };

  /** What did not change stays, and with it all that it remembers. */
  function replace(next: CacheSettings): void {
    const before = settings;
    settings = next;
    if (next.shared !== null) store?.renew(next.shared.store);
    const hasOtherKeys = keysOf(before) !== keysOf(next);
    const hasOtherTimes = before.active.max !== next.active.max || before.inactive.max !== next.inactive.max;
    if (hasOtherKeys) keys = openKeys();
    if (hasOtherKeys || hasOtherTimes) shared = openShared();
    // A lowered time counts for what is kept already, too.
    if (hasOtherTimes || sizesOf(before) !== sizesOf(next)) memory = openMemory();
    tier = noting(memory);
  }

  function openKeys(): Keyring {
    const [newest, former] = settings.keys;
    return createKeyring(
      {
        newest: newest === undefined ? ownKey : Buffer.from(newest.reveal(), 'base64'),
        former: former === undefined ? null : Buffer.from(former.reveal(), 'base64'),
        formerFor: settings.active.max,
      },
      clock,
    );
  }

  function openShared(): SharedCache | null {
    if (store === null) return null;
    const { seal, formerSeal } = keys;
    return createSharedCache(
      { store: store.store, ping: store.ping, seal, formerSeal, clock, observe, readIntrospection },
      {
        timeout: settings.shared?.timeout ?? STANDARD_TIMEOUT,
        maxAge: { active: settings.active.max, inactive: settings.inactive.max },
      },
    );
  }

  function openMemory() {
    return createMemoryCache(
      {
        clock,
        observe,
        longestPast: () => settings.stale,
        forgottenSoFar: () => eviction.forgotten.count,
      },
      settings,
    );
  }

  /** Whatever this process comes to know, the shared tier must not contradict with something older. */
  function noting(inner: MemoryCache): MemoryCache {
    const noted = shared;
    if (noted === null) return inner;
    return {
      ...inner,
      put(kind, key, record, ...rest) {
        noted.note(key, record);
        inner.put(kind, key, record, ...rest);
      },
    };
  }

  /** A store that cannot be read for what was forgotten is left alone, too. */
  function isResting(): boolean {
    const isLeftAlone = eviction.isBehind && store?.isConnected() !== false;
    return (shared?.isResting ?? false) || isLeftAlone;
  }
}

function lockOf(
  { shared: settings }: CacheSettings,
  shared: SharedCache | null,
  { store, clock, randomness }: CacheParts,
): EnquiryLock | null {
  const command = store?.command ?? null;
  if (settings === null || !settings.coalesce || shared === null || command === null) return null;
  return createRedisLock({ command, calls: shared.calls, clock, randomness }, settings);
}

/** Which keys there are, and in which order; for comparing alone. */
function keysOf({ keys }: CacheSettings): string {
  return keys.map((key) => key.reveal()).join();
}

function sizesOf({ active, inactive }: CacheSettings): string {
  return [active.entries, active.bytes, inactive.entries, inactive.bytes].join();
}

/** While something may have been forgotten that is not known here, what lies in the store is not believed. */
function unlessBehind(
  shared: SharedCache,
  { eviction, observe }: { readonly eviction: Pick<Eviction, 'isBehind'>; readonly observe: Observe },
): TokenCache {
  return {
    get(...asked) {
      if (!eviction.isBehind) return shared.get(...asked);
      observe({ event: 'cache_looked_up', tier: 'shared', outcome: 'miss' });
      return MISS;
    },
    put: (...kept) => shared.put(...kept),
  };
}

function openEviction(
  { clock, randomness, observe, store }: CacheParts,
  live: { readonly keys: () => Keyring; readonly settings: () => CacheSettings },
): Eviction {
  return createEviction({
    board: store === null ? null : boardOf(store, { clock }),
    fingerprintsOf: (token) => live.keys().fingerprintsOf(token),
    seals: () => live.keys().markSeals,
    lifetime: () => lifetimeOf(live.settings()),
    clock,
    randomness,
    observe,
  });
}

/**
 * How long an answer may live at the most, in any replica. Where others keep answers for longer than this one does, ten
 * minutes are a margin.
 */
function lifetimeOf({ active, inactive, stale }: CacheSettings): Milliseconds {
  const longestMs = Math.max(active.max, inactive.max, LEAST_LIFETIME_MS);
  return milliseconds(longestMs + stale + 2 * CLOCK_SKEW_MS);
}

const LEAST_LIFETIME_MS = 600_000;
