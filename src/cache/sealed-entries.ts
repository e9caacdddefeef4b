/**
 * Sealed records in a store that may lie.
 *
 * In: a record under the full name of its entry. Out: the same record; or that there is none; or that there is
 * something which is not to be believed, and why.
 * Never: a value believed that this deployment did not seal under this very name (T-39), an entry without an end.
 */
import type { Keyv } from 'keyv';
import {
  type CacheRecord,
  type Clock,
  fail,
  type Milliseconds,
  type MonotonicMilliseconds,
  type Result,
  type Seal,
  succeed,
} from '../domain/index.ts';
import { encodeRecord, type LongestAge, type ReadIntrospection, readRecord } from './record-text.ts';
import type { StoreCalls } from './store-calls.ts';
import type { StoreFailure } from './store-failure.ts';

export interface SealedEntriesParts {
  readonly store: Keyv<string>;
  readonly calls: StoreCalls;
  readonly clock: Pick<Clock, 'now'>;
  readonly readIntrospection: ReadIntrospection;
}

export type EntryFailure = StoreFailure | 'timeout' | 'unsealable' | 'outdated' | 'oversized';

export interface SealedEntries {
  /** `null`: there is nothing under this name. */
  read(
    name: string,
    seal: Seal,
    until: MonotonicMilliseconds,
  ): Promise<Result<CacheRecord | null, EntryFailure>>;
  /** @throws TypeError or RangeError for an answer that is nested too deep to be written down. */
  write(
    name: string,
    seal: Seal,
    entry: { readonly record: CacheRecord; readonly keepFor: Milliseconds },
    until: MonotonicMilliseconds,
  ): Promise<Result<null, EntryFailure>>;
}

/** Of a sealed value as text. An answer of 64 KiB, the default bound, takes less than half of it. */
const LONGEST_VALUE = 256 * 1024;

/** @param maxAge of answers, whatever their records say. */
export function createSealedEntries(
  { store, calls, clock, readIntrospection }: SealedEntriesParts,
  maxAge: LongestAge,
): SealedEntries {
  return {
    async read(name, seal, until) {
      const found = await calls.ask('get', () => store.get(name), until);
      if (!found.ok) return found;
      return found.value === undefined ? succeed(null) : open(name, found.value, seal);
    },

    async write(name, seal, { record, keepFor }, until) {
      const value = seal.seal(name, encodeRecord(record)).toString('base64');
      if (value.length > LONGEST_VALUE) return fail('oversized');
      const stored = await calls.ask('put', () => store.set(name, value, keepFor), until);
      if (!stored.ok) return stored;
      return stored.value ? succeed(null) : fail('error');
    },
  };

  function open(name: string, value: unknown, seal: Seal): Result<CacheRecord, EntryFailure> {
    if (typeof value !== 'string') return fail('unsealable');
    if (value.length > LONGEST_VALUE) return fail('oversized');
    const plain = seal.open(name, Buffer.from(value, 'base64'));
    if (plain === null) return fail('unsealable');
    return readRecord(plain, readIntrospection, { now: clock.now(), maxAge });
  }
}
