import type { Turns } from '../bounds/index.ts';
import type { Clock, DocumentShelf, Observe, ProxyFor, Randomness, ResolveName } from '../domain/index.ts';

export interface IntrospectorParts {
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly observe: Observe;
  readonly resolveName: ResolveName;
  /** The way out that the environment names. Left out: none. */
  readonly proxyFor?: ProxyFor;
  /** Where copies of metadata documents are kept, read at every fetch; `null`: nowhere. Left out: nowhere. */
  readonly documents?: () => DocumentShelf | null;
  /** Metadata documents that are fetched at once, over all clients; read at every fetch. */
  readonly discoveriesAtOnce: () => number;
}

/** What the parts of all clients share. */
export interface EnquirerParts extends IntrospectorParts {
  readonly discoveries: Turns;
}
