import { LRUCache } from 'lru-cache';
import type { CacheKey, CacheRecord, Clock, EpochMilliseconds, Milliseconds } from '../domain/index.ts';

/**
 * The answers that this process knows and that the shared store does not hold: while an older one may still lie there,
 * it must not come back once ours is over (T-32).
 */
export interface NewestKnown {
  note(key: CacheKey, record: CacheRecord): void;
  /** The store holds this one now. */
  settle(key: CacheKey, record: CacheRecord): void;
  isOlder(key: CacheKey, record: CacheRecord): boolean;
}

/** Of each kind: whoever invents tokens pushes out what is known of other bad ones, and nothing about good ones. */
const ENTRIES = 20_000;

interface Note {
  readonly storedAt: EpochMilliseconds;
  /** By the clock that does not step. */
  readonly until: number;
}

/** @param maxAge of an answer in the store: after so long there is no older one. */
export function createNewestKnown(clock: Clock, maxAge: Milliseconds): NewestKnown {
  const notes = {
    active: new LRUCache<CacheKey, Note>({ max: ENTRIES }),
    inactive: new LRUCache<CacheKey, Note>({ max: ENTRIES }),
  };

  return {
    note(key, record) {
      if (isOlder(key, record)) return;
      forget(key);
      notes[record.introspection.kind].set(key, {
        storedAt: record.storedAt,
        until: clock.monotonic() + maxAge,
      });
    },
    settle(key, record) {
      if (find(key)?.storedAt === record.storedAt) forget(key);
    },
    isOlder,
  };

  function isOlder(key: CacheKey, record: CacheRecord): boolean {
    const known = find(key);
    // Noted in the future: the wall clock was set back since, and says nothing about which came first.
    return known !== undefined && known.storedAt <= clock.now() && record.storedAt < known.storedAt;
  }

  function find(key: CacheKey): Note | undefined {
    const note = notes.inactive.get(key) ?? notes.active.get(key);
    if (note === undefined || clock.monotonic() < note.until) return note;
    forget(key);
    return undefined;
  }

  function forget(key: CacheKey): void {
    notes.active.delete(key);
    notes.inactive.delete(key);
  }
}
