import { type EpochMilliseconds, epochMilliseconds } from '../domain/index.ts';

/** Asking ahead for an answer that is kept shorter than this would be asking twice. */
const LEAST_LIFE_MS = 10_000;
const EARLIEST = 0.75;
const LATEST = 0.9;

/**
 * From when on an answer may be refreshed ahead: within the last quarter of its life, spread over a part of that, so
 * that tokens which were first seen together are not asked about together.
 */
export function softTime(
  storedAt: EpochMilliseconds,
  keepUntil: EpochMilliseconds,
  fraction: number,
): EpochMilliseconds {
  const lifeMs = keepUntil - storedAt;
  if (lifeMs < LEAST_LIFE_MS) return keepUntil;
  return epochMilliseconds(Math.floor(storedAt + lifeMs * (EARLIEST + (LATEST - EARLIEST) * fraction)));
}
