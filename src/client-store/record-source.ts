import type { ClientContext } from '../domain/index.ts';

/** Where records come from. `Version` is what the source needs to see that a record did not change. */
export interface RecordSource<Version> {
  /** @param known the version that is in memory. Never rejects. */
  read(name: string, known: Version | null): Promise<Reading<Version>>;
}

export type Reading<Version> =
  | { readonly kind: 'read'; readonly client: ClientContext; readonly version: Version }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'missing' }
  /** One sentence for the operator; no secret. */
  | { readonly kind: 'failed'; readonly detail: string };
