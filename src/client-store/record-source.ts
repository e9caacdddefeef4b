import type { ClientContext, Milliseconds, RequestContext } from '../domain/index.ts';

/** Where records come from. `Version` is what the source needs to see that a record did not change. */
export interface RecordSource<Version> {
  /** Whether hosts of a family may share one record, which is then asked for as `_wildcard.<parent>`. */
  readonly hasFamilies: boolean;
  /** @param known the version that is in memory. Never rejects. */
  read(name: string, known: Version | null, look: Look): Promise<Reading<Version>>;
  /** Is given what to call when a record has changed; left out where nothing tells. */
  watch?(changed: (name: string) => void): void;
}

export interface Look {
  /** The request that made us look. */
  readonly request: RequestContext;
  /** Nobody waits for the reading any more. */
  readonly signal: AbortSignal;
}

export type Reading<Version> =
  | (Lasting & { readonly kind: 'read'; readonly client: ClientContext; readonly version: Version })
  | (Lasting & { readonly kind: 'unchanged'; readonly version: Version })
  | (Lasting & { readonly kind: 'missing' })
  | ReadingFailure;

interface Lasting {
  /** What the source says of how long this holds. Left out: nothing. */
  readonly freshFor?: Milliseconds;
}

export interface ReadingFailure {
  readonly kind: 'failed';
  /** What is wrong: this record, its seal, or everything, for the store cannot be asked. */
  readonly cause: 'unusable' | 'unsealed' | 'unavailable';
  /** Reads on after the name of the record; no secret. */
  readonly detail: string;
}

export const cannotUse = (detail: string): ReadingFailure => ({ kind: 'failed', cause: 'unusable', detail });
export const cannotAsk = (detail: string): ReadingFailure => ({
  kind: 'failed',
  cause: 'unavailable',
  detail,
});
