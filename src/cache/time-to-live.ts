import {
  type CacheRecord,
  type EpochMilliseconds,
  type Milliseconds,
  milliseconds,
} from '../domain/index.ts';

/**
 * How long a store is told to keep a record: a whole number of milliseconds, at least 1, never past the token's
 * end. `null`: not at all. Keyv takes 0, and Redis stores take no number, for "for ever".
 */
export function timeToLive(
  record: CacheRecord,
  now: EpochMilliseconds,
  maxAge: Milliseconds,
): Milliseconds | null {
  const tokenEndsAt = record.exp === null ? Infinity : record.exp * 1000;
  const leftMs = Math.floor(Math.min(record.keepUntil - now, tokenEndsAt - now, maxAge));
  return Number.isSafeInteger(leftMs) && leftMs >= 1 ? milliseconds(leftMs) : null;
}
