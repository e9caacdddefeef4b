/**
 * A cache record as the bytes that are sealed for the shared store, and back.
 *
 * In: a record, or bytes that this deployment sealed at some time. Out: the other.
 * Never: a record that was not read anew as an answer, or that lives longer than this process would keep it.
 */
import {
  type CacheRecord,
  type EpochMilliseconds,
  epochMilliseconds,
  fail,
  type Introspection,
  isJsonObject,
  type Json,
  type JsonObject,
  type Milliseconds,
  type Result,
  succeed,
} from '../domain/index.ts';
import { parseOwnJson } from './parse-own-json.ts';

/** Reads the members of an answer strictly (RFC 7662 section 2.2). */
export type ReadIntrospection = (claims: Json) => Result<Introspection, string>;

export interface ReadingLimits {
  readonly now: EpochMilliseconds;
  readonly maxAge: LongestAge;
}

/** How old an answer may become, whatever its record says. */
export interface LongestAge {
  readonly active: Milliseconds;
  readonly inactive: Milliseconds;
}

const VERSION = 1;
/** How far the clock of another replica may be ahead of ours. */
const CLOCK_SKEW_MS = 5_000;

/** `claims` holds the whole answer; everything else about it is read from there again. */
export function encodeRecord(record: CacheRecord): Buffer {
  const { introspection, storedAt, softUntil, keepUntil, generation } = record;
  const claims = introspection.kind === 'active' ? introspection.claims : INACTIVE_CLAIMS;
  return Buffer.from(
    JSON.stringify({ version: VERSION, storedAt, softUntil, keepUntil, generation, claims }),
  );
}

const INACTIVE_CLAIMS: JsonObject = { active: false };

/** `outdated`: of another version, past its time, or from a future that no skew explains. */
export function readRecord(
  plain: Buffer,
  readIntrospection: ReadIntrospection,
  { now, maxAge }: ReadingLimits,
): Result<CacheRecord, 'outdated'> {
  const stored = parseOwnJson(plain.toString('utf8'));
  if (!isJsonObject(stored) || stored['version'] !== VERSION) return fail('outdated');
  const { storedAt, softUntil, keepUntil, generation, claims } = stored;
  if (!isWhole(storedAt) || !isWhole(softUntil) || !isWhole(keepUntil) || !isWhole(generation)) {
    return fail('outdated');
  }
  if (claims === undefined || storedAt > now + CLOCK_SKEW_MS) return fail('outdated');

  const introspection = readIntrospection(claims);
  if (!introspection.ok) return fail('outdated');

  const ageMs = maxAge[introspection.value.kind];
  const endsAt = Math.min(keepUntil, storedAt + ageMs, now + ageMs);
  const record: CacheRecord = {
    version: VERSION,
    introspection: introspection.value,
    storedAt: epochMilliseconds(storedAt),
    softUntil: epochMilliseconds(Math.min(softUntil, endsAt)),
    keepUntil: epochMilliseconds(endsAt),
    exp: introspection.value.kind === 'active' ? introspection.value.expiresAt : null,
    generation,
  };
  const isTokenOver = record.exp !== null && record.exp * 1000 <= now;
  return endsAt <= now || isTokenOver ? fail('outdated') : succeed(record);
}

function isWhole(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value);
}
