/**
 * The tier that replicas share, over any Keyv store.
 *
 * In: records of answers. Out: the same record, or a miss.
 * Never: a rejection, a wait beyond the timeout, an entry without an end, a token or a readable answer in the
 * store, a value believed that this deployment did not seal under this very name (T-39), an answer older than one
 * that this process knows (T-32).
 */
import {
  type CacheKey,
  type CacheKind,
  type CacheRecord,
  type HouseEvent,
  type JsonObject,
  type Milliseconds,
  milliseconds,
  MISS,
  monotonicMilliseconds,
  type MonotonicMilliseconds,
  type Recall,
  type Seal,
  type TokenCache,
} from '../domain/index.ts';
import { entryName } from './entry-name.ts';
import { createNewestKnown } from './newest-known.ts';
import type { LongestAge, ReadIntrospection } from './record-text.ts';
import { createSealedEntries, type EntryFailure } from './sealed-entries.ts';
import { createStoreCalls, type StoreCalls, type StoreCallsParts } from './store-calls.ts';
import { timeToLive } from './time-to-live.ts';

export interface SharedCacheParts extends StoreCallsParts {
  readonly seal: Seal;
  /** Opens what was sealed under the key before; `null`: there is none. */
  readonly formerSeal?: Seal | null;
  readonly readIntrospection: ReadIntrospection;
}

export interface SharedCacheSettings {
  /** Of one lookup, and of one call to write. */
  readonly timeout: Milliseconds;
  /** `cache.active.max` and `cache.inactive.max`. */
  readonly maxAge: LongestAge;
}

export interface SharedCache extends TokenCache {
  /** @param formerName the name under the key before, made only when nothing is found under the name itself. */
  get(kind: CacheKind, key: CacheKey, formerName?: () => CacheKey | null): Promise<Recall>;
  /** Inactive answers too: whether one is worth a place in the store is for the caller to say. */
  put(kind: CacheKind, key: CacheKey, record: CacheRecord): Promise<void>;
  /** Tells of an answer that this process has, so that an older one in the store is not believed. */
  note(key: CacheKey, record: CacheRecord): void;
  /** For further calls of the same store, which then stops being called for all together. */
  readonly calls: Pick<StoreCalls, 'ask'>;
  /** For the operator's status page. */
  status(): JsonObject;
  /** The store has stopped answering, and is left alone until it answers again. */
  readonly isResting: boolean;
}

type Operation = Extract<HouseEvent, { event: 'cache_failed' }>['operation'];

export function createSharedCache(parts: SharedCacheParts, settings: SharedCacheSettings): SharedCache {
  const { store, seal, formerSeal = null, clock, observe, readIntrospection } = parts;
  const { timeout, maxAge } = settings;
  const calls = createStoreCalls(parts, { timeout });
  const entries = createSealedEntries({ store, calls, clock, readIntrospection }, maxAge);
  const newest = createNewestKnown(clock, maxAge.active);

  return {
    get,
    put: (kind, key, record) => share(kind, key, record).catch(() => failed('put', 'error')),
    note: (key, record) => newest.note(key, record),
    calls,
    status: () => ({ state: calls.isResting ? 'resting' : 'in use' }),
    get isResting() {
      return calls.isResting;
    },
  };

  async function get(
    kind: CacheKind,
    key: CacheKey,
    formerName: () => CacheKey | null = () => null,
  ): Promise<Recall> {
    const recall = await recallOf(kind, key, formerName).catch(() => missBecause('error'));
    const outcome = recall.kind === 'hit' ? recall.record.introspection.kind : 'miss';
    observe({ event: 'cache_looked_up', tier: 'shared', outcome });
    return recall;
  }

  async function recallOf(
    kind: CacheKind,
    key: CacheKey,
    formerName: () => CacheKey | null,
  ): Promise<Recall> {
    const until = soon();
    const found = await entries.read(entryName(kind, key), seal, until);
    if (!found.ok) return missBecause(found.failure);
    if (found.value !== null) return unlessOlder(key, found.value);

    const former = formerSeal === null ? null : formerName();
    if (formerSeal === null || former === null) return MISS;
    const before = await entries.read(entryName(kind, former), formerSeal, until);
    if (!before.ok) return missBecause(before.failure);
    return before.value === null ? MISS : unlessOlder(key, before.value);
  }

  function unlessOlder(key: CacheKey, record: CacheRecord): Recall {
    return newest.isOlder(key, record) ? missBecause('outdated') : { kind: 'hit', record };
  }

  async function share(kind: CacheKind, key: CacheKey, record: CacheRecord): Promise<void> {
    // At least for a moment, so that an entry that is over takes the place of one that is no longer true.
    const longest = milliseconds(Math.max(1, maxAge[record.introspection.kind]));
    const keepFor = timeToLive(record, clock.now(), longest);
    if (keepFor === null || newest.isOlder(key, record)) return;
    newest.note(key, record);
    const written = await entries.write(entryName(kind, key), seal, { record, keepFor }, soon());
    if (written.ok) newest.settle(key, record);
    else failed('put', written.failure);
  }

  function soon(): MonotonicMilliseconds {
    return monotonicMilliseconds(clock.monotonic() + timeout);
  }

  function missBecause(cause: EntryFailure): Recall {
    failed('get', cause);
    return MISS;
  }

  function failed(operation: Operation, cause: EntryFailure): void {
    observe({ event: 'cache_failed', operation, cause });
  }
}
