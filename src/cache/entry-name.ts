import type { CacheKey, CacheKind } from '../domain/index.ts';

// The version of the whole entry is in its name, so that old and new replicas live side by side in one store.
const PREFIX = 'gatehouse:1';

/** Name of an entry in the shared store. */
export function entryName(kind: CacheKind, key: CacheKey): string {
  return `${PREFIX}:${kind}:${key}`;
}

/** Name of a document beside the answers. */
export function documentName(name: string): string {
  return `${PREFIX}:document:${name}`;
}

/** Name of the lock for who asks about a token. */
export function lockName(key: CacheKey): string {
  return `${PREFIX}:lock:${key}`;
}

/** A name under which nothing is ever stored: for asking whether the store answers. */
export const PROBE_NAME = `${PREFIX}:probe`;

/** What was forgotten: the entry that keeps it, and the channel on which it is told. */
export const MARKS_NAME = `${PREFIX}:marks`;
export const MARKS_CHANNEL = MARKS_NAME;
