import type { Introspection } from './introspection.ts';
import type { EpochMilliseconds, EpochSeconds } from './quantity.ts';

/** Opaque name of a token under one question: a keyed digest, never the token nor a plain hash of it. */
export type CacheKey = string & { readonly __brand: 'cache-key' };

/** What is remembered. The kind is part of every key, so that other questions can share the cache later. */
export type CacheKind = 'introspection';

/** One remembered answer, the same in every tier. Times are of the wall clock. */
export interface CacheRecord {
  /** Of the record's format. */
  readonly version: 1;
  readonly introspection: Introspection;
  /** When the authorization server was asked. */
  readonly storedAt: EpochMilliseconds;
  /** From then on it may be refreshed ahead in the background; equal to `keepUntil` when it never is. */
  readonly softUntil: EpochMilliseconds;
  /** Not served after this moment: the smaller of the configured time and the token's own end. */
  readonly keepUntil: EpochMilliseconds;
  /** The token's `exp`, judged again on every hit. */
  readonly exp: EpochSeconds | null;
  /** Always 0: what is forgotten is told by marks, not by a count (docs/adr/0019). */
  readonly generation: number;
}
