import type {
  AllowDecision,
  Answer,
  Door,
  HeaderField,
  Milliseconds,
  Refusal,
  RequestContext,
  Result,
} from '../../domain/index.ts';
import type { Fields } from './request-headers.ts';

/**
 * How one kind of front asks, and what it understands. A new front is one file in `profiles/`.
 *
 * Which profile a port speaks is a setting, never guessed from a header: a fallback from one header to another
 * is a bypass (CVE-2026-40575).
 */
export interface Profile {
  readonly door: Door;
  /** How long an idle connection is kept: longer than the front keeps it, so that it is never closed under a check. */
  readonly idle: Milliseconds;
  /** Fields that are not the client's: put there by the front for us, or about the connection between the two. */
  readonly hidden: ReadonlySet<string>;
  /** Whether the last entry of X-Forwarded-For is this front's; otherwise all of it is the client's word. */
  readonly tellsClientAddress: boolean;
  /** The request that is asked about, or the refusal when the front did not say. */
  decode(subrequest: Subrequest): Result<OriginalRequest, Refusal>;
  /** The longest wait that this front itself sets for a check; `null` when it sets none. Can only shorten. */
  longestWait(fields: Fields, margin: Milliseconds): Milliseconds | null;
  /**
   * An allow in this front's terms, or the refusal that takes its place when the front could not carry it out whole.
   *
   * @param authorization the lines of the client's Authorization, for fronts that keep it only when they are told it;
   *   none when left out.
   */
  admit(decision: AllowDecision, authorization?: readonly string[]): Result<AllowReply, Refusal>;
  /** A refusal in this front's terms; folds the statuses it does not understand. */
  refuse(refusal: Refusal, answer: Answer): RefusalReply;
}

/** A check as it came off the wire. */
export interface Subrequest {
  readonly method: string;
  /** The request target as sent. */
  readonly target: string;
  readonly fields: Fields;
}

/** Byte strings as sent. */
export type OriginalRequest = Pick<RequestContext, 'method' | 'path' | 'host' | 'scheme'>;

export type Reply = AllowReply | RefusalReply;

/** The only reply with a 2xx status, and it is made of an allow alone. Has no body: NGINX would drop the connection over one. */
export interface AllowReply {
  readonly status: 200;
  /** Without `content-length`, which the writer adds. */
  readonly headers: readonly HeaderField[];
  readonly body: '';
}

export interface RefusalReply {
  readonly status: Answer['status'];
  readonly headers: readonly HeaderField[];
  readonly body: string;
}
