import {
  type CacheRecord,
  type Clock,
  epochMilliseconds,
  type Introspection,
  type MonotonicMilliseconds,
} from '../domain/index.ts';
import { type CacheLimits, keepFor } from './keep-for.ts';

/**
 * What is remembered of an answer; `null` when nothing is.
 *
 * @param askedAt the answer is as old as its question: it may have been true only when that arrived.
 */
export function recordOf(
  introspection: Introspection,
  askedAt: MonotonicMilliseconds,
  clock: Clock,
  limits: CacheLimits,
): CacheRecord | null {
  const now = clock.now();
  // Counted back on the steady clock, since the wall clock may have been set while we waited.
  const storedAt = epochMilliseconds(Math.floor(now - (clock.monotonic() - askedAt)));
  const keepUntil = epochMilliseconds(Math.floor(storedAt + keepFor(introspection, storedAt, limits)));
  if (keepUntil <= now) return null;

  const exp = introspection.kind === 'active' ? introspection.expiresAt : null;
  return { version: 1, introspection, storedAt, softUntil: keepUntil, keepUntil, exp, generation: 0 };
}
