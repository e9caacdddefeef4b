/**
 * The tier that replicas share, over any Keyv store.
 *
 * In: records of active answers. Out: the same record, or a miss.
 * Never: a rejection, a wait beyond the timeout, an entry without an end, a token or a readable answer in the
 * store, a value believed that this deployment did not seal under this very name (T-39).
 */
import type { Keyv } from 'keyv';
import { createBreaker, withinBudget } from '../bounds/index.ts';
import {
  type CacheKey,
  type CacheKind,
  type CacheRecord,
  type Clock,
  fail,
  type HouseEvent,
  type JsonObject,
  type Milliseconds,
  milliseconds,
  MISS,
  monotonicMilliseconds,
  type Observe,
  type Recall,
  type Result,
  type Seal,
  succeed,
  type TokenCache,
} from '../domain/index.ts';
import { entryName, PROBE_NAME } from './entry-name.ts';
import { encodeRecord, type ReadIntrospection, readRecord } from './record-text.ts';
import { type StoreFailure, storeFailureOf } from './store-failure.ts';
import { timeToLive } from './time-to-live.ts';

export interface SharedCacheParts {
  /** As `openKeyv` makes it. */
  readonly store: Keyv<string>;
  readonly seal: Seal;
  readonly clock: Clock;
  readonly observe: Observe;
  readonly readIntrospection: ReadIntrospection;
}

export interface SharedCacheSettings {
  /** Of one call. */
  readonly timeout: Milliseconds;
  /** How old an active answer may become: `cache.active.max`. */
  readonly maxAge: Milliseconds;
}

export interface SharedCache extends TokenCache {
  get(kind: CacheKind, key: CacheKey): Promise<Recall>;
  put(kind: CacheKind, key: CacheKey, record: CacheRecord): Promise<void>;
  /** For the operator's status page. */
  status(): JsonObject;
}

type Operation = Extract<HouseEvent, { event: 'cache_failed' }>['operation'];
type FailureCause = Extract<HouseEvent, { event: 'cache_failed' }>['cause'];

/** Of a sealed value as text. An answer of 64 KiB, the default bound, takes less than half of it. */
const LONGEST_VALUE = 256 * 1024;

// Longer than the silence after which the Redis store cuts its connection, so that a dead one falls silent,
// is cut and is made anew, instead of being kept alive by our questions.
const PROBE_PAUSES = { firstPause: milliseconds(100), longestPause: milliseconds(3_000) };

export function createSharedCache(parts: SharedCacheParts, settings: SharedCacheSettings): SharedCache {
  const { store, seal, clock, observe, readIntrospection } = parts;
  const breaker = createBreaker({ probe: storeAnswers }, PROBE_PAUSES);

  return {
    get,
    // What is left to go wrong is an answer nested too deep to be written down.
    put: (kind, key, record) => share(kind, key, record).catch(() => failed('put', 'error')),
    status: () => ({ state: breaker.isOpen ? 'resting' : 'in use' }),
  };

  async function get(kind: CacheKind, key: CacheKey): Promise<Recall> {
    const recall = await recallFrom(entryName(kind, key)).catch(() => missBecause('get', 'error'));
    observe({
      event: 'cache_looked_up',
      tier: 'shared',
      outcome: recall.kind === 'hit' ? recall.record.introspection.kind : 'miss',
    });
    return recall;
  }

  async function recallFrom(name: string): Promise<Recall> {
    const found = await ask(() => store.get(name));
    if (!found.ok) return missBecause('get', found.failure);
    if (found.value === undefined) return MISS;

    const opened = openValue(name, found.value);
    return opened.ok ? { kind: 'hit', record: opened.value } : missBecause('get', opened.failure);
  }

  function openValue(name: string, value: unknown): Result<CacheRecord, FailureCause> {
    if (typeof value !== 'string') return fail('unsealable');
    if (value.length > LONGEST_VALUE) return fail('oversized');
    const plain = seal.open(name, Buffer.from(value, 'base64'));
    if (plain === null) return fail('unsealable');
    return readRecord(plain, readIntrospection, { now: clock.now(), maxAge: settings.maxAge });
  }

  async function share(kind: CacheKind, key: CacheKey, record: CacheRecord): Promise<void> {
    // Bad tokens stay in memory: whoever invents them must not fill the store that the replicas share.
    if (record.introspection.kind !== 'active') return;
    const ttl = timeToLive(record, clock.now(), settings.maxAge);
    if (ttl === null) return;

    const name = entryName(kind, key);
    const value = seal.seal(name, encodeRecord(record, record.introspection.claims)).toString('base64');
    if (value.length > LONGEST_VALUE) {
      failed('put', 'oversized');
      return;
    }
    const stored = await ask(() => store.set(name, value, ttl));
    if (!stored.ok) failed('put', stored.failure);
    else if (!stored.value) failed('put', 'error');
  }

  /** One call of the store, bounded and never rejecting. */
  async function ask<Value>(call: () => Promise<Value>): Promise<Result<Value, StoreFailure | 'timeout'>> {
    if (breaker.isOpen) return fail('unavailable');
    const outcome = await withinTimeout(breaker.whileClosed(settled(call), fail<'timeout'>('timeout')));
    if (!outcome.ok) {
      breaker.trip();
      return fail('timeout');
    }
    return outcome.value;
  }

  /** The breaker's own question. An error is an answer, too: it costs nobody any time. */
  async function storeAnswers(): Promise<boolean> {
    const outcome = await withinTimeout(settled(() => store.get(PROBE_NAME)));
    return outcome.ok;
  }

  function withinTimeout<Value>(task: Promise<Value>): Promise<Result<Value, 'elapsed'>> {
    return withinBudget(task, monotonicMilliseconds(clock.monotonic() + settings.timeout), clock);
  }

  function missBecause(operation: Operation, cause: FailureCause): Recall {
    failed(operation, cause);
    return MISS;
  }

  function failed(operation: Operation, cause: FailureCause): void {
    observe({ event: 'cache_failed', operation, cause });
  }
}

async function settled<Value>(call: () => Promise<Value>): Promise<Result<Value, StoreFailure | 'timeout'>> {
  try {
    return succeed(await call());
  } catch (cause) {
    return fail(storeFailureOf(cause));
  }
}
