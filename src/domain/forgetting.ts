import type { ClientContext } from './client.ts';
import type { Introspection } from './introspection.ts';
import type { EpochMilliseconds, Milliseconds } from './quantity.ts';
import type { Result } from './result.ts';
import type { AccessToken } from './secret.ts';

/** What is to be forgotten. Every condition that is given must hold; with none it is everything. `null`: not asked. */
export interface Matcher {
  /** Fingerprints of one token, one for each key of the deployment. */
  readonly fingerprints: readonly string[] | null;
  /** `jti` of the answer. */
  readonly tokenId: string | null;
  /** `sid` of the answer. */
  readonly session: string | null;
  /** `sub` of the answer. */
  readonly subject: string | null;
  /** `client_id` of the answer. */
  readonly clientId: string | null;
  /** `iss` of the answer, or the issuer of our client. */
  readonly issuer: string | null;
  /** Name of our client. */
  readonly tenant: string | null;
}

/** What an operator asks for. At most one of `token` and `fingerprint` is given. */
export interface ForgetRequest extends Omit<Matcher, 'fingerprints'> {
  readonly token: AccessToken | null;
  /** As log and audit lines print it. */
  readonly fingerprint: string | null;
}

/** @param by who asks, for the audit line. In force here when this is called; settles when the others were told, or cannot be now. */
export type Forget = (request: ForgetRequest, by: string) => Promise<ForgetOutcome>;

export type ForgetOutcome =
  | {
      readonly kind: 'forgotten';
      /** By which audit lines of other replicas name it. */
      readonly id: string;
      /** Answers from before do not count any more. */
      readonly before: EpochMilliseconds;
      /** Of the token. */
      readonly fingerprint: string | null;
      readonly told: ToldReplicas;
    }
  /** Too many things were forgotten of late: only everything can be. */
  | { readonly kind: 'full'; readonly most: number };

/** `later`: the store does not answer; it is told as soon as it does. `nobody`: there is no store, and so no replica. */
export type ToldReplicas = 'everybody' | 'later' | 'nobody';

/** An answer, and all that can be asked about it. */
export interface AnsweredToken {
  readonly introspection: Introspection;
  readonly client: ClientContext;
  readonly token: AccessToken;
}

/** What was forgotten: answers to questions that were put before do not count any more. */
export interface Forgotten {
  /** Rises with each thing that is forgotten; 0: nothing ever was. */
  readonly count: number;
  /**
   * Of an answer that this process has: whether it was forgotten.
   *
   * @param seen what `count` was when the question was put, or when the answer was last looked at with this.
   */
  covers(answer: AnsweredToken, seen: number): boolean;
  /**
   * Of an answer in the shared store: whether it was forgotten.
   *
   * @param storedAt when the question was put, by the clock of another replica.
   */
  coversStored(answer: AnsweredToken, storedAt: EpochMilliseconds): boolean;
}

/** Where nothing is ever forgotten. */
export const NOTHING_FORGOTTEN: Forgotten = Object.freeze({
  count: 0,
  covers: () => false,
  coversStored: () => false,
});

/** Where replicas tell each other what was forgotten. Texts are sealed: the board neither reads nor trusts them. */
export interface MarkBoard {
  /** Where it is, for people. */
  readonly place: string;
  /** Keeps texts for those who cannot hear, and tells those who can. */
  publish(texts: readonly string[], keepFor: Milliseconds): Promise<Result<null, BoardFailure>>;
  /**
   * What was kept since `since`, perhaps some from before; all of it for `null`. Sees to it, too, that `onText` calls back.
   */
  load(since: string | null): Promise<Result<BoardPage, BoardFailure>>;
  /** Calls back for every text that is told, our own among them. A board that cannot tell never does: it is looked at often. */
  onText(listener: (text: string) => void): void;
}

export interface BoardPage {
  readonly texts: readonly string[];
  /** For the next `load`. */
  readonly until: string | null;
  /** Whether this is all that is kept there. */
  readonly isWhole: boolean;
}

/** `unavailable`: nobody is there, or takes too long. `refused`: the store will not, as when an ACL forbids it. */
export type BoardFailure = 'unavailable' | 'refused';
