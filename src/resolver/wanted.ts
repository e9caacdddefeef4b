import type {
  AccessToken,
  AnswerAge,
  CacheKey,
  CacheRecord,
  Fault,
  Introspection,
  MonotonicMilliseconds,
  Question,
  Result,
} from '../domain/index.ts';

export type Answer = Result<Introspection, Fault>;

/** An answer that is wanted and not at hand. */
export interface Wanted {
  readonly question: Question;
  readonly token: AccessToken;
  readonly key: CacheKey;
  readonly age: AnswerAge;
  /** When the caller gives up. */
  readonly waitUntil: MonotonicMilliseconds;
  /** Address of the client; `null`: nobody knows it. */
  readonly address: string | null;
  /** What memory holds, too old for this request or about to be; `null`: nothing. */
  readonly known: CacheRecord | null;
}

/** What came of an enquiry. */
export interface Outcome {
  readonly answer: Answer;
  /** `store`: another replica had asked before. `null`: nobody answered. */
  readonly from: 'server' | 'store' | null;
  /** When the server was asked. */
  readonly askedAt: MonotonicMilliseconds;
}
