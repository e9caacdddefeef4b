import { milliseconds, type Milliseconds } from './quantity.ts';

/** How old an answer may be on a route. */
export interface AnswerAge {
  /** The server must have been asked at most so long ago; 0: for this very request. `null`: what the cache allows. */
  readonly freshness: Milliseconds | null;
  /** How long an answer may outlive its cache time while the server is out, never past `exp`; 0: not at all. */
  readonly stale: Milliseconds;
}

/** Where a route says nothing. */
export const ANY_AGE: AnswerAge = Object.freeze({ freshness: null, stale: milliseconds(0) });
