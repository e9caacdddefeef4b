import type { CacheRecord, EpochMilliseconds } from '../domain/index.ts';

/**
 * Whether the token has run out since the record was made (RFC 7662 section 4: not served beyond `exp`).
 * An answer about a token that had run out *before* is kept for its short time, so that it is judged and denied
 * without another enquiry.
 */
export function hasOutlivedToken(record: CacheRecord, now: EpochMilliseconds): boolean {
  if (record.exp === null) return false;
  const endsAt = record.exp * 1000;
  return now >= endsAt && record.storedAt < endsAt;
}
