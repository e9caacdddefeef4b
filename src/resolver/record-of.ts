import {
  type CacheRecord,
  type Clock,
  epochMilliseconds,
  type Introspection,
  type Milliseconds,
  type MonotonicMilliseconds,
  type Randomness,
} from '../domain/index.ts';
import { type CacheLimits, keepFor } from './keep-for.ts';
import { softTime } from './soft-time.ts';

export interface RecordParts {
  readonly clock: Clock;
  readonly randomness: Pick<Randomness, 'fraction'>;
}

export interface RecordSettings extends CacheLimits {
  /** Active answers are kept shorter by up to this much. */
  readonly jitter: Milliseconds;
  readonly refreshesAhead: boolean;
}

/**
 * What is remembered of an answer; `null` when nothing is.
 *
 * @param askedAt the answer is as old as its question: it may have been true only when that arrived.
 */
export function recordOf(
  introspection: Introspection,
  askedAt: MonotonicMilliseconds,
  { clock, randomness }: RecordParts,
  settings: RecordSettings,
): CacheRecord | null {
  const now = clock.now();
  // Counted back on the steady clock, since the wall clock may have been set while we waited.
  const storedAt = epochMilliseconds(Math.floor(now - (clock.monotonic() - askedAt)));
  const longestMs = keepFor(introspection, storedAt, settings);
  const isActive = introspection.kind === 'active';
  // At most by half, so that a short time stays one.
  const jitterMs = isActive ? Math.min(settings.jitter, longestMs / 2) * randomness.fraction() : 0;
  const keepUntil = epochMilliseconds(Math.floor(storedAt + longestMs - jitterMs));
  if (keepUntil <= now) return null;

  // An answer that ends with its token, or when it becomes valid, is not prolonged by asking before.
  const isProlonged = settings.refreshesAhead && isActive && longestMs === settings.active.max;
  const softUntil = isProlonged ? softTime(storedAt, keepUntil, randomness.fraction()) : keepUntil;
  const exp = isActive ? introspection.expiresAt : null;
  return { version: 1, introspection, storedAt, softUntil, keepUntil, exp, generation: 0 };
}
