import type { AnswerAge } from './answer-age.ts';
import type { CacheKey, CacheKind, CacheRecord } from './cache-record.ts';
import type { ClientContext } from './client.ts';
import type { Decision, Fault } from './decision.ts';
import type { HouseEvent } from './house-event.ts';
import type { Introspection } from './introspection.ts';
import type { EpochMilliseconds, Milliseconds, MonotonicMilliseconds } from './quantity.ts';
import type { DenyReason } from './reasons.ts';
import type { RequestContext } from './request-context.ts';
import type { Failed, Result, Success } from './result.ts';
import type { AccessToken } from './secret.ts';
import type { Soon } from './soon.ts';

export interface Clock {
  /** Wall clock, for dates that others wrote (`exp`, `nbf`). May step. */
  now(): EpochMilliseconds;
  /** For budgets and lifetimes. Never steps. */
  monotonic(): MonotonicMilliseconds;
}

export interface Randomness {
  /** Cryptographically strong. */
  bytes(length: number): Buffer;
  /** In [0, 1); for jitter only. */
  fraction(): number;
}

/** Addresses of a host name, as `dns.lookup` with `all: true` gives them. */
export type ResolveName = (hostname: string) => Promise<readonly ResolvedAddress[]>;

export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Tells telemetry. Never throws, never waits. */
export type Observe = (event: HouseEvent) => void;

/** Judges one request: the corridor. Never throws and never rejects. */
export type Check = (context: RequestContext) => Soon<Decision>;

/** Says which authorization server and which of our credentials go with a request. */
export interface ClientStore {
  /** `client` is the name the route gives, `null` where it names none. */
  get(client: string | null, context: RequestContext): Soon<Result<ClientContext, ClientRefusal>>;
  /** Calls back after every change with the contexts that are in force now. Returns the way to stop it. */
  onChange(listener: (clients: readonly ClientContext[]) => void): () => void;
}

/** `client_unknown` is `no_client` where the settings want a 404. */
type ClientDenial = Extract<DenyReason, 'no_client' | 'client_unknown' | 'token_of_no_client'>;

export type ClientRefusal =
  | { readonly kind: 'deny'; readonly reason: ClientDenial; readonly detail: string }
  | { readonly kind: 'fault'; readonly fault: Fault };

/**
 * One fixed question of RFC 7662: everything that is settled before the token is added. Kept and reused, so that
 * a known token costs no work on it.
 */
export interface Question {
  readonly client: ClientContext;
  /** Where it is asked. */
  readonly endpoint: string;
  /**
   * Unambiguous encoding of all that the answer may depend on besides the token (decision 3): kind, client name,
   * issuer, endpoint, our client id, kind of answer wanted, every parameter and header sent, facts of the request among them. No secret.
   */
  readonly identity: Buffer;
}

export interface Introspector {
  /**
   * Fixes the question for a client before the cache is asked. A value when metadata is known or not needed;
   * on first use a promise that settles when metadata was read or could not be. Throws an `UnusableRequestError`, never
   * as a rejection, when facts of the request are to be sent along that it cannot give.
   */
  prepare(client: ClientContext, context: RequestContext): Soon<Result<Question, Fault>>;
  /**
   * Asks. Settles within `introspection.timeout`; never rejects.
   * @param preference a token that was found active before goes before those that nobody knows. Left out: nobody does.
   */
  ask(
    question: Question,
    token: AccessToken,
    preference?: 'preferred' | 'usual',
  ): Promise<Result<Introspection, Fault>>;
}

/**
 * What is the token worth? From memory at once, otherwise by one shared enquiry, bounded by `context.waitUntil`.
 * `age` is what the rule says about the age of answers.
 */
export type Resolve = (
  client: ClientContext,
  token: AccessToken,
  context: RequestContext,
  age: AnswerAge,
) => Soon<Resolved>;

export type Resolved = KnownAnswer | Failed<Fault>;

export interface KnownAnswer extends Success<Introspection> {
  /** How long its time has been over: it is served because the server is out. Left out: it is not over. */
  readonly staleFor?: Milliseconds;
}

export type Recall = { readonly kind: 'hit'; readonly record: CacheRecord } | Miss;

export interface Miss {
  readonly kind: 'miss';
}

export const MISS: Miss = Object.freeze({ kind: 'miss' });

/** Two verbs, by kind. A store that fails is a miss; neither verb ever throws or rejects. */
export interface TokenCache {
  /**
   * @param formerName the name of the same under the key before the newest one. Asked for only by a tier that outlives
   * the process, and only when nothing is found under `key`.
   */
  get(kind: CacheKind, key: CacheKey, formerName?: () => CacheKey | null): Soon<Recall>;
  put(kind: CacheKind, key: CacheKey, record: CacheRecord): Soon<void>;
}

/** The tier in this process: always answers at once. */
export interface MemoryCache extends TokenCache {
  get(kind: CacheKind, key: CacheKey): MemoryHit | Miss;
  /** An active answer whose time is over and whose token is not; `null`: none, or it is longer over than any route allows. */
  getPast(kind: CacheKind, key: CacheKey): PastAnswer | null;
  /**
   * Does nothing when a newer answer is known.
   * @param owner whose share of the memory it counts against: the name of the client.
   */
  put(kind: CacheKind, key: CacheKey, record: CacheRecord, owner?: string): void;
  /** Whatever was kept is known to be over. */
  forget(kind: CacheKind, key: CacheKey): void;
}

export interface PastAnswer {
  readonly record: CacheRecord;
  /** How long its time has been over. */
  readonly pastFor: Milliseconds;
  /** As of a hit. */
  readonly seen: number;
}

/** The same object each time, so that a known token makes nothing new. */
export interface MemoryHit {
  readonly kind: 'hit';
  readonly record: CacheRecord;
  /** When the server was asked, by the clock that does not step. */
  readonly askedAt: MonotonicMilliseconds;
  /** Hits so far. */
  uses: number;
  /** How many things had been forgotten when it was last made sure that it is not one of them. */
  seen: number;
  /** From then on it may be refreshed ahead; `Infinity`: never. Whoever does sets when it may be tried again. */
  refreshAt: number;
}

/** Names tokens for the caches. */
export interface NameKeys {
  /** HMAC-SHA-256 over length-prefixed (identity, token) under this deployment's naming key. */
  name(kind: CacheKind, identity: Buffer, token: AccessToken): CacheKey;
  /** The same under the key before the newest one, while entries under it may still live; `null`: there is none. */
  formerName?(kind: CacheKind, identity: Buffer, token: AccessToken): CacheKey | null;
}

/** Seals what leaves the process for a shared store: AES-256-GCM, the entry's name bound in. */
export interface Seal {
  seal(name: string, plain: Buffer): Buffer;
  /** `null` when it was not sealed by this deployment under this very name. */
  open(name: string, sealed: Buffer): Buffer | null;
}
